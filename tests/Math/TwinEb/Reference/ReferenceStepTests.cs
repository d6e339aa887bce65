using FitCluster.Math.Models;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>
/// What the options of a step do: rates by group, clipping, decay, particles, batches and local steps, each against a calculation of its
/// own.
/// </summary>
public sealed class ReferenceStepTests
{
    private const int Rows = 60;
    private const int Columns = 20;

    private static readonly TwinEbOptions s_options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson) with
    {
        BatchSize = Rows,
        Steps = 3,
        RestoreBest = false,
        DivergenceFactor = 1e9,
    };

    [Theory]
    [InlineData(2, 1e-5, 0.01, 0.01)]
    [InlineData(2, 1e-5, 0.04, 0.002)]
    [InlineData(0.003, 1e-5, 0.01, 0.01)]
    [InlineData(1e12, 1e-5, 0.01, 0.01)]
    [InlineData(2, 0, 0.01, 0.01)]
    [InlineData(2, 0.5, 0.01, 0.02)]
    public void Columns_and_priors_move_by_Adam_of_the_clipped_gradient_with_decay_at_their_own_rates(
        double clipNorm, double weightDecay, double columnRate, double mixtureRate)
    {
        var gradients = new List<ArraySet>();
        var run = new ReferenceRun(
            s_options with
            {
                ClipNorm = clipNorm,
                WeightDecay = weightDecay,
                ColumnLearningRate = columnRate,
                MixtureLearningRate = mixtureRate
            },
            ReferenceProblem.Make(1, Rows, Columns, TwinEbLikelihood.Poisson, 2),
            spoil: (_, partial) =>
            {
                if (partial.Contains("sums"))
                {
                    gradients.Add(partial.Clone());
                }

                return partial;
            });
        Assert.Equal(3, gradients.Count);
        foreach (var part in ReferenceKeys.Parts)
        {
            var start = run.Globals[0].Get(part);
            var (m, v, x) = (new double[start.Length], new double[start.Length], (double[])start.Clone());
            for (var step = 1; step <= gradients.Count; step++)
            {
                var squares = gradients[step - 1]["sums"][0] + ReferenceKeys.Parts.Sum(p => gradients[step - 1].Get(p).Sum(g => g * g));
                var clip = double.Min(1, clipNorm / (double.Sqrt(squares) + 1e-6));
                for (var at = 0; at < x.Length; at++)
                {
                    var g = (clip * gradients[step - 1].Get(part)[at]) + (weightDecay * x[at]);
                    m[at] = (0.9 * m[at]) + (0.1 * g);
                    v[at] = (0.999 * v[at]) + (0.001 * g * g);
                    var (mean, square) = (m[at] / (1 - double.Pow(0.9, step)), v[at] / (1 - double.Pow(0.999, step)));
                    x[at] -= (part == ReferenceKeys.Columns ? columnRate : mixtureRate) * mean / (double.Sqrt(square) + 1e-8);
                    Assert.Equal(x[at], run.Globals[step].Get(part)[at], 1e-12);
                }
            }
        }
    }

    [Fact]
    public void The_gradient_of_several_particles_is_the_mean_of_theirs()
    {
        var options = s_options with { Particles = 3 };
        var data = ReferenceProblem.Make(2, Rows, Columns, TwinEbLikelihood.Poisson)[0];
        var noise = new ReferenceNoise(options, 0, 7);
        var all = Gradient(options, data, noise);
        var each = Enumerable.Range(0, 3).Select(p => Gradient(options with { Particles = 1 }, data, new OneOf(noise, p))).ToArray();
        for (var at = 0; at < all.Length; at++)
        {
            var mean = each.Sum(g => g[at]) / 3;
            Assert.Equal(mean, all[at], 1e-10 * double.Max(1, each.Max(g => double.Abs(g[at]))));
        }

        // That the fit draws as many as it is told: the first round's gradient is that of the first tick's draws.
        ArraySet? first = null;
        var run = new ReferenceRun(options, [data], spoil: (_, partial) =>
        {
            first ??= partial.Contains("sums") ? partial.Clone() : null;
            return partial;
        });
        var gradient = new ReferenceGradient(options);
        var rows = Enumerable.Range(0, Rows).ToArray();
        gradient.Compute(
            new ReferenceBatch(data, new HeldOutCells(data), rows, ReferenceShard.RowConstants(data, options), 1),
            StartedRows(options, data, run.Globals[0]), run.Globals[0]["columns"],
            run.Globals[0]["rowPrior"], run.Globals[0]["columnPrior"], new ReferenceNoise(options, 0, 0), 0, Columns, false);
        Assert.Equal(gradient.ColumnGradient, first!["columns"]);
    }

    [Theory]
    [InlineData(60, 1)]
    [InlineData(61, 1)]
    [InlineData(1000, 1)]
    [InlineData(59, 2)]
    [InlineData(7, 9)]
    public void An_epoch_has_so_many_batches_in_which_every_row_is_once(int batchSize, int batches)
    {
        // Losses are scaled to all rows: 60 / batch. Rows that were in a batch are those whose gradient waits.
        var model = new TwinEbReferenceModel(s_options with { BatchSize = batchSize, Steps = batches });
        var data = ReferenceProblem.Make(3, Rows, Columns, TwinEbLikelihood.Poisson)[0];
        var (global, shard, seen, sizes) = (model.InitialGlobal(), model.InitialShard(data), new List<double>(), new List<int>());
        while (!model.Report(global).IsDone)
        {
            global = model.Update(global, model.Local(model.Broadcast(global), data, shard));
            if (shard["pendingRows"].Length > 0)
            {
                seen.AddRange(shard["pendingRows"]);
                sizes.Add(shard["pendingRows"].Length);
            }
        }

        Assert.Equal(batches, sizes.Count);
        Assert.Equal(Enumerable.Range(0, Rows).Select(i => (double)i), seen.Order());
        Assert.All(sizes[..^1], size => Assert.Equal(batchSize, size));
    }

    [Fact]
    public void Local_steps_end_at_the_mean_of_the_shards_own_steps_weighted_by_their_training_rows()
    {
        // An epoch of one batch: one step alone from the same place, on each shard's own rows, which stand for all rows.
        var options = s_options with { LocalSteps = 2, Steps = 1 };
        var shards = Uneven(ReferenceProblem.Make(4, Rows, Columns, TwinEbLikelihood.Poisson, 3, heldOutRows: 7));
        var run = new ReferenceRun(options, shards);
        var training = shards.Select(d => new HeldOutCells(d).TrainingRows).ToArray();
        Assert.Equal(2, shards.Length);
        Assert.NotEqual(training[0], training[1]);
        foreach (var (part, rate) in new[] { (ReferenceKeys.Columns, options.ColumnLearningRate), (ReferenceKeys.RowPrior,
            options.MixtureLearningRate), (ReferenceKeys.ColumnPrior, options.MixtureLearningRate) })
        {
            var expected = new double[run.Globals[0].Get(part).Length];
            for (var s = 0; s < shards.Length; s++)
            {
                var alone = Alone(options, shards[s], run.Globals[0], part, rate, training.Sum() / (double)training[s]);
                for (var at = 0; at < expected.Length; at++)
                {
                    expected[at] += alone[at] * training[s] / training.Sum();
                }
            }

            for (var at = 0; at < expected.Length; at++)
            {
                Assert.Equal(expected[at], run.Globals[1].Get(part)[at], 1e-12);
            }
        }
    }

    // Two shards of three: the first two as one, by leaving the third out, so that sizes differ by held-out rows alone.
    private static ShardData[] Uneven(ShardData[] shards)
    {
        var rows = shards[0].Block.Rows + shards[1].Block.Rows;
        return [.. shards[..2].Select(d => new ShardData(d.Shard, d.FirstRow, rows, d.Block, null, d.Extras))];
    }

    // One step of Adam from zero moments on a shard's own training rows.
    private static double[] Alone(TwinEbOptions options, ShardData data, ArraySet global, StateKey part, double rate, double scale)
    {
        var cells = new HeldOutCells(data);
        int[] rows = [.. Enumerable.Range(0, data.Block.Rows).Where(i => !cells.IsHeldOutRow(i))];
        var gradient = new ReferenceGradient(options);
        gradient.Compute(
            new ReferenceBatch(data, cells, rows, ReferenceShard.RowConstants(data, options), scale), StartedRows(options, data, global),
            global["columns"], global["rowPrior"], global["columnPrior"],
            new ReferenceNoise(options, 0, 0), 0, Columns, false);
        double[][] gradients = [gradient.ColumnGradient, gradient.RowPriorGradient, gradient.ColumnPriorGradient];
        var clip = double.Min(1, options.ClipNorm / (double.Sqrt(gradient.RowSquaredNorm + gradients.Sum(a => a.Sum(g => g * g))) + 1e-6));
        var own = gradients[Array.IndexOf(ReferenceKeys.Parts, part)];
        return [.. global.Get(part).Zip(own, (x, g) =>
        {
            var clipped = (clip * g) + (options.WeightDecay * x);
            return x - (rate * clipped / (double.Abs(clipped) + 1e-8));
        })];
    }

    // The rows as a fit starts them: a shard that carries out the first round's orders, but takes no step.
    private static double[] StartedRows(TwinEbOptions options, ShardData data, ArraySet global)
    {
        var model = new TwinEbReferenceModel(options);
        var shard = model.InitialShard(data);
        var orders = model.Broadcast(global);
        orders["scalars"][(int)ReferenceField.Phase] = (int)ReferencePhase.Finish;
        model.Local(orders, data, shard);
        return shard["rows"];
    }

    private static double[] Gradient(TwinEbOptions options, ShardData data, IReferenceNoise noise)
    {
        var gradient = new ReferenceGradient(options);
        var rows = Enumerable.Range(0, Rows).ToArray();
        gradient.Compute(
            new ReferenceBatch(data, new HeldOutCells(data), rows, ReferenceShard.RowConstants(data, options), 1),
            ReferenceProblem.Normals(1, 1, 2 * Rows * options.Factors, 0.3),
            ReferenceProblem.Normals(1, 2, 2 * Columns * options.Factors, 0.3),
            ReferenceProblem.Normals(1, 3, gradient.RowPrior.Parameters, 0.3),
            ReferenceProblem.Normals(1, 4, gradient.ColumnPrior.Parameters, 0.3),
            noise, 0, Columns, false);
        return [.. gradient.RowGradient[..(2 *
            Rows * options.Factors)], .. gradient.ColumnGradient, .. gradient.RowPriorGradient, .. gradient.ColumnPriorGradient];
    }

    // The draws of one particle, as if it were the only one.
    private sealed class OneOf(IReferenceNoise noise, int which) : IReferenceNoise
    {
        public void Columns(int particle, int count, int width, Span<double> normals) =>
            noise.Columns(which + particle, count, width, normals);

        public void Row(int particle, long row, int width, Span<double> normals) => noise.Row(which + particle, row, width, normals);
    }
}
