using FitCluster.Math.TwinEb;
using FitCluster.Models.Spec;
using static FitCluster.Models.TwinEb.TwinEbEffects;

namespace FitCluster.Models.TwinEb;

/// <summary>How a split is made.</summary>
internal enum SplitProtocol
{
    /// <summary>Validation cells of all rows.</summary>
    Plain,

    /// <summary>Rows are held out (the paper's strong generalization).</summary>
    Strong,
}

/// <summary>The fields of the section "twineb". Defaults that the model itself has are taken from it.</summary>
internal static class TwinEbFields
{
    private const int Most = 1_000_000_000;

    // The model's own defaults; its rows and columns are decided with the data.
    private static readonly TwinEbOptions D = new() { Rows = 1, Columns = 1 };

    public static readonly SpecField<TwinEbLikelihood> Likelihood = new("likelihood", LikelihoodWords.Type, D.Likelihood)
    {
        Help = "the distribution of an entry; negative_binomial: counts that vary more than Poisson's, by a dispersion that is learnt",
        Check = s => s.Get(Likelihood!) == TwinEbLikelihood.NegativeBinomial && s.Get(Optimizer!) == TwinEbOptimizer.Reference
            ? "must be poisson or gaussian with twineb.optimizer: reference, which has no negative binomial likelihood"
            : null,
    };

    public static readonly SpecField<TwinEbPrior> Prior = new("prior", SpecTypes.Choice<TwinEbPrior>(), D.Prior)
    {
        Help = "which priors are learnt: mixtures on both sides (twin), on one, one component each (single), or none (fixed)",
    };

    public static readonly SpecField<TwinEbOptimizer> Optimizer = new("optimizer", SpecTypes.Choice<TwinEbOptimizer>(), D.Optimizer)
    {
        Help = "conjugate coordinate ascent (default), or the published stochastic gradients",
    };

    public static readonly SpecField<string?> Split = new(
        "split", SpecTypes.Path("a folder with split_rows.tsv and split_cells.tsv", "DIR").OrNone(), null)
    {
        Help = "a given split into training, validation and test, in place of the protocol",
    };

    public static readonly SpecField<SplitProtocol> Protocol = new("protocol", SpecTypes.Choice<SplitProtocol>(), SplitProtocol.Plain)
    {
        Help = "what is held out: cells of all rows (plain), or whole rows, as the paper does (strong)",
        WithoutEffect = WithoutSplit,
    };

    public static readonly SpecField<double?> ValidationShare = new("validationShare", SpecTypes.Number(0, 0.9).Optional(), null)
    {
        Help = "the draws of validation cells, as a share of the training rows' cells",
        DefaultWords = "0; with protocol: strong 0.2",
        WithoutEffect = WithoutSplit,
    };

    public static readonly SpecField<double> HeldOutRows = new("heldOutRows", SpecTypes.Number(0.001, 0.9), 0.2)
    {
        Help = "the share of rows that are held out",
        WithoutEffect = Strong,
    };

    public static readonly SpecField<bool> TestZeros = new("testZeros", SpecTypes.Flag, false)
    {
        Help = "test zeros too: cells are drawn from all of a held-out row's, and all others train its parameters",
        WithoutEffect = Strong,
    };

    public static readonly SpecField<double?> TestShare = new("testShare", SpecTypes.Number(0.001, 0.9).Optional(), null)
    {
        Help = "the share of the held-out rows' non-zeros that are tested (with testZeros: the draws, as a share of their cells)",
        DefaultWords = "0.3; with testZeros 0.2",
        WithoutEffect = Strong,
    };

    public static readonly SpecField<double> IgnoredShare = new("ignoredShare", SpecTypes.Number(0, 0.99), 0.6)
    {
        Help = "the share of the held-out rows' other non-zeros that are ignored",
        WithoutEffect = s => Strong(s) ?? WithoutZeros(s),
    };

    public static readonly SpecField<long?> SplitSeed = new("splitSeed", SpecTypes.Whole(0, long.MaxValue).Optional(), null)
    {
        Help = "the seed of the split",
        DefaultWords = "the job's seed",
        WithoutEffect = s => WithoutSplit(s) ?? HeldOut(s),
    };

    public static readonly SpecField<double?> Binarize = new("binarize", SpecTypes.Number(0, double.MaxValue).Optional(), null)
    {
        Help = "entries above this become 1, others 0",
        WithoutEffect = Counts,
    };

    public static readonly SpecField<bool> Standardize = new("standardize", SpecTypes.Flag, true)
    {
        Help = "standardize columns on their observed training entries",
        WithoutEffect = Gaussian,
    };

    public static readonly SpecField<int> Factors = new("factors", SpecTypes.Count(1, 1024), D.Factors)
    {
        Flag = "--factors",
        Symbol = "K",
        Help = "the factors",
    };

    public static readonly SpecField<int?> RowComponents = new("rowComponents", SpecTypes.Count(1, 10_000).Optional(), null)
    {
        Help = "the components of the rows' mixture",
        DefaultWords = "70, at most the rows",
        WithoutEffect = s => Mixture(s, TwinEbPrior.Rows),
    };

    public static readonly SpecField<int?> ColumnComponents = new("columnComponents", SpecTypes.Count(1, 10_000).Optional(), null)
    {
        Help = "the components of the columns' mixture",
        DefaultWords = "100, at most the columns",
        WithoutEffect = s => Mixture(s, TwinEbPrior.Columns),
    };

    public static readonly SpecField<int?> Steps = new("steps", SpecTypes.Count(1, Most).Optional(), null)
    {
        Help = "the most sweeps; reference: the steps of one restart",
        DefaultWords = "500; reference: 20,000",
    };

    public static readonly SpecField<int?> ProjectionSteps = new("projectionSteps", SpecTypes.Count(1, Most).Optional(), null)
    {
        Help = "the most updates of a held-out row; reference: the steps in which held-out rows are fitted",
        DefaultWords = "200; reference: half of the steps",
        WithoutEffect = HeldOutRow,
    };

    public static readonly SpecField<double?> Tolerance = new("tolerance", SpecTypes.Positive.Optional(), null)
    {
        StopName = "tolerance",
        Help = "the relative change of the objective at which a fit has converged",
        DefaultWords = "1e-5; reference: none, all steps are taken",
    };

    public static readonly SpecField<int> Restarts = new("restarts", SpecTypes.Count(1, 1000), D.Restarts)
    {
        Help = "fits from different starts, of which the best is kept",
    };

    public static readonly SpecField<int> HeldOutSamples = new("heldOutSamples", SpecTypes.Count(1, 1_000_000), D.HeldOutSamples)
    {
        Help = "draws of the posterior for a held-out log-likelihood",
        WithoutEffect = HeldOut,
    };

    public static readonly SpecField<bool> HeldOutSubtractsValue = new("heldOutSubtractsValue", SpecTypes.Flag, D.HeldOutSubtractsValue)
    {
        Help = "subtract x from each held-out log density: the Jacobian of data that are log(1 + count)",
        WithoutEffect = s => Gaussian(s) ?? HeldOut(s),
    };

    public static readonly SpecField<bool> HeldOutZeroSample = new("heldOutZeroSample", SpecTypes.Flag, D.HeldOutZeroSample)
    {
        Help = "score about as many held-out zeros as there are other held-out cells, weighted up",
        WithoutEffect = s => Counts(s) ?? HeldOut(s),
    };

    public static readonly SpecField<double> NoiseSd = new("noiseSd", SpecTypes.Positive, D.NoiseSd)
    {
        Help = "the standard deviation of an entry given its mean",
        WithoutEffect = Gaussian,
    };

    public static readonly SpecField<double> RowPriorShape = new("rowPriorShape", SpecTypes.Positive, D.RowPriorShape)
    {
        Help = "the rows' fixed prior Gamma(shape, rate): the shape",
        WithoutEffect = s => Counts(s) ?? Fixed(s, TwinEbPrior.Columns),
    };

    public static readonly SpecField<double> RowPriorRate = new("rowPriorRate", SpecTypes.Positive, D.RowPriorRate)
    {
        Help = "the rows' fixed prior Gamma(shape, rate): the rate",
        WithoutEffect = s => Counts(s) ?? Fixed(s, TwinEbPrior.Columns),
    };

    public static readonly SpecField<double> RowPriorScale = new("rowPriorScale", SpecTypes.Positive, D.RowPriorScale)
    {
        Help = "the rows' fixed prior N(0, scale squared): the scale",
        WithoutEffect = s => Gaussian(s) ?? Fixed(s, TwinEbPrior.Columns),
    };

    public static readonly SpecField<double> ColumnPriorShape = new("columnPriorShape", SpecTypes.Positive, D.ColumnPriorShape)
    {
        Help = "the columns' fixed prior Gamma(shape, rate): the shape",
        WithoutEffect = s => Counts(s) ?? Fixed(s, TwinEbPrior.Rows),
    };

    public static readonly SpecField<double> ColumnPriorRate = new("columnPriorRate", SpecTypes.Positive, D.ColumnPriorRate)
    {
        Help = "the columns' fixed prior Gamma(shape, rate): the rate",
        WithoutEffect = s => Counts(s) ?? Fixed(s, TwinEbPrior.Rows),
    };

    public static readonly SpecField<double> ColumnPriorScale = new("columnPriorScale", SpecTypes.Positive, D.ColumnPriorScale)
    {
        Help = "the columns' fixed prior N(0, scale squared): the scale",
        WithoutEffect = s => Gaussian(s) ?? Fixed(s, TwinEbPrior.Rows),
    };

    public static readonly SpecField<int> Particles = new("particles", SpecTypes.Count(1, 1000), D.Particles)
    {
        Help = "draws of all parameters in one estimate of the gradient",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<int> BatchSize = new("batchSize", SpecTypes.Count(1, Most), D.BatchSize)
    {
        Help = "rows of a minibatch, over all shards",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<double> RowLearningRate = new("rowLearningRate", SpecTypes.Positive, D.RowLearningRate)
    {
        Help = "Adam's learning rate of the row parameters",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<double> ColumnLearningRate = new("columnLearningRate", SpecTypes.Positive, D.ColumnLearningRate)
    {
        Help = "Adam's learning rate of the column parameters",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<double> MixtureLearningRate = new("mixtureLearningRate", SpecTypes.Positive, D.MixtureLearningRate)
    {
        Help = "Adam's learning rate of the parameters of both priors",
        WithoutEffect = s => Reference(s) ?? Learnt(s),
    };

    public static readonly SpecField<double> ClipNorm = new("clipNorm", SpecTypes.Positive, D.ClipNorm)
    {
        Help = "the largest norm of the whole gradient; a longer one is scaled down to it",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<double> WeightDecay = new("weightDecay", SpecTypes.Number(0, 1), D.WeightDecay)
    {
        Help = "the L2 penalty on every parameter, added to the clipped gradient",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<double> PlateauFactor = new("plateauFactor", SpecTypes.Number(1e-3, 1), D.PlateauFactor)
    {
        Help = "what learning rates are multiplied by on a plateau",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<int> PlateauPatience = new("plateauPatience", SpecTypes.Count(0, Most), D.PlateauPatience)
    {
        Help = "epochs without a lower loss that are borne before a plateau is declared",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<double> PlateauThreshold = new("plateauThreshold", SpecTypes.Number(0, 0.999), D.PlateauThreshold)
    {
        Help = "by what share of itself an epoch's loss must fall below the lowest to count as lower",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<int> EarlyStopEpochs = new("earlyStopEpochs", SpecTypes.Count(1, Most), D.EarlyStopEpochs)
    {
        Help = "stop after so many consecutive epochs whose loss rose by earlyStopRise or more",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<double> EarlyStopRise = new("earlyStopRise", SpecTypes.Positive, D.EarlyStopRise)
    {
        Help = "the rise of an epoch's loss that counts towards an early stop",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<double> LeastLearningRate = new("leastLearningRate", SpecTypes.Number(0, 1), D.LeastLearningRate)
    {
        Help = "stop when a learning rate has come below this",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<double> DivergenceFactor = new(
        "divergenceFactor", SpecTypes.Number(1.001, double.MaxValue), D.DivergenceFactor)
    {
        Help = "an epoch's loss of more than so many times the one before is divergence",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<int> Retries = new("retries", SpecTypes.Count(0, 1000), D.Retries)
    {
        Help = "how often one restart may go back to its last good state, with half the learning rates",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<bool> RestoreBest = new("restoreBest", SpecTypes.Flag, D.RestoreBest)
    {
        Help = "end a restart with the parameters of its epoch of lowest loss",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<int> LocalSteps = new("localSteps", SpecTypes.Count(1, Most), D.LocalSteps)
    {
        Help = "steps that each shard takes alone before the shards' changes are averaged; 1: every step is exact",
        WithoutEffect = Reference,
    };

    public static readonly SpecField<bool> WriteSplit = new("writeSplit", SpecTypes.Flag, true)
    {
        Help = "write the split with the results",
        WithoutEffect = s => HoldsOut(s) ? null : "has no effect when nothing is held out: remove it",
        IsIdentity = false,
    };

    /// <summary>All of them, in the order of the canonical form: what others depend on comes first.</summary>
    public static SpecTable Table { get; } = new(
        "twineb", Likelihood, Prior, Optimizer, Split, Protocol, ValidationShare, HeldOutRows, TestZeros, TestShare,
        IgnoredShare, SplitSeed, Binarize, Standardize, Factors, RowComponents, ColumnComponents, Steps, ProjectionSteps,
        Tolerance, Restarts, HeldOutSamples, HeldOutSubtractsValue, HeldOutZeroSample, NoiseSd, RowPriorShape,
        RowPriorRate, RowPriorScale, ColumnPriorShape, ColumnPriorRate, ColumnPriorScale, Particles, BatchSize,
        RowLearningRate, ColumnLearningRate, MixtureLearningRate, ClipNorm, WeightDecay, PlateauFactor, PlateauPatience,
        PlateauThreshold, EarlyStopEpochs, EarlyStopRise, LeastLearningRate, DivergenceFactor, Retries, RestoreBest,
        LocalSteps, WriteSplit);
}
