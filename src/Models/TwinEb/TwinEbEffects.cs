using FitCluster.Math.TwinEb;
using FitCluster.Models.Spec;

namespace FitCluster.Models.TwinEb;

/// <summary>
/// When a field of twineb has no effect, in words that follow "it"; null where it has one. And what follows from several fields.
/// </summary>
internal static class TwinEbEffects
{
    /// <summary>The share of validation cells that holds.</summary>
    public static double Validation(SpecSection s) =>
        s.Get(TwinEbFields.ValidationShare) ?? (s.Get(TwinEbFields.Protocol) == SplitProtocol.Strong ? 0.2 : 0);

    /// <summary>The share of test cells that holds.</summary>
    public static double Tested(SpecSection s) => s.Get(TwinEbFields.TestShare) ?? (s.Get(TwinEbFields.TestZeros) ? 0.2 : 0.3);

    /// <summary>Whether any cell is held out.</summary>
    public static bool HoldsOut(SpecSection s) => HoldsOutRows(s) || Validation(s) > 0;

    /// <summary>Whether rows may be held out.</summary>
    public static bool HoldsOutRows(SpecSection s) =>
        s.Get(TwinEbFields.Split) is not null || s.Get(TwinEbFields.Protocol) == SplitProtocol.Strong;

    public static string? Reference(SpecSection s) => s.Get(TwinEbFields.Optimizer) == TwinEbOptimizer.Reference ? null
        : "has no effect with the default optimizer: remove it, or set twineb.optimizer: reference";

    public static string? Counts(SpecSection s) => s.Get(TwinEbFields.Likelihood) != TwinEbLikelihood.Gaussian ? null
        : "has no effect with twineb.likelihood: gaussian: remove it";

    public static string? Gaussian(SpecSection s) => s.Get(TwinEbFields.Likelihood) == TwinEbLikelihood.Gaussian ? null
        : $"has no effect with twineb.likelihood: {LikelihoodWords.Of(s.Get(TwinEbFields.Likelihood))}: remove it, or set " +
            "likelihood: gaussian";

    public static string? WithoutSplit(SpecSection s) => s.Get(TwinEbFields.Split) is null ? null
        : "has no effect with twineb.split, which says what is held out: remove one of them";

    public static string? Strong(SpecSection s) => WithoutSplit(s) ?? (s.Get(TwinEbFields.Protocol) == SplitProtocol.Strong ? null
        : "has no effect with twineb.protocol: plain: remove it, or set protocol: strong");

    public static string? WithoutZeros(SpecSection s) => !s.Get(TwinEbFields.TestZeros) ? null
        : "has no effect with twineb.testZeros, where every cell that is not tested trains: remove one of them";

    public static string? HeldOut(SpecSection s) => HoldsOut(s) ? null
        : "has no effect when nothing is held out: remove it, or give twineb.validationShare, protocol: strong or a split";

    public static string? HeldOutRow(SpecSection s) => HoldsOutRows(s) ? null
        : "has no effect when no row is held out: remove it, or set twineb.protocol: strong or a split";

    public static string? Learnt(SpecSection s) => s.Get(TwinEbFields.Prior) != TwinEbPrior.Fixed ? null
        : "has no effect with twineb.prior: fixed: remove it";

    public static string? Mixture(SpecSection s, TwinEbPrior side) =>
        s.Get(TwinEbFields.Prior) == TwinEbPrior.Twin || s.Get(TwinEbFields.Prior) == side ? null
        : $"has no effect with twineb.prior: {Prior(s)}, where that side has no mixture: remove it";

    /// <summary>A side's fixed prior holds where all are fixed, or where only the other side's is learnt.</summary>
    public static string? Fixed(SpecSection s, TwinEbPrior otherSide) =>
        s.Get(TwinEbFields.Prior) == TwinEbPrior.Fixed || s.Get(TwinEbFields.Prior) == otherSide ? null
            : $"has no effect with twineb.prior: {Prior(s)}, where that side's prior is learnt: remove it";

    private static string Prior(SpecSection s) => s.Get(TwinEbFields.Prior).ToString().ToLowerInvariant();
}
