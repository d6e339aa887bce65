using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.Svi;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// A shard's part of a round. Partials: <see cref="ReferenceKeys.Sums"/>, <see cref="ReferenceKeys.Flags"/>, and the gradients (or, with
/// local steps, the weighted changes) of columns and both priors.
/// </summary>
internal sealed class ReferenceLocal(
    TwinEbOptions options, ReferenceGradient gradient, ArraySet broadcast, ShardData data, ReferenceShard shard)
{
    private readonly double[] _scalars = broadcast.Get(ReferenceKeys.Orders);

    private ReferencePhase Phase => (ReferencePhase)(int)Field(ReferenceField.Phase);

    /// <summary>Carries out orders, then the phase's work.</summary>
    public ArraySet Run()
    {
        shard.Obey(broadcast);
        return Phase switch
        {
            ReferencePhase.Describe => Describe(),
            ReferencePhase.Train => options.LocalSteps == 1 ? Exact(false) : LocalSteps(),
            ReferencePhase.Project => Exact(true),
            ReferencePhase.Validate => Score(HeldOutKind.Validation, ReferenceField.ValidationZeros, ReferenceField.ValidationOthers),
            ReferencePhase.Test => Score(HeldOutKind.Test, ReferenceField.TestZeros, ReferenceField.TestOthers),
            _ => new ArraySet(),
        };
    }

    /// <summary>The columns whose prior and entropy a shard computes: a share as large as its share of all rows.</summary>
    public static (int First, int Last) Slice(ShardData data, int columns)
    {
        int At(long row) => (int)((Int128)columns * row / data.TotalRows);
        return (At(data.FirstRow), At(data.FirstRow + data.Block.Rows));
    }

    private double Field(ReferenceField field) => _scalars[(int)field];

    private ArraySet Describe()
    {
        var (validationZeros, validationOthers) = shard.Cells.CountOf(HeldOutKind.Validation);
        var (testZeros, testOthers) = shard.Cells.CountOf(HeldOutKind.Test);
        return new ArraySet()
            .Set(ReferenceKeys.Slots, ReferenceSlots.Of(data, shard.RowsOf(false).Length))
            .Set(ReferenceKeys.Cells, [validationZeros, validationOthers, testZeros, testOthers]);
    }

    private ArraySet Score(HeldOutKind kind, ReferenceField zeros, ReferenceField others)
    {
        var restart = (int)Field(ReferenceField.Restart);
        var rows = new ReferenceSampler(options, shard.Parameters, ReferenceStreams.Purpose.RowScore, restart, data.FirstRow);
        var columns = new ReferenceSampler(options, broadcast.Get(ReferenceKeys.Columns), ReferenceStreams.Purpose.ColumnScore, restart, 0);
        var share = HeldOutScorer.ZeroShare(options, Field(zeros), Field(others));
        return new ArraySet().Set(ReferenceKeys.Score, new HeldOutScorer(options).Score(data, kind, rows, columns, share).ToArray());
    }

    private (int[] Rows, double Scale) Batch(long batch, bool heldOut)
    {
        var all = (long)Field(heldOut ? ReferenceField.HeldOutRows : ReferenceField.TrainingRows);
        var stream = ReferenceStreams.Of(
            ReferenceStreams.Purpose.Order, (int)Field(ReferenceField.Restart), (ulong)Field(ReferenceField.EpochTick));
        var batches = ReferenceSchedule.Batches(all, options);
        var (first, last) = batches.Range(batch);
        return (shard.Batch(new EpochOrder(options.Seed, stream, all), first, last, heldOut), batches.Scale(batch));
    }

    private ArraySet Exact(bool isProjection)
    {
        var (rows, scale) = Batch((long)Field(ReferenceField.Batch), isProjection);
        var (first, last) = Slice(data, options.Columns);
        Compute(rows, scale, broadcast.Get(ReferenceKeys.Columns), broadcast.Get(ReferenceKeys.RowPrior),
            broadcast.Get(ReferenceKeys.ColumnPrior), (ulong)Field(ReferenceField.Tick), first, last, isProjection);
        shard.Await(rows, gradient.RowGradient);
        var partial = new ArraySet().Set(ReferenceKeys.Sums, [gradient.RowSquaredNorm, Loss(), 0]);
        if (!isProjection)
        {
            partial.Set(ReferenceKeys.Columns, gradient.TakeColumnGradient())
                .Set(ReferenceKeys.RowPrior, [.. gradient.RowPriorGradient]).Set(
                    ReferenceKeys.ColumnPrior, [.. gradient.ColumnPriorGradient]);
        }

        return Checked(partial);
    }

    private double Loss() => -(gradient.LogLik + gradient.LogPrior + gradient.Entropy);

    private void Compute(
        int[] rows, double scale, double[] columns, double[] rowPrior, double[] columnPrior, ulong tick, int first, int last,
        bool areColumnsFrozen)
    {
        var batch = new ReferenceBatch(data, shard.Cells, rows, shard.Constants, scale);
        var noise = new ReferenceNoise(options, (int)Field(ReferenceField.Restart), tick);
        gradient.Compute(batch, shard.Parameters, columns, rowPrior, columnPrior, noise, first, last, areColumnsFrozen);
    }

    // Each shard goes on alone from the same parameters and moments, on its own rows of the batches, which stand for all rows; its changes
    // count as much as its share of the training rows. A batch without a row of this shard is no step here.
    private ArraySet LocalSteps()
    {
        var share = shard.RowsOf(false).Length / Field(ReferenceField.TrainingRows);
        StateKey[][] keys = [.. Enumerable.Range(0, ReferenceKeys.Parts.Length).Select(
            part => (StateKey[])[ReferenceKeys.Parts[part], ReferenceKeys.First[part], ReferenceKeys.Second[part]])];
        var own = keys.Select(ofPart => ofPart.Select(key => (double[])broadcast.Get(key).Clone()).ToArray()).ToArray();
        double[] sums = [0, 0, 0];
        var batches = ReferenceSchedule.Batches(Field(ReferenceField.TrainingRows), options).Count;
        var last = long.Min(batches, (long)Field(ReferenceField.Batch) + options.LocalSteps);
        for (var b = (long)Field(ReferenceField.Batch); b < last; b++)
        {
            var step = b - (long)Field(ReferenceField.Batch);
            var (rows, _) = Batch(b, false);
            if (rows.Length == 0)
            {
                continue;
            }

            var scale = Field(ReferenceField.TrainingRows) / rows.Length;
            Compute(rows, scale, own[0][0], own[1][0], own[2][0], (ulong)(Field(ReferenceField.Tick) + step), 0, options.Columns, false);
            double[][] gradients = [gradient.ColumnGradient, gradient.RowPriorGradient, gradient.ColumnPriorGradient];
            var norm = double.Sqrt(gradient.RowSquaredNorm + gradients.Sum(g => FactorKernel.Dot(g, g)));
            var adam = new Adam(
                0, options.WeightDecay, GradientClip.Factor(norm, options.ClipNorm), Field(ReferenceField.AdamStep) + step + 1);
            for (var part = 0; part < own.Length; part++)
            {
                var rate = part == 0 ? options.ColumnLearningRate : options.MixtureLearningRate;
                (adam with { Rate = rate * Field(ReferenceField.RateFactor) }).Apply(
                    own[part][0], own[part][1], own[part][2], gradients[part]);
            }

            shard.Step(adam with { Rate = options.RowLearningRate * Field(ReferenceField.RateFactor) }, false, rows, gradient.RowGradient);
            sums[1] += share * Loss();
            sums[2] += share;
        }

        var partial = new ArraySet().Set(ReferenceKeys.Sums, sums);
        for (var part = 0; part < own.Length; part++)
        {
            for (var k = 0; k < keys[part].Length; k++)
            {
                var (from, change) = (broadcast.Get(keys[part][k]), own[part][k]);
                for (var i = 0; i < change.Length; i++)
                {
                    change[i] = share * (change[i] - from[i]);
                }

                partial.Set(keys[part][k], change);
            }
        }

        return Checked(partial);
    }

    // A step that is not finite is reported by a flag, not by its numbers, so that the coordinator can go back.
    private static ArraySet Checked(ArraySet partial)
    {
        var flags = new double[1 + ReferenceKeys.Parts.Length];
        if (partial.FirstNonFinite() is { } name)
        {
            var part = Array.FindIndex(
                ReferenceKeys.Parts, key => name == key.Name || name.EndsWith("." + key.Name, StringComparison.Ordinal));
            foreach (var array in partial)
            {
                array.Values.AsSpan().Clear();
            }

            flags[part + 1] = 1;
        }

        return partial.Set(ReferenceKeys.Flags, flags);
    }
}
