using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

// The rounds at a shard.
public sealed partial class TwinEbConjugateModel
{
    private ArraySet Describe(ShardData data)
    {
        var row = new ConjugateRow(data, _likelihood.ZerosAreImplied);
        var zerosMissing = data.Block.IsSparse && data.Block.Unstored == UnstoredEntries.Missing;
        var trainingCells = 0L;
        for (var i = 0; i < row.Rows; i++)
        {
            if (!row.Cells.IsHeldOutRow(i))
            {
                row.Read(i);
                trainingCells += row.Columns.Length;
            }
        }

        var partial = new ArraySet()
            .Set("trainingRows", row.Cells.TrainingRows)
            .Set("trainingCells", trainingCells)
            .Set("heldOutRows", row.Rows - row.Cells.TrainingRows)
            .Set("zerosMissing", zerosMissing ? 1 : 0);
        foreach (var (name, kind) in new[] { ("validation", HeldOutKind.Validation), ("test", HeldOutKind.Test) })
        {
            var (zeros, others) = row.Cells.CountOf(kind);
            partial.Set(name + "Cells", [zeros, others]);
        }

        _likelihood.Describe(row, zerosMissing, partial);
        return Checked(partial, data, -1);
    }

    private static ArraySet Checked(ArraySet partial, ShardData data, int failedRow) =>
        ConjugateFailure.Checked(partial, data.Shard, failedRow < 0 ? -1 : data.FirstRow + failedRow);

    private ArraySet Sweep(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        if (broadcast.Scalar("sweep") == 0)
        {
            _likelihood.StartRows(data, broadcast, shard, SeedOf(broadcast.Scalar("restart")));
        }

        var candidates = broadcast["candidates"];
        var width = 2 * _options.Factors;
        var (points, present) = (new double[candidates.Length * width], new double[candidates.Length]);
        var cells = new HeldOutCells(data);

        // Those of this shard: the row, and where it is among the candidates.
        var own = new List<(int Row, int At)>();
        for (var c = 0; c < candidates.Length; c++)
        {
            var row = (long)candidates[c] - data.FirstRow;
            if (row >= 0 && row < data.Block.Rows && !cells.IsHeldOutRow((int)row))
            {
                own.Add(((int)row, c));
                present[c] = 1;
            }
        }

        var found = new double[own.Count * width];
        var partial = _likelihood.Sweep(data, broadcast, shard, [.. own.Select(o => o.Row)], found, out var failedRow);
        for (var o = 0; o < own.Count; o++)
        {
            found.AsSpan(o * width, width).CopyTo(points.AsSpan(own[o].At * width));
        }

        return Checked(partial.Set("candidatePoints", points).Set("candidatePresent", present), data, failedRow);
    }

    // The part of the columns that is this shard's as its rows are of all rows.
    private ArraySet Columns(ArraySet broadcast, ShardData data)
    {
        var first = ColumnOf(data.FirstRow);
        return Checked(_likelihood.Columns(broadcast, first, ColumnOf(data.FirstRow + data.Block.Rows) - first), data, -1);

        int ColumnOf(long row)
        {
            var column = (double)_options.Columns / data.TotalRows * row;
            return row == data.TotalRows ? _options.Columns : int.Min((int)double.Round(column / ColumnBlock) * ColumnBlock, _options.Columns);
        }
    }

    private ArraySet Validate(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var fitter = _likelihood.RowFitter(data, broadcast);
        var cells = new HeldOutCells(data);
        var (mean, sd) = (new double[data.Block.Rows * _options.Factors], new double[data.Block.Rows * _options.Factors]);
        var failedRow = FitRows(shard, fitter, cells, heldOut: false, areNew: false, 1, mean, sd);
        int[] shape = [data.Block.Rows, _options.Factors];
        shard.Set("mean", mean, shape).Set("sd", sd, shape);
        var partial = new ArraySet().Set("score", Score(HeldOutKind.Validation, broadcast, data, shard, fitter, cells, failedRow));
        _likelihood.EndRestart(shard);
        return Checked(partial, data, failedRow);
    }

    private ArraySet Project(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var cells = new HeldOutCells(data);
        if (cells.TrainingRows == data.Block.Rows)
        {
            return Checked(new ArraySet().Set("score", HeldOutScore.None.ToArray()), data, -1);
        }

        var fitter = _likelihood.RowFitter(data, broadcast);
        _likelihood.NewRows(broadcast, shard, cells.Rows);
        var failedRow = FitRows(shard, fitter, cells, heldOut: true, areNew: true, ProjectionSteps(_options), shard["best.mean"], shard["best.sd"]);
        return Checked(new ArraySet().Set("score", Score(HeldOutKind.Test, broadcast, data, shard, fitter, cells, failedRow)), data, failedRow);
    }

    /// <summary>Updates at most of a row under frozen columns, from each start.</summary>
    internal static int ProjectionSteps(TwinEbOptions options) => options.ProjectionSteps ?? ConjugateSettings.ProjectionSteps;

    /// <summary>
    /// Fits the rows that are held out, or the others, which a sweep has seen or not (are new), and notes their moments, rows x factors each; returns the first whose moments are not finite (they become NaN), or -1.
    /// </summary>
    internal static int FitRows(ArraySet shard, IConjugateRowFitter fitter, HeldOutCells cells, bool heldOut, bool areNew, int steps, double[] mean, double[] sd)
    {
        var factors = mean.Length / cells.Rows;
        var failedRow = -1;
        for (var i = 0; i < cells.Rows; i++)
        {
            if (cells.IsHeldOutRow(i) == heldOut)
            {
                var isFinite = areNew
                    ? fitter.FitNew(shard, i, steps, ConjugateSettings.RowTolerance)
                    : fitter.Fit(shard, i, steps, ConjugateSettings.RowTolerance);
                var means = mean.AsSpan(i * factors, factors);
                var deviations = sd.AsSpan(i * factors, factors);
                fitter.Moments(means, deviations);
                if (!isFinite || !IsFinite(means) || !IsFinite(deviations))
                {
                    means.Fill(double.NaN);
                    deviations.Fill(double.NaN);
                    failedRow = failedRow < 0 ? i : failedRow;
                }
            }
        }

        return failedRow;
    }

    private static bool IsFinite(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if (!double.IsFinite(value))
            {
                return false;
            }
        }

        return true;
    }

    // Nothing where a row failed: there are no draws of it, and the coordinator takes no score of a shard that failed.
    private double[] Score(HeldOutKind kind, ArraySet broadcast, ShardData data, ArraySet shard, IConjugateRowFitter fitter, HeldOutCells cells, int failedRow)
    {
        var (zeros, others) = cells.CountOf(kind);
        return zeros + others == 0 || failedRow >= 0
            ? HeldOutScore.None.ToArray()
            : _scorer.Score(
                data, kind, _likelihood.RowSampler(data, broadcast, shard, fitter), _likelihood.ColumnSampler(broadcast), broadcast.Scalar("zeroShare")).ToArray();
    }
}
