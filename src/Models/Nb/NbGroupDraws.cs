using FitCluster.Math.NegativeBinomial;
using FitCluster.Models.TwinEb;

namespace FitCluster.Models.Nb;

/// <summary>
/// Draws of two groups: within a dataset the mean over the group's components by their weights, in logarithms, and the mean of those over
/// the group's datasets, so that every dataset counts the same.
/// </summary>
/// <param name="draws">The posterior.</param>
/// <param name="options">The model.</param>
/// <param name="weights">Datasets x components.</param>
/// <param name="a">The first group.</param>
/// <param name="b">The second.</param>
/// <param name="composition">Means, or what a cell of them could have.</param>
/// <param name="seed">The seed.</param>
internal sealed class NbGroupDraws(
    INbDraws draws, NbOptions options, double[] weights, NbGroup a, NbGroup b, GroupComposition composition, ulong seed) : IGroupDraws
{
    private const ulong Stream = 0x6E62_0002UL << 32;

    private readonly NbDraw _draw = new(options.Components * options.Datasets.Count, options.Genes);
    private readonly double[] _logs = new double[options.Genes];

    /// <inheritdoc/>
    public void Fill(int number, Span<double> first, Span<double> second)
    {
        draws.Fill(seed, number, _draw);
        Fill(number, a, first);
        Fill(number, b, second);
    }

    private void Fill(int number, NbGroup group, Span<double> to)
    {
        to.Clear();
        foreach (var d in group.Datasets)
        {
            _logs.AsSpan().Fill(double.NegativeInfinity);
            var all = 0.0;
            foreach (var k in group.Components)
            {
                all += weights[(d * options.Components) + k];
            }

            foreach (var k in group.Components)
            {
                // Of one component the weight is no matter, even one of 0.
                var weight = group.Components.Count == 1 ? 1 : weights[(d * options.Components) + k] / all;
                Add(number, (k * options.Datasets.Count) + d, weight);
            }

            for (var g = 0; g < to.Length; g++)
            {
                to[g] += _logs[g] / group.Datasets.Count;
            }
        }
    }

    // logs = log(exp logs + weight x the leaf's).
    private void Add(int number, int leaf, double weight)
    {
        if (weight <= 0)
        {
            return;
        }

        var (at, log) = (leaf * options.Genes, double.Log(weight));
        var stream = Stream + ((ulong)number * (ulong)_draw.Leaves) + (ulong)leaf;
        for (var g = 0; g < options.Genes; g++)
        {
            var (mean, r) = (_draw.Mean[at + g], _draw.Dispersion[at + g]);
            var value = log + (composition == GroupComposition.Means
                ? double.Log(mean)
                : GammaDraw.LogNext(r, seed, stream, (uint)g) + double.Log(mean / r));
            var (low, high) = (double.Min(value, _logs[g]), double.Max(value, _logs[g]));
            _logs[g] = double.IsNegativeInfinity(low) ? high : high + double.LogP1(double.Exp(low - high));
        }
    }
}
