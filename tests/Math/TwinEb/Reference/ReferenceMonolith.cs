using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.Svi;
using FitCluster.Math.TwinEb;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>
/// The published loop as one would write it on one machine: all parameters at hand, gradient, clip, Adam on everything at once, scheduler,
/// best epoch. No held-out rows.
/// </summary>
internal sealed class ReferenceMonolith
{
    public ReferenceMonolith(TwinEbOptions options, ShardData data)
    {
        var (rows, l) = (data.Block.Rows, options.Factors);
        var gradient = new ReferenceGradient(options);
        double[][] parameters =
        [
            RowStart(options, rows, l),
            ColumnStart(options, l),
            gradient.RowPrior.Start(options.Seed, ReferenceStreams.Of(ReferenceStreams.Purpose.RowPriorStart, 0, 0)),
            gradient.ColumnPrior.Start(options.Seed, ReferenceStreams.Of(ReferenceStreams.Purpose.ColumnPriorStart, 0, 0)),
        ];
        var first = parameters.Select(p => new double[p.Length]).ToArray();
        var second = parameters.Select(p => new double[p.Length]).ToArray();
        var batches = (rows + options.BatchSize - 1) / options.BatchSize;
        var (rate, plateau, bad, best, step, tick) = (1.0, double.PositiveInfinity, 0, double.PositiveInfinity, 0, 0UL);
        Best = parameters;
        for (var epoch = 0; epoch < options.Steps!.Value / batches; epoch++)
        {
            var order = new EpochOrder(options.Seed, ReferenceStreams.Of(ReferenceStreams.Purpose.Order, 0, (ulong)epoch), rows);
            var loss = 0.0;
            for (var b = 0; b < batches; b++)
            {
                int[] batch = [.. Enumerable.Range(b * options.BatchSize, int.Min(options.BatchSize, rows - (b * options.BatchSize)))
                    .Select(p => (int)order[p]).Order()];
                var constants = ReferenceShard.RowConstants(data, options);
                gradient.Compute(
                    new ReferenceBatch(data, new HeldOutCells(data), batch, constants, rows / (double)batch.Length), parameters[0],
                    parameters[1], parameters[2], parameters[3],
                    new ReferenceNoise(options, 0, tick++), 0, options.Columns, false);
                loss -= (gradient.LogLik + gradient.LogPrior + gradient.Entropy) / batches;
                double[][] gradients = [AllRows(batch, gradient.RowGradient, rows,
                    l), gradient.ColumnGradient, gradient.RowPriorGradient, gradient.ColumnPriorGradient];
                var norm = double.Sqrt(gradients.Sum(g => g.Sum(x => x * x)));
                double[] rates =
                    [options.RowLearningRate, options.ColumnLearningRate, options.MixtureLearningRate, options.MixtureLearningRate];
                step++;
                for (var part = 0; part < 4; part++)
                {
                    new Adam(rate * rates[part], options.WeightDecay, double.Min(1, options.ClipNorm / (norm + 1e-6)), step).Apply(
                        parameters[part], first[part], second[part], gradients[part]);
                }
            }

            Losses.Add(loss);
            if (epoch > 0)
            {
                bad = loss < plateau * (1 - options.PlateauThreshold) || double.IsInfinity(plateau) ? 0 : bad + 1;
                plateau = bad == 0 ? loss : plateau;
                if (bad > options.PlateauPatience)
                {
                    (rate, bad) = (rate * options.PlateauFactor, 0);
                }

                if (loss < best)
                {
                    best = loss;
                    Best = [.. parameters.Select(p => (double[])p.Clone())];
                }
            }
        }
    }

    /// <summary>Rows, columns, both priors, at the best epoch.</summary>
    public double[][] Best { get; }

    public List<double> Losses { get; } = [];

    private static double[] AllRows(int[] batch, double[] batchGradient, int rows, int l)
    {
        var all = new double[2 * rows * l];
        for (var plane = 0; plane < 2; plane++)
        {
            for (var n = 0; n < batch.Length; n++)
            {
                batchGradient.AsSpan(((plane * batch.Length) + n) * l, l).CopyTo(all.AsSpan(((plane * rows) + batch[n]) * l));
            }
        }

        return all;
    }

    private static double[] ColumnStart(TwinEbOptions options, int l)
    {
        var stream = ReferenceStreams.Of(ReferenceStreams.Purpose.ColumnStart, 0, 0);
        var bound = double.Sqrt(6.0 / (options.Columns + l));
        return [.. Enumerable.Range(0, 2 * options.Columns * l).Select(
            p => bound * ((2 * Philox.Uniform(options.Seed, stream, (ulong)p)) - 1))];
    }

    private static double[] RowStart(TwinEbOptions options, int rows, int l)
    {
        var stream = ReferenceStreams.Of(ReferenceStreams.Purpose.RowStart, 0, 0);
        var bound = double.Sqrt(6.0 / (rows + l));
        var start = new double[2 * rows * l];
        for (var i = 0; i < rows; i++)
        {
            for (var p = 0; p < 2 * l; p++)
            {
                start[((p / l * rows) + i) * l + (p % l)] =
                    bound * ((2 * Philox.Uniform(options.Seed, stream, ((ulong)i * 2 * (ulong)l) + (ulong)p)) - 1);
            }
        }

        return start;
    }
}
