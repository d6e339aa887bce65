using FitCluster.Math.NegativeBinomial;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Nb;

/// <summary>Whose mixture weights there are.</summary>
internal enum NbWeights
{
    /// <summary>All datasets have the same.</summary>
    Shared,

    /// <summary>Each dataset has its own.</summary>
    Datasets,
}

/// <summary>The fields of the section "nb".</summary>
internal static class NbFields
{
    private const int Most = 1_000_000_000;

    // The model's own defaults; its genes and cells are decided with the data.
    private static readonly NbOptions D = new() { Genes = 1, Cells = 1 };

    public static readonly SpecField<NbOptimizer> Optimizer = new("optimizer", SpecTypes.Choice<NbOptimizer>(), D.Optimizer)
    {
        Help = "deterministic coordinate ascent (default), or the published stochastic gradients",
    };

    public static readonly SpecField<NbParametrization> Parametrization = new(
        "parametrization", SpecTypes.Choice<NbParametrization>("canonical", "mean_prob", "mean_odds", "mean_disp"), D.Parametrization)
    {
        Help = "which two quantities of NB(r, p) are parameters",
    };

    public static readonly SpecField<NbLink> Link = new("link", SpecTypes.Choice<NbLink>(), D.Link)
    {
        Help = "how a positive parameter follows from its unconstrained coordinate",
        Check = s => s.Get(Link!) == NbLink.Softplus && s.Get(Design!).Factors.Count > 0
            ? "must be exp with nb.design, whose effects add up on the log scale"
            : null,
    };

    public static readonly SpecField<bool> ZeroInflation = new("zeroInflation", SpecTypes.Flag, D.ZeroInflation)
    {
        Help = "whether genes have a gate, the probability of a structural zero",
    };

    public static readonly SpecField<NbCapture> Capture = new("capture", SpecTypes.Choice<NbCapture>(), D.Capture)
    {
        Help = "the share of a cell's molecules that are seen: 1 (none), a free parameter by cell, or anchored at its total",
    };

    public static readonly SpecField<NbCaptureTotal> CaptureTotal = new("captureTotal", NbCaptureTotal.Type, default)
    {
        Help = "the molecules of a cell, which capture is anchored at; total: the largest total of the data's cells",
        WithoutEffect = Anchored,
    };

    public static readonly SpecField<double> CaptureSd = new("captureSd", SpecTypes.Positive, D.CaptureSd)
    {
        Help = "the standard deviation of log capture about its anchor",
        WithoutEffect = Anchored,
    };

    public static readonly SpecField<NbOverdispersion> Overdispersion = new(
        "overdispersion", SpecTypes.Choice<NbOverdispersion>(), D.Overdispersion)
    {
        Help = "bnb: beta negative binomial, whose variance is 1 + omega times as large",
    };

    public static readonly SpecField<int> Components = new("components", SpecTypes.Count(1, 1000), D.Components)
    {
        Help = "components of the mixture of cells",
    };

    public static readonly SpecField<NbWeights?> Weights = new("weights", SpecTypes.Choice<NbWeights>().Optional(), null)
    {
        Help = "whose mixture weights there are",
        DefaultWords = "datasets where there are several, else shared",
        WithoutEffect = Mixture,
    };

    public static readonly SpecField<double> WeightConcentration = new("weightConcentration", SpecTypes.Positive, D.WeightConcentration)
    {
        Help = "the concentration of the weights' Dirichlet prior",
        WithoutEffect = Mixture,
    };

    public static readonly SpecField<string?> Labels = new(
        "labels", SpecTypes.Path("a table with the fields cell, label and, if wanted, confidence", "FILE").OrNone(), null)
    {
        Help = "soft labels: a cell's confidence is added to the log weight of its label's component",
        WithoutEffect = Mixture,
    };

    public static readonly SpecField<double> LabelConfidence = new("labelConfidence", SpecTypes.Positive, 3)
    {
        Help = "the confidence of labels that come without one",
        WithoutEffect = s => Mixture(s) ?? (s.Get(Labels) is null ? "has no effect without nb.labels: remove it" : null),
    };

    public static readonly SpecField<NbDesignSpec> Design = new("design", NbDesignSpec.Type, new NbDesignSpec())
    {
        Help = "factors of the log mean: a centre by gene and an effect of each factor's level",
    };

    public static readonly SpecField<IReadOnlyList<string>> Interactions = new("interactions", NbInteractions.Type, [])
    {
        Help = "interactions of factors, as donor:condition",
        WithoutEffect = s => s.Get(Design).Factors.Count > 1 ? null : "has no effect with fewer than two factors in nb.design: remove it",
        Check = s => NbInteractions.Problem(s.Get(Interactions!), s.Get(Design)),
    };

    public static readonly SpecField<NbPriorsSpec> Priors = new("priors", NbPriorsSpec.Type, new NbPriorsSpec())
    {
        Help = "the hierarchies",
        DefaultWords = "none; horseshoe for mean.datasets where there are several, and for overdispersion.genes with bnb",
    };

    public static readonly SpecField<int> MinimumCells = new("minimumCells", SpecTypes.Count(1, Most), 10)
    {
        Help = "the fewest cells that a dataset may have",
        IsIdentity = false,
    };

    public static readonly SpecField<double> Tolerance = new("tolerance", SpecTypes.Number(0, double.MaxValue), D.Tolerance)
    {
        StopName = "tolerance",
        Help = "the gain of the ELBO in a round, in nats, below which a fit has converged",
        DefaultWords = "by the size of the data",
        WithoutEffect = Default,
    };

    public static readonly SpecField<int> Starts = new("starts", SpecTypes.Count(1, 1000), D.Starts)
    {
        Help = "starts of a mixture, of which the best goes on",
        WithoutEffect = s => Default(s) ?? Mixture(s),
    };

    public static readonly SpecField<int> Steps = new("steps", SpecTypes.Count(1, Most), D.Steps)
    {
        Help = "the steps of Adam",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<double> LearningRate = new("learningRate", SpecTypes.Positive, D.LearningRate)
    {
        Help = "Adam's step size",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<int> BatchSize = new("batchSize", SpecTypes.Count(0, Most), D.BatchSize)
    {
        Help = "the cells of a minibatch; 0: all",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<bool> EarlyStopping = new("earlyStopping", SpecTypes.Flag, D.EarlyStopping)
    {
        Help = "stop when the averaged loss has not fallen by 1 for 500 steps, after 5,000",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<bool> RestoreBest = new("restoreBest", SpecTypes.Flag, D.RestoreBest)
    {
        Help = "end with the state of the lowest averaged loss",
        WithoutEffect = Reference,
    };

    /// <summary>The section.</summary>
    public static SpecTable Table { get; } = new(
        "nb", Optimizer, Parametrization, Link, ZeroInflation, Capture, CaptureTotal, CaptureSd, Overdispersion, Components, Weights,
        WeightConcentration, Labels, LabelConfidence, Design, Interactions, Priors, MinimumCells, Tolerance, Starts, Steps, LearningRate,
        BatchSize, EarlyStopping, RestoreBest);

    private static string? Anchored(SpecSection s) =>
        s.Get(Capture) == NbCapture.Anchored ? null : "has no effect without nb.capture: anchored: remove it";

    private static string? Mixture(SpecSection s) => s.Get(Components) > 1 ? null : "has no effect with nb.components: 1: remove it";

    private static string? Default(SpecSection s) =>
        s.Get(Optimizer) == NbOptimizer.Default ? null : "has no effect with nb.optimizer: reference: remove it";

    private static string? Reference(SpecSection s) =>
        s.Get(Optimizer) == NbOptimizer.Reference ? null : "has no effect with nb.optimizer: default: remove it";
}
