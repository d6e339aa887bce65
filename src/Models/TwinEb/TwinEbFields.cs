using FitCluster.Math.TwinEb;
using FitCluster.Models.Spec;

namespace FitCluster.Models.TwinEb;

/// <summary>All fields of the section "twineb", in the order of the canonical form: what others depend on comes first.</summary>
internal static class TwinEbFields
{
    private const int Most = 1_000_000_000;

    public static IReadOnlyList<TwinEbField> All { get; } =
    [
        TwinEbField.Choice("likelihood", Always, ["poisson", "gaussian"], s => (int)s.Options.Likelihood, (s, v) => With(s, o => o with { Likelihood = (TwinEbLikelihood)v })),
        TwinEbField.Choice("prior", Always, ["twin", "rows", "columns", "single", "fixed"], s => (int)s.Options.Prior, (s, v) => With(s, o => o with { Prior = (TwinEbPrior)v })),
        TwinEbField.Choice("optimizer", Always, ["default", "reference"], s => IsReference(s) ? 1 : 0, (s, v) => With(s, o => o with { Optimizer = v == 1 ? TwinEbOptimizer.Reference : TwinEbOptimizer.Default })),
        new("split", Always, ReadSplit, (writer, forPeople, s) => writer.WriteString("split", forPeople || s.SplitPath is null ? s.SplitPath : "file")),
        TwinEbField.Choice("protocol", WithoutSplit, ["plain", "strong"], s => s.IsStrong ? 1 : 0, (s, v) => s with { IsStrong = v == 1 }),
        TwinEbField.Number("validationShare", WithoutSplit, 0, 0.9, s => s.Validation, (s, v) => s with { ValidationShare = v }),
        TwinEbField.Number("heldOutRows", Strong, 0.001, 0.9, s => s.HeldOutRows, (s, v) => s with { HeldOutRows = v }),
        TwinEbField.Flag("testZeros", Strong, s => s.TestZeros, (s, v) => s with { TestZeros = v }),
        TwinEbField.Number("testShare", Strong, 0.001, 0.9, s => s.Tested, (s, v) => s with { TestShare = v }),
        TwinEbField.Number("ignoredShare", s => Strong(s) ?? WithoutZeros(s), 0, 0.99, s => s.IgnoredShare, (s, v) => s with { IgnoredShare = v }),
        TwinEbField.Integer("splitSeed", s => WithoutSplit(s) ?? HeldOut(s), 0, long.MaxValue, s => (long?)s.SplitSeed, (s, v) => s with { SplitSeed = (ulong)v }),
        TwinEbField.Number("binarize", Poisson, 0, double.MaxValue, s => s.Binarize, (s, v) => s with { Binarize = v }),
        TwinEbField.Flag("standardize", Gaussian, s => s.Standardize, (s, v) => s with { Standardize = v }),
        TwinEbField.Integer("factors", Always, 1, 1024, s => s.Options.Factors, (s, v) => With(s, o => o with { Factors = (int)v })),
        TwinEbField.Integer("rowComponents", s => Mixture(s, TwinEbPrior.Rows), 1, 10_000, s => s.RowComponents, (s, v) => s with { RowComponents = (int)v }),
        TwinEbField.Integer("columnComponents", s => Mixture(s, TwinEbPrior.Columns), 1, 10_000, s => s.ColumnComponents, (s, v) => s with { ColumnComponents = (int)v }),
        TwinEbField.Integer("steps", Always, 1, Most, s => s.Options.Steps, (s, v) => With(s, o => o with { Steps = (int)v })),
        TwinEbField.Integer("projectionSteps", HeldOutRow, 1, Most, s => s.Options.ProjectionSteps, (s, v) => With(s, o => o with { ProjectionSteps = (int)v })),
        TwinEbField.Positive("tolerance", Always, s => s.Options.Tolerance, (s, v) => With(s, o => o with { Tolerance = v })),
        TwinEbField.Integer("restarts", Always, 1, 1000, s => s.Options.Restarts, (s, v) => With(s, o => o with { Restarts = (int)v })),
        TwinEbField.Integer("heldOutSamples", HeldOut, 1, 1_000_000, s => s.Options.HeldOutSamples, (s, v) => With(s, o => o with { HeldOutSamples = (int)v })),
        TwinEbField.Flag("heldOutSubtractsValue", s => Gaussian(s) ?? HeldOut(s), s => s.Options.HeldOutSubtractsValue, (s, v) => With(s, o => o with { HeldOutSubtractsValue = v })),
        TwinEbField.Flag("heldOutZeroSample", s => Poisson(s) ?? HeldOut(s), s => s.Options.HeldOutZeroSample, (s, v) => With(s, o => o with { HeldOutZeroSample = v })),
        TwinEbField.Positive("noiseSd", Gaussian, s => s.Options.NoiseSd, (s, v) => With(s, o => o with { NoiseSd = v })),
        TwinEbField.Positive("rowPriorShape", s => Poisson(s) ?? Fixed(s, TwinEbPrior.Columns), s => s.Options.RowPriorShape, (s, v) => With(s, o => o with { RowPriorShape = v })),
        TwinEbField.Positive("rowPriorRate", s => Poisson(s) ?? Fixed(s, TwinEbPrior.Columns), s => s.Options.RowPriorRate, (s, v) => With(s, o => o with { RowPriorRate = v })),
        TwinEbField.Positive("rowPriorScale", s => Gaussian(s) ?? Fixed(s, TwinEbPrior.Columns), s => s.Options.RowPriorScale, (s, v) => With(s, o => o with { RowPriorScale = v })),
        TwinEbField.Positive("columnPriorShape", s => Poisson(s) ?? Fixed(s, TwinEbPrior.Rows), s => s.Options.ColumnPriorShape, (s, v) => With(s, o => o with { ColumnPriorShape = v })),
        TwinEbField.Positive("columnPriorRate", s => Poisson(s) ?? Fixed(s, TwinEbPrior.Rows), s => s.Options.ColumnPriorRate, (s, v) => With(s, o => o with { ColumnPriorRate = v })),
        TwinEbField.Positive("columnPriorScale", s => Gaussian(s) ?? Fixed(s, TwinEbPrior.Rows), s => s.Options.ColumnPriorScale, (s, v) => With(s, o => o with { ColumnPriorScale = v })),
        TwinEbField.Integer("particles", Reference, 1, 1000, s => s.Options.Particles, (s, v) => With(s, o => o with { Particles = (int)v })),
        TwinEbField.Integer("batchSize", Reference, 1, Most, s => s.Options.BatchSize, (s, v) => With(s, o => o with { BatchSize = (int)v })),
        TwinEbField.Positive("rowLearningRate", Reference, s => s.Options.RowLearningRate, (s, v) => With(s, o => o with { RowLearningRate = v })),
        TwinEbField.Positive("columnLearningRate", Reference, s => s.Options.ColumnLearningRate, (s, v) => With(s, o => o with { ColumnLearningRate = v })),
        TwinEbField.Positive("mixtureLearningRate", s => Reference(s) ?? Learnt(s), s => s.Options.MixtureLearningRate, (s, v) => With(s, o => o with { MixtureLearningRate = v })),
        TwinEbField.Positive("clipNorm", Reference, s => s.Options.ClipNorm, (s, v) => With(s, o => o with { ClipNorm = v })),
        TwinEbField.Number("weightDecay", Reference, 0, 1, s => s.Options.WeightDecay, (s, v) => With(s, o => o with { WeightDecay = v })),
        TwinEbField.Number("plateauFactor", Reference, 1e-3, 1, s => s.Options.PlateauFactor, (s, v) => With(s, o => o with { PlateauFactor = v })),
        TwinEbField.Integer("plateauPatience", Reference, 0, Most, s => s.Options.PlateauPatience, (s, v) => With(s, o => o with { PlateauPatience = (int)v })),
        TwinEbField.Number("plateauThreshold", Reference, 0, 0.999, s => s.Options.PlateauThreshold, (s, v) => With(s, o => o with { PlateauThreshold = v })),
        TwinEbField.Integer("earlyStopEpochs", Reference, 1, Most, s => s.Options.EarlyStopEpochs, (s, v) => With(s, o => o with { EarlyStopEpochs = (int)v })),
        TwinEbField.Positive("earlyStopRise", Reference, s => s.Options.EarlyStopRise, (s, v) => With(s, o => o with { EarlyStopRise = v })),
        TwinEbField.Number("leastLearningRate", Reference, 0, 1, s => s.Options.LeastLearningRate, (s, v) => With(s, o => o with { LeastLearningRate = v })),
        TwinEbField.Number("divergenceFactor", Reference, 1.001, double.MaxValue, s => s.Options.DivergenceFactor, (s, v) => With(s, o => o with { DivergenceFactor = v })),
        TwinEbField.Integer("retries", Reference, 0, 1000, s => s.Options.Retries, (s, v) => With(s, o => o with { Retries = (int)v })),
        TwinEbField.Flag("restoreBest", Reference, s => s.Options.RestoreBest, (s, v) => With(s, o => o with { RestoreBest = v })),
        TwinEbField.Integer("localSteps", Reference, 1, Most, s => s.Options.LocalSteps, (s, v) => With(s, o => o with { LocalSteps = (int)v })),
    ];

    private static TwinEbSpec With(TwinEbSpec spec, Func<TwinEbOptions, TwinEbOptions> change) => spec with { Options = change(spec.Options) };

    private static bool IsReference(TwinEbSpec spec) => spec.Options.Optimizer == TwinEbOptimizer.Reference;

    private static string? Always(TwinEbSpec spec) => null;

    private static string? Reference(TwinEbSpec spec) => IsReference(spec) ? null : "has no effect with the default optimizer: remove it, or set twineb.optimizer: reference";

    private static string? Poisson(TwinEbSpec spec) =>
        spec.Options.Likelihood == TwinEbLikelihood.Poisson ? null : "has no effect with twineb.likelihood: gaussian: remove it";

    private static string? Gaussian(TwinEbSpec spec) =>
        spec.Options.Likelihood == TwinEbLikelihood.Gaussian ? null : "has no effect with twineb.likelihood: poisson: remove it, or set likelihood: gaussian";

    private static string? WithoutSplit(TwinEbSpec spec) => spec.SplitPath is null ? null : "has no effect with twineb.split, which says what is held out: remove one of them";

    private static string? Strong(TwinEbSpec spec) =>
        WithoutSplit(spec) ?? (spec.IsStrong ? null : "has no effect with twineb.protocol: plain: remove it, or set protocol: strong");

    private static string? WithoutZeros(TwinEbSpec spec) =>
        spec.TestZeros ? "has no effect with twineb.testZeros, where every cell that is not tested trains: remove one of them" : null;

    private static string? HeldOut(TwinEbSpec spec) =>
        spec.HoldsOut ? null : "has no effect when nothing is held out: remove it, or give twineb.validationShare, protocol: strong or a split";

    private static string? HeldOutRow(TwinEbSpec spec) =>
        spec.HoldsOutRows ? null : "has no effect when no row is held out: remove it, or set twineb.protocol: strong or a split";

    private static string? Learnt(TwinEbSpec spec) =>
        spec.Options.Prior == TwinEbPrior.Fixed ? "has no effect with twineb.prior: fixed: remove it" : null;

    private static string? Mixture(TwinEbSpec spec, TwinEbPrior side) =>
        spec.Options.Prior == TwinEbPrior.Twin || spec.Options.Prior == side ? null
            : $"has no effect with twineb.prior: {spec.Options.Prior.ToString().ToLowerInvariant()}, where that side has no mixture: remove it";

    /// <summary>A side's fixed prior holds where all are fixed, or where only the other side's is learnt.</summary>
    private static string? Fixed(TwinEbSpec spec, TwinEbPrior otherSide) =>
        spec.Options.Prior == TwinEbPrior.Fixed || spec.Options.Prior == otherSide ? null
            : $"has no effect with twineb.prior: {spec.Options.Prior.ToString().ToLowerInvariant()}, where that side's prior is learnt: remove it";

    private static TwinEbSpec ReadSplit(SectionReader section, string folder, TwinEbSpec spec) =>
        section.Text("split") is { } path ? spec with { SplitPath = PathResolver.Input(path, section.OriginOf("split")!.Value, folder) } : spec;
}
