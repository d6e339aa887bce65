using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.Svi;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// A shard's part of a round. Partials: "sums" = [squared norm of the rows' gradient, loss, weight of the loss, a flag of what is not finite, 0 if nothing], and the
/// gradients (or, with local steps, the weighted changes) of columns and both priors.
/// </summary>
internal sealed class ReferenceLocal(TwinEbOptions options, ReferenceGradient gradient, ArraySet broadcast, ShardData data, ReferenceShard shard)
{
    private readonly double[] _scalars = broadcast["scalars"];

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
            .Set("slots", ReferenceSlots.Of(data, shard.RowsOf(false).Length))
            .Set("cells", [validationZeros, validationOthers, testZeros, testOthers]);
    }

    private ArraySet Score(HeldOutKind kind, ReferenceField zeros, ReferenceField others)
    {
        var restart = (int)Field(ReferenceField.Restart);
        var rows = new ReferenceSampler(options, shard.Parameters, ReferenceStreams.Purpose.RowScore, restart, data.FirstRow);
        var columns = new ReferenceSampler(options, broadcast["columns"], ReferenceStreams.Purpose.ColumnScore, restart, 0);
        var share = HeldOutScorer.ZeroShare(options, Field(zeros), Field(others));
        return new ArraySet().Set(new HeldOutScorer(options).Score(data, kind, rows, columns, share).ToNamedArray("score"));
    }

    private (int[] Rows, double Scale) Batch(long batch, bool heldOut)
    {
        var all = (long)Field(heldOut ? ReferenceField.HeldOutRows : ReferenceField.TrainingRows);
        var stream = ReferenceStreams.Of(ReferenceStreams.Purpose.Order, (int)Field(ReferenceField.Restart), (ulong)Field(ReferenceField.EpochTick));
        var batches = ReferenceSchedule.Batches(all, options);
        var (first, last) = batches.Range(batch);
        return (shard.Batch(new EpochOrder(options.Seed, stream, all), first, last, heldOut), batches.Scale(batch));
    }

    private ArraySet Exact(bool isProjection)
    {
        var (rows, scale) = Batch((long)Field(ReferenceField.Batch), isProjection);
        var (first, last) = Slice(data, options.Columns);
        Compute(rows, scale, broadcast["columns"], broadcast["rowPrior"], broadcast["columnPrior"], (ulong)Field(ReferenceField.Tick), first, last, isProjection);
        shard.Await(rows, gradient.RowGradient);
        var partial = new ArraySet().Set("sums", [gradient.RowSquaredNorm, Loss(), 0, 0]);
        if (!isProjection)
        {
            partial.Set("columns", gradient.TakeColumnGradient()).Set("rowPrior", [.. gradient.RowPriorGradient]).Set("columnPrior", [.. gradient.ColumnPriorGradient]);
        }

        return Checked(partial);
    }

    private double Loss() => -(gradient.LogLik + gradient.LogPrior + gradient.Entropy);

    private void Compute(
        int[] rows, double scale, double[] columns, double[] rowPrior, double[] columnPrior, ulong tick, int first, int last, bool areColumnsFrozen)
    {
        var batch = new ReferenceBatch(data, shard.Cells, rows, shard.Constants, scale);
        var noise = new ReferenceNoise(options, (int)Field(ReferenceField.Restart), tick);
        gradient.Compute(batch, shard.Parameters, columns, rowPrior, columnPrior, noise, first, last, areColumnsFrozen);
    }

    // Each shard goes on alone from the same parameters and moments, on its own rows of the batches, which stand for all rows; its changes count as much
    // as its share of the training rows. A batch without a row of this shard is no step here.
    private ArraySet LocalSteps()
    {
        var share = shard.RowsOf(false).Length / Field(ReferenceField.TrainingRows);
        string[] suffixes = ["", "First", "Second"];
        var own = ReferenceState.Parts.Select(p => suffixes.Select(s => (double[])broadcast[p + s].Clone()).ToArray()).ToArray();
        double[] sums = [0, 0, 0, 0];
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
            var adam = new Adam(0, options.WeightDecay, GradientClip.Factor(norm, options.ClipNorm), Field(ReferenceField.AdamStep) + step + 1);
            for (var part = 0; part < own.Length; part++)
            {
                var rate = part == 0 ? options.ColumnLearningRate : options.MixtureLearningRate;
                (adam with { Rate = rate * Field(ReferenceField.RateFactor) }).Apply(own[part][0], own[part][1], own[part][2], gradients[part]);
            }

            shard.Step(adam with { Rate = options.RowLearningRate * Field(ReferenceField.RateFactor) }, false, rows, gradient.RowGradient);
            sums[1] += share * Loss();
            sums[2] += share;
        }

        var partial = new ArraySet().Set("sums", sums);
        for (var part = 0; part < own.Length; part++)
        {
            for (var s = 0; s < suffixes.Length; s++)
            {
                var (name, change) = (ReferenceState.Parts[part] + suffixes[s], own[part][s]);
                var from = broadcast[name];
                for (var i = 0; i < change.Length; i++)
                {
                    change[i] = share * (change[i] - from[i]);
                }

                partial.Set(name, change);
            }
        }

        return Checked(partial);
    }

    // A step that is not finite is reported as a flag, not as numbers, so that the coordinator can go back. Flags are summed over shards, of which there are fewer than 10,000: each array has its own digits.
    private static ArraySet Checked(ArraySet partial)
    {
        if (partial.FirstNonFinite() is { } name)
        {
            var part = System.Array.FindIndex(ReferenceState.Parts, p => name.StartsWith(p, StringComparison.Ordinal));
            foreach (var array in partial)
            {
                array.Values.AsSpan().Clear();
            }

            partial["sums"][3] = double.Pow(ReferenceUpdate.FlagsOfArray, part + 1);
        }

        return partial;
    }
}
