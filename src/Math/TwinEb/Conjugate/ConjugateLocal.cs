using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>The rounds at a shard.</summary>
internal sealed class ConjugateLocal(
    TwinEbOptions options, IConjugateLikelihood likelihood, ConjugateSchedule schedule, HeldOutScorer scorer)
{
    // Shards take columns in blocks of so many: tables are made anew for each part.
    private const int ColumnBlock = 64;

    /// <summary>A round.</summary>
    public ArraySet Round(ArraySet broadcast, ShardData data, ArraySet set)
    {
        var shard = ConjugateFormats.Shard.View(set);
        if (broadcast.Scalar(ConjugateKeys.Promote) != 0)
        {
            Promote(shard, data);
        }

        if (broadcast.Scalar(ConjugateKeys.KeepRows) != 0)
        {
            CopyRows(set, "", ConjugateKeys.Kept);
        }

        if (broadcast.Scalar(ConjugateKeys.TakeKept) != 0)
        {
            CopyRows(set, ConjugateKeys.Kept, "");
        }

        var phase = (ConjugatePhase)(int)broadcast.Scalar(ConjugateKeys.Phase);
        if (phase != ConjugatePhase.Columns && broadcast.Scalar(ConjugateKeys.Slice) is > 0 and var share)
        {
            data = ConjugateSlice.Of(data, options.Seed, share);
        }

        if (phase is ConjugatePhase.Spread or ConjugatePhase.Validate && broadcast.Scalar(ConjugateKeys.IsColumnMeans) != 0)
        {
            // No sweep has seen these columns: their prior says all of the rows.
            likelihood.NewRows(broadcast, set, data.Block.Rows);
        }

        return phase switch
        {
            ConjugatePhase.Describe => Describe(data),
            ConjugatePhase.Sweep => Sweep(broadcast, data, set),
            ConjugatePhase.Columns => Columns(broadcast, data),
            ConjugatePhase.Check => Check(broadcast, data, set),
            ConjugatePhase.Spread => Spread(broadcast, data, set),
            ConjugatePhase.Validate => Validate(broadcast, data, set),
            ConjugatePhase.Project => Project(broadcast, data, set),
            _ => new ArraySet(),
        };
    }

    // Moved, not copied: the next restart makes new ones.
    private void Promote(StateSet<ConjugateShardField> shard, ShardData data)
    {
        int[] shape = [data.Block.Rows, options.Factors];
        shard.Put(ConjugateKeys.BestMean, shard[ConjugateKeys.Mean], shape);
        shard.Put(ConjugateKeys.BestSd, shard[ConjugateKeys.Sd], shape);
        shard[ConjugateKeys.Mean] = [];
        shard[ConjugateKeys.Sd] = [];
        shard.Put(ConjugateShardField.HasBest, true);
    }

    private ArraySet Describe(ShardData data)
    {
        var row = new ConjugateRow(data, likelihood.ZerosAreImplied);
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

        var (validation, test) = (row.Cells.CountOf(HeldOutKind.Validation), row.Cells.CountOf(HeldOutKind.Test));
        var partial = new ArraySet()
            .Set(ConjugateKeys.TrainingRows, row.Cells.TrainingRows)
            .Set(ConjugateKeys.TrainingCells, trainingCells)
            .Set(ConjugateKeys.ZerosMissing, zerosMissing ? 1 : 0)
            .Set(ConjugateKeys.ValidationZeros, validation.Zeros)
            .Set(ConjugateKeys.ValidationOthers, validation.Others)
            .Set(ConjugateKeys.TestZeros, test.Zeros)
            .Set(ConjugateKeys.TestOthers, test.Others);
        likelihood.Describe(row, zerosMissing, partial);
        return Checked(partial, data, -1);
    }

    private static ArraySet Checked(ArraySet partial, ShardData data, int failedRow) =>
        ConjugateFailure.Checked(partial, data.Shard, failedRow < 0 ? -1 : data.FirstRow + failedRow);

    private ArraySet Sweep(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        if (broadcast.Scalar(ConjugateKeys.Sweep) == 0)
        {
            likelihood.StartRows(data, broadcast, shard, schedule.SeedOf((int)broadcast.Scalar(ConjugateKeys.Restart)));
        }

        var candidates = broadcast.Get(ConjugateKeys.Candidates);
        var width = 2 * options.Factors;
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
        var partial = likelihood.Sweep(data, broadcast, shard, [.. own.Select(o => o.Row)], found, out var failedRow);
        for (var o = 0; o < own.Count; o++)
        {
            found.AsSpan(o * width, width).CopyTo(points.AsSpan(own[o].At * width));
        }

        return Checked(partial.Set(ConjugateKeys.CandidatePoints, points).Set(ConjugateKeys.CandidatePresent, present), data, failedRow);
    }

    // The part of the columns that is this shard's as its rows are of all rows.
    private ArraySet Columns(ArraySet broadcast, ShardData data)
    {
        var first = ColumnOf(data.FirstRow);
        return Checked(likelihood.Columns(broadcast, first, ColumnOf(data.FirstRow + data.Block.Rows) - first), data, -1);

        int ColumnOf(long row)
        {
            var column = (double)options.Columns / data.TotalRows * row;
            return row == data.TotalRows
                ? options.Columns
                : int.Min((int)double.Round(column / ColumnBlock) * ColumnBlock, options.Columns);
        }
    }

    // Copied, as the next sweep writes to what is kept or taken.
    private void CopyRows(ArraySet shard, string from, string to)
    {
        foreach (var key in likelihood.RowState)
        {
            var array = shard.Get(key.In(from).Name);
            shard.Set(key.In(to).Name, (double[])array.Values.Clone(), array.Shape);
        }
    }

    // Rows are updated once more, under the columns as they are: their posteriors are what is scored.
    private (IConjugateRowFitter Fitter, HeldOutCells Cells, int FailedRow) FitTraining(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var (fitter, cells) = (likelihood.RowFitter(data, broadcast), new HeldOutCells(data));
        var moments = new double[data.Block.Rows * options.Factors];
        return (fitter, cells, ConjugateRowFits.FitRows(shard, fitter, cells, heldOut: false, areNew: false, 1, moments, moments));
    }

    private ArraySet Check(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var (fitter, cells, failedRow) = FitTraining(broadcast, data, shard);
        return Checked(
            new ArraySet().Set(ConjugateKeys.Score, Score(
                HeldOutKind.Validation, broadcast, data, shard, fitter, cells, failedRow, ConjugateSettings.CheckDraws)), data, failedRow);
    }

    // One score after another, of draws more and more spread.
    private ArraySet Spread(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var (fitter, cells, failedRow) = FitTraining(broadcast, data, shard);
        var spreads = ConjugateSettings.Spreads;
        var scores = spreads.SelectMany(spread => Score(
            HeldOutKind.Validation, broadcast, data, shard, fitter, cells, failedRow, ConjugateSettings.SpreadDraws, spread)).ToArray();
        return Checked(
            new ArraySet().Set(ConjugateKeys.SpreadScores, scores, [spreads.Count, HeldOutScore.Length]), data, failedRow);
    }

    private ArraySet Validate(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var fitter = likelihood.RowFitter(data, broadcast, measuresMisfit: true);
        var cells = new HeldOutCells(data);
        var (mean, sd) = (new double[data.Block.Rows * options.Factors], new double[data.Block.Rows * options.Factors]);
        var failedRow = ConjugateRowFits.FitRows(shard, fitter, cells, heldOut: false, areNew: false, 1, mean, sd);
        int[] shape = [data.Block.Rows, options.Factors];
        shard.Set(ConjugateKeys.Mean, mean, shape).Set(ConjugateKeys.Sd, sd, shape);
        var partial = new ArraySet().Set(
            ConjugateKeys.Score, Score(HeldOutKind.Validation, broadcast, data, shard, fitter, cells, failedRow))
            .Set(ConjugateKeys.Misfit, fitter.Misfit)
            .Set(ConjugateKeys.ColumnErrors, ColumnErrors(cells, broadcast.Get(ConjugateKeys.ColumnAverages)));

        // There is no next sweep, and the state is what checkpoints hold.
        foreach (var key in likelihood.RowState)
        {
            shard.Set(key, []).Set(key.In(ConjugateKeys.Kept), []);
        }

        return Checked(partial, data, failedRow);
    }

    // The sum over validation cells of squared errors of their columns' means, and their number; nothing where there are no means.
    private static double[] ColumnErrors(HeldOutCells cells, double[] averages)
    {
        var (sum, count) = (0.0, 0.0);
        for (var i = 0; averages.Length > 0 && i < cells.Rows; i++)
        {
            var columns = cells.RowColumns(i);
            var values = cells.RowValues(i);
            var kinds = cells.RowKinds(i);
            for (var c = 0; c < columns.Length; c++)
            {
                if (kinds[c] == (int)HeldOutKind.Validation)
                {
                    var error = values[c] - averages[(int)columns[c]];
                    (sum, count) = (sum + (error * error), count + 1);
                }
            }
        }

        return averages.Length > 0 ? [sum, count] : [];
    }

    private ArraySet Project(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var cells = new HeldOutCells(data);
        if (cells.TrainingRows == data.Block.Rows)
        {
            return Checked(new ArraySet().Set(ConjugateKeys.Score, HeldOutScore.None.ToArray()), data, -1);
        }

        var fitter = likelihood.RowFitter(data, broadcast);
        likelihood.NewRows(broadcast, shard, cells.Rows);
        var steps = ConjugateRowFits.ProjectionSteps(options);
        var failedRow = ConjugateRowFits.FitRows(
            shard, fitter, cells, heldOut: true, areNew: true, steps, shard.Get(ConjugateKeys.BestMean), shard.Get(ConjugateKeys.BestSd));
        return Checked(new ArraySet().Set(ConjugateKeys.Score, Score(HeldOutKind.Test, broadcast, data, shard, fitter, cells, failedRow)),
            data, failedRow);
    }

    private static double Spread(ArraySet broadcast) =>
        broadcast.Has(ConjugateKeys.ColumnSpread) ? broadcast.Scalar(ConjugateKeys.ColumnSpread) : 1;

    private static double Dispersion(ArraySet broadcast) =>
        broadcast.Has(ConjugateKeys.Dispersion) ? broadcast.Scalar(ConjugateKeys.Dispersion) : 0;

    // Nothing where a row failed: there are no draws of it, and the coordinator takes no score of a shard that failed.
    private double[] Score(
        HeldOutKind kind, ArraySet broadcast, ShardData data, ArraySet shard, IConjugateRowFitter fitter, HeldOutCells cells, int failedRow,
        int mostDraws = int.MaxValue, double? spread = null)
    {
        var (zeros, others) = cells.CountOf(kind);
        return zeros + others == 0 || failedRow >= 0
            ? HeldOutScore.None.ToArray()
            : scorer.Score(
                data, kind, likelihood.RowSampler(data, broadcast, shard, fitter, spread ?? Spread(broadcast)),
                likelihood.ColumnSampler(broadcast, spread ?? Spread(broadcast)), broadcast.Scalar(ConjugateKeys.ZeroShare),
                Dispersion(broadcast), int.Min(options.HeldOutSamples, mostDraws)).ToArray();
    }
}
