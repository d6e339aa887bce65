namespace FitCluster.Math.NegativeBinomial;

/// <summary>What in the options of a model contradicts itself: a hierarchy of what the model lacks, or two for the same
/// parameter.</summary>
internal static class NbOptionsCheck
{
    /// <summary>One sentence each.</summary>
    public static IReadOnlyList<string> Problems(NbOptions options)
    {
        var p = options.Priors;
        var isMeanDisp = options.Parametrization == NbParametrization.MeanDisp;
        var isBnb = options.Overdispersion == NbOverdispersion.Bnb;
        (bool IsWrong, string Problem)[] checks =
        [
            (options.Genes < 1 || options.Cells < 1, $"{options.Cells} cells and {options.Genes} genes are too few: at least 1 of each"),
            (options.Components < 1, $"{options.Components} components are too few: at least 1"),
            (options.Starts < 1, $"{options.Starts} starts are too few: at least 1"),
            (!(options.Tolerance >= 0), $"a tolerance of {options.Tolerance} is not 0 or positive"),
            (!(options.WeightConcentration > 0), $"a concentration of {options.WeightConcentration} of the weights is not positive"),
            (options.Capture == NbCapture.Anchored && !(options.CaptureSd > 0), $"a capture sd of {options.CaptureSd} is not positive"),
            (Is(p.MeanComponents) && options.Components == 1, "a hierarchy of means across components needs 2 components or more"),
            (Is(p.MeanComponents) && (Is(p.MeanDatasets) || options.Design.Count > 0),
                "means have a hierarchy across components or across datasets, not both"),
            (Is(p.MeanDatasets) && options.Design.Count > 0, "a design takes the place of the hierarchy of means across datasets"),
            (isMeanDisp && (Is(p.ProbabilityGenes) || Is(p.ProbabilityDatasets)),
                "mean_disp has no probability that a hierarchy could be of"),
            (!isMeanDisp && Is(p.DispersionDatasets), "a hierarchy of dispersions needs mean_disp"),
            (Is(p.ProbabilityGenes) && Is(p.ProbabilityDatasets) && p.ProbabilityMode != NbProbabilityMode.TwoLevel,
                "probabilities have a hierarchy across genes or across datasets, and both with two_level alone"),
            (p.ProbabilityMode == NbProbabilityMode.TwoLevel && !(Is(p.ProbabilityGenes) && Is(p.ProbabilityDatasets)),
                "two_level needs hierarchies of probabilities across genes and across datasets"),
            (!options.ZeroInflation && (Is(p.GateGenes) || Is(p.GateDatasets)), "a hierarchy of gates needs zero inflation"),
            (Is(p.GateGenes) && Is(p.GateDatasets), "gates have a hierarchy across genes or across datasets, not both"),
            (!isBnb && (Is(p.OverdispersionGenes) || Is(p.OverdispersionDatasets)),
                "a hierarchy of overdispersion needs overdispersion bnb"),
            (options.Design.Count > 0 && options.Link != NbLink.Exp,
                "effects of a design add up on the scale of logarithms: they need the exp link"),
            (options.Design.Any(f => f.Hierarchy.Family == NbFamily.Neg), "effects of a design are gaussian, horseshoe or fixed, not neg"),
        ];
        return [.. checks.Where(check => check.IsWrong).Select(check => check.Problem)];
    }

    private static bool Is(NbHierarchy hierarchy) => hierarchy.Family != NbFamily.None;
}
