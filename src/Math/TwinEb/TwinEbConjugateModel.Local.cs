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
        return partial;
    }

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

        // Candidates ascend, so those of this shard follow one another.
        var (first, rows) = (0, new List<int>());
        for (var c = 0; c < candidates.Length; c++)
        {
            var row = (long)candidates[c] - data.FirstRow;
            first += row < 0 ? 1 : 0;
            if (row >= 0 && row < data.Block.Rows && !cells.IsHeldOutRow((int)row))
            {
                rows.Add((int)row);
                present[c] = 1;
            }
        }

        var found = new double[rows.Count * width];
        var partial = _likelihood.Sweep(data, broadcast, shard, rows.ToArray(), found);
        for (int c = first, at = 0; at < rows.Count; c++)
        {
            if (present[c] > 0)
            {
                found.AsSpan(at++ * width, width).CopyTo(points.AsSpan(c * width));
            }
        }

        return partial.Set("candidatePoints", points).Set("candidatePresent", present);
    }

    private ArraySet Validate(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var fitter = _likelihood.RowFitter(data, broadcast);
        var cells = new HeldOutCells(data);
        var (mean, sd) = (new double[data.Block.Rows * _options.Factors], new double[data.Block.Rows * _options.Factors]);
        FitRows(shard, fitter, cells, false, 1, mean, sd);
        int[] shape = [data.Block.Rows, _options.Factors];
        shard.Set("mean", mean, shape).Set("sd", sd, shape);
        var partial = new ArraySet().Set("score", Score(HeldOutKind.Validation, broadcast, data, shard, fitter, cells));
        _likelihood.EndRestart(shard);
        return partial;
    }

    private ArraySet Project(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var cells = new HeldOutCells(data);
        if (cells.TrainingRows == data.Block.Rows)
        {
            return new ArraySet().Set("score", HeldOutScore.None.ToArray());
        }

        var fitter = _likelihood.RowFitter(data, broadcast);
        for (var i = 0; i < cells.Rows; i++)
        {
            if (cells.IsHeldOutRow(i))
            {
                _likelihood.ForgetRow(broadcast, shard, i);
            }
        }

        FitRows(shard, fitter, cells, true, _options.ProjectionSteps ?? ConjugateSettings.ProjectionSteps, shard["best.mean"], shard["best.sd"]);
        return new ArraySet().Set("score", Score(HeldOutKind.Test, broadcast, data, shard, fitter, cells));
    }

    private void FitRows(ArraySet shard, IConjugateRowFitter fitter, HeldOutCells cells, bool heldOut, int steps, double[] mean, double[] sd)
    {
        for (var i = 0; i < cells.Rows; i++)
        {
            if (cells.IsHeldOutRow(i) == heldOut)
            {
                fitter.Fit(shard, i, steps, ConjugateSettings.RowTolerance);
                fitter.Moments(mean.AsSpan(i * _options.Factors, _options.Factors), sd.AsSpan(i * _options.Factors, _options.Factors));
            }
        }
    }

    private double[] Score(HeldOutKind kind, ArraySet broadcast, ShardData data, ArraySet shard, IConjugateRowFitter fitter, HeldOutCells cells)
    {
        var (zeros, others) = cells.CountOf(kind);
        return zeros + others == 0
            ? HeldOutScore.None.ToArray()
            : _scorer.Score(
                data, kind, _likelihood.RowSampler(data, broadcast, shard, fitter), _likelihood.ColumnSampler(broadcast), broadcast.Scalar("zeroShare")).ToArray();
    }
}
