using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Ebmf;

/// <summary>The fields of the section "ebmf".</summary>
internal static class EbmfFields
{
    public static readonly SpecField<int?> MaxFactors = new("maxFactors", SpecTypes.Count(1, 100_000).Optional(), null)
    {
        Flag = "--factors",
        Symbol = "K",
        Help = "the most factors",
        DefaultWords = "50, at most the matrix's sides; as many as are given to start from; with from at least those of the fit",
        WithoutEffect = s => !s.Get(Greedy!) && s.Get(Init!).Init != EbmfInit.Svd
            ? "has no effect with ebmf.greedy: false and without init: svd: remove it" : null,
    };

    public static readonly SpecField<IReadOnlyList<PriorFamily>> LoadingsPrior = new(
        "loadingsPrior", EbmfFieldTypes.Families, [PriorFamily.PointNormal])
    {
        Flag = "--loadings-prior",
        Help = "the prior family of the loadings",
    };

    public static readonly SpecField<IReadOnlyList<PriorFamily>> FactorsPrior = new(
        "factorsPrior", EbmfFieldTypes.Families, [PriorFamily.PointNormal])
    {
        Flag = "--factors-prior",
        Help = "the prior family of the factors",
    };

    public static readonly SpecField<VarianceStructure> Variance = new(
        "variance", SpecTypes.Choice<VarianceStructure>(), VarianceStructure.Constant)
    {
        Flag = "--variance",
        Symbol = "KIND",
        Help = "the structure of the residual variance",
        Check = s => s.Get(Variance!) == VarianceStructure.Known && s.Get(StandardErrors!) is null
            ? "needs ebmf.standardErrors: a number or a file" : null,
    };

    public static readonly SpecField<StandardErrorsChoice?> StandardErrors = new("standardErrors", EbmfFieldTypes.StandardErrors, null)
    {
        Help = "known standard errors of the entries: the whole variance with variance: known, else a part or a floor of it",
    };

    public static readonly SpecField<bool> Greedy = new("greedy", SpecTypes.Flag, true)
    {
        Help = "add factors one by one, after the first block where there is one",
        Check = s => !s.Get(Greedy!) && s.Get(Init!).Init is EbmfInit.Automatic or EbmfInit.Block or EbmfInit.Power
                && s.Get(FixedFactors!).Count == 0
            ? "must be true with ebmf.init: automatic, block or power, which starts factors one by one: or use init: svd, " +
                "or init: fit with from"
            : null,
    };

    public static readonly SpecField<bool> Backfit = new("backfit", SpecTypes.Flag, true)
    {
        Help = "refine all factors together",
        Check = s => !s.Get(Greedy) && !s.Get(Backfit!) ? "must be true when ebmf.greedy is false: nothing would be fitted" : null,
    };

    public static readonly SpecField<bool> Nullcheck = new("nullcheck", SpecTypes.Flag, true)
    {
        Help = "remove factors that do not raise the ELBO",
    };

    public static readonly SpecField<bool> Extrapolate = new("extrapolate", SpecTypes.Flag, true)
    {
        Help = "extrapolate backfit sweeps",
        WithoutEffect = s => s.Get(Backfit) ? null : "has no effect without ebmf.backfit: remove one of them",
    };

    public static readonly SpecField<InitChoice> Init = new("init", EbmfFieldTypes.Init, new InitChoice(EbmfInit.Automatic, null))
    {
        Help = "how factors are started",
        DefaultWords = "automatic; with from fit",
    };

    public static readonly SpecField<IReadOnlyList<string>> FixedFactors = new("fixedFactors", EbmfFieldTypes.FixedFactors, [])
    {
        Help = "factors of which one side is fixed; NA in a file is free",
    };

    public static readonly SpecField<double?> Tolerance = new("tolerance", SpecTypes.Positive.Optional(), null)
    {
        StopName = "tolerance",
        Help = "the ELBO difference at which an iteration stops",
        DefaultWords = "rows x columns x sqrt(machine epsilon)",
    };

    public static readonly SpecField<int> MaxSweeps = new("maxSweeps", SpecTypes.Count(1, 1_000_000), 500)
    {
        Help = "the most sweeps of a backfit, and of one greedy factor",
    };

    /// <summary>All of them, in the order of the canonical form.</summary>
    public static SpecTable Table { get; } = new(
        "ebmf", MaxFactors, LoadingsPrior, FactorsPrior, Variance, StandardErrors, Greedy, Backfit, Nullcheck, Extrapolate, Init,
        FixedFactors, Tolerance, MaxSweeps);
}
