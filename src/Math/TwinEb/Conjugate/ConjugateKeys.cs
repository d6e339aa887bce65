using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>The arrays of the conjugate optimizer's states, broadcasts and partial results.</summary>
internal static class ConjugateKeys
{
    /// <summary>The scope of the best restart's columns and priors, and of its rows.</summary>
    public const string Best = "best";

    /// <summary>The scope of columns and priors before the sweep under way.</summary>
    public const string Before = "before";

    /// <summary>The scope of what is kept of a restart: its best by validation.</summary>
    public const string Kept = "kept";

    // Columns at the coordinator, in parts from the shards, and in broadcasts. Poisson: s, t, E log v, E v; negative binomial: also c and
    // 1 / E (1 / v); Gaussian: E v, Var v, E v v', A and h.
    public static readonly StateKey ColumnCounts = new("column.counts");
    public static readonly StateKey ColumnRates = new("column.rates");
    public static readonly StateKey ColumnLogs = new("column.logs", Reduction.Append);
    public static readonly StateKey ColumnMeans = new("column.means", Reduction.Append);
    public static readonly StateKey ColumnHarmonics = new("column.harmonics", Reduction.Append);
    public static readonly StateKey ColumnInverses = new("column.inverses");
    public static readonly StateKey ColumnVariances = new("column.variances", Reduction.Append);
    public static readonly StateKey ColumnSeconds = new("column.seconds", Reduction.Append);
    public static readonly StateKey ColumnPrecisions = new("columnPrecisions");
    public static readonly StateKey ColumnShifts = new("columnShifts");

    // The columns' part of the ELBO, -1e300 where they are a start; and the level at which rows start beside them.
    public static readonly StateKey ColumnTerm = new("column.term");
    public static readonly StateKey RowLevel = new("column.rowLevel");

    // Poisson: how many times as large variances of draws, and of results, are as those of q.
    public static readonly StateKey ColumnSpread = new("column.spread");

    // Poisson: the power to which the likelihood is raised, 1 unless counts are overdispersed.
    public static readonly StateKey ColumnPower = new("column.power");

    // Negative binomial: a.
    public static readonly StateKey Dispersion = new("column.dispersion");
    public static readonly StateKey ColumnSums = new("columnSums");

    public static readonly ConjugatePriorKeys RowPrior = new("rowPrior");
    public static readonly ConjugatePriorKeys ColumnPrior = new("columnPrior");
    public static readonly ConjugateStatisticsKeys RowStatistics = new("row");
    public static readonly ConjugateStatisticsKeys ColumnStatistics = new("columnStatistics");

    // The rest of the coordinator's state.
    public static readonly StateKey Divergence = new("divergence");
    public static readonly StateKey Validation = new("validation");
    public static readonly StateKey Test = new("test");
    public static readonly StateKey RestartScores = new("restartScores");
    public static readonly StateKey RestartElbos = new("restartElbos");

    // Rows at a shard. The means and deviations are results, in scope "best" those of the best restart.
    public static readonly StateKey RowLogs = new("row.logs");
    public static readonly StateKey RowMeans = new("row.means");
    public static readonly StateKey RowHarmonics = new("row.harmonics");
    public static readonly StateKey RowVariances = new("row.variances");
    public static readonly StateKey Mean = new("mean");
    public static readonly StateKey Sd = new("sd");
    public static readonly StateKey BestMean = Mean.In(Best);
    public static readonly StateKey BestSd = Sd.In(Best);

    // Broadcasts.
    public static readonly StateKey Phase = new("phase");
    public static readonly StateKey Restart = new("restart");
    public static readonly StateKey Sweep = new("sweep");
    public static readonly StateKey Promote = new("promote");
    public static readonly StateKey Candidates = new("candidates");
    public static readonly StateKey ZeroShare = new("zeroShare");
    public static readonly StateKey KeepRows = new("keepRows");
    public static readonly StateKey TakeKept = new("takeKept");
    public static readonly StateKey Slice = new("slice");
    public static readonly StateKey IsColumnMeans = new("isColumnMeans");
    public static readonly StateKey HasAbsent = new("hasAbsent");

    // Whether rows start from what a finished fit says of them.
    public static readonly StateKey GoesOn = new("goesOn");

    // Partial results.
    public static readonly StateKey Elbo = new("elbo");
    public static readonly StateKey PartialCounts = new("columnCounts");
    public static readonly StateKey PartialAbsent = new("columnAbsent");
    public static readonly StateKey PartialCentred = new("columnCentred");
    public static readonly StateKey PartialInverses = new("columnInverses");
    public static readonly StateKey DispersionGap = new("dispersionGap");
    public static readonly StateKey PartialRowMeans = new("rowMeans");
    public static readonly StateKey CandidatePoints = new("candidatePoints");
    public static readonly StateKey CandidatePresent = new("candidatePresent");
    public static readonly StateKey Score = new("score");
    public static readonly StateKey SpreadScores = new("spreadScores");
    public static readonly StateKey Misfit = new("misfit");

    // Poisson: each column's mean over its training cells, what it is made of, and its squared errors over validation cells.
    public static readonly StateKey ColumnAverages = new("columnAverages");
    public static readonly StateKey ColumnCells = new("columnCells");
    public static readonly StateKey ColumnErrors = new("columnErrors");

    // One row for each shard where something is not finite: the shard, which array (-1: a row), the row.
    public static readonly StateKey Failed = new("failed", Reduction.Append);

    // Sums over the data.
    public static readonly StateKey TrainingRows = new("trainingRows");
    public static readonly StateKey TrainingCells = new("trainingCells");
    public static readonly StateKey ZerosMissing = new("zerosMissing");
    public static readonly StateKey ValidationZeros = new("validationZeros");
    public static readonly StateKey ValidationOthers = new("validationOthers");
    public static readonly StateKey TestZeros = new("testZeros");
    public static readonly StateKey TestOthers = new("testOthers");
    public static readonly StateKey Sum = new("sum");
    public static readonly StateKey Cells = new("cells");
    public static readonly StateKey ExcludedCells = new("excludedCells");
    public static readonly StateKey LogFactorials = new("logFactorials");
    public static readonly StateKey Squares = new("squares");

    /// <summary>Which scalar of the state each sum over the data becomes; a likelihood has those that it needs.</summary>
    public static readonly (StateKey Sum, ConjugateField Field)[] Described =
    [
        (TrainingRows, ConjugateField.TrainingRows), (TrainingCells, ConjugateField.TrainingCells),
        (ZerosMissing, ConjugateField.ZerosMissing),
        (ValidationZeros, ConjugateField.ValidationZeros), (ValidationOthers, ConjugateField.ValidationOthers),
        (TestZeros, ConjugateField.TestZeros), (TestOthers, ConjugateField.TestOthers),
        (Sum, ConjugateField.Sum), (Cells, ConjugateField.Cells), (ExcludedCells, ConjugateField.ExcludedCells),
        (LogFactorials, ConjugateField.LogFactorials), (Squares, ConjugateField.Squares),
    ];
}
