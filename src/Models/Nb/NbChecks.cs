using FitCluster.Data;
using FitCluster.Data.Writing;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Math.Numerics;

namespace FitCluster.Models.Nb;

/// <summary>
/// Predictive checks by gene: mean, variance and share of zeros of its counts over all cells, beside the band that 90 % of replicates of
/// the data fall into, their parameters drawn from the posterior. Cells keep their capture and responsibilities (posterior means).
/// </summary>
internal static class NbChecks
{
    /// <summary>The file.</summary>
    public const string FileName = "checks.tsv";

    /// <summary>Draws of the parameters.</summary>
    public const int Draws = 100;

    private const double Tail = 0.05;
    private const ulong Stream = 0x6E62_0001UL << 32;

    /// <summary>The columns of the file.</summary>
    public static readonly string[] Columns =
        ["mean", "mean_low", "mean_high", "variance", "variance_low", "variance_high", "zeros", "zeros_low", "zeros_high"];

    /// <summary>Writes the file.</summary>
    public static void Write(string folder, MatrixSource data, INbDraws draws, NbCellSums cells, ulong seed) => TsvWriter.Write(
        Path.Combine(folder, FileName), data.ColumnNames, Columns, Of(Observed(data), draws, cells, data.Columns, seed));

    /// <summary>The table: genes x <see cref="Columns"/>.</summary>
    /// <param name="observed">Genes x 3: mean, variance (divided by the number of cells) and share of zeros.</param>
    /// <param name="draws">The posterior.</param>
    /// <param name="cells">The cells.</param>
    /// <param name="genes">The genes.</param>
    /// <param name="seed">The seed.</param>
    public static double[] Of(double[] observed, INbDraws draws, NbCellSums cells, int genes, ulong seed)
    {
        var bins = Enumerable.Range(0, cells.Leaves).Select(leaf => cells.Of(leaf).ToArray()).ToArray();
        var draw = new NbDraw(cells.Leaves, genes);
        var replicates = new double[genes * 3 * Draws];
        for (var s = 0; s < Draws; s++)
        {
            draws.Fill(seed, s, draw);
            for (var g = 0; g < genes; g++)
            {
                var moments = NbMoments.Of(draw, g, cells, bins);
                var at = (g * 3 * Draws) + s;
                double Noise(int what) => Philox.Normal(seed, Stream + (ulong)s, (3 * (ulong)g) + (ulong)what);
                replicates[at] = double.Max(0, moments.Mean + (moments.MeanNoise * Noise(0)));
                replicates[at + Draws] = Spread(moments.Variance, moments.VarianceNoise, Noise(1));
                replicates[at + (2 * Draws)] = double.Clamp(moments.Zeros + (moments.ZerosNoise * Noise(2)), 0, 1);
            }
        }

        var table = new double[genes * Columns.Length];
        for (var at = 0; at < genes * 3; at++)
        {
            var of = replicates.AsSpan(at * Draws, Draws);
            of.Sort();
            (table[at * 3], table[(at * 3) + 1], table[(at * 3) + 2]) = (observed[at], Quantile(of, Tail), Quantile(of, 1 - Tail));
        }

        return table;
    }

    /// <summary>Mean, variance and share of zeros of each gene: genes x 3.</summary>
    public static double[] Observed(MatrixSource data)
    {
        var sums = new double[data.Columns * 3];
        for (var row = 0L; row < data.Rows; row++)
        {
            var block = data.RowBlock(row, 1);
            var values = block.IsSparse ? block.RowValues(0) : block.DenseRows(0, 1);
            for (var t = 0; t < values.Length; t++)
            {
                var at = 3 * (block.IsSparse ? block.RowColumns(0)[t] : t);
                sums[at] += values[t];
                sums[at + 1] += values[t] * values[t];
                sums[at + 2] += values[t] != 0 ? 1 : 0;
            }

            block.KeepAlive();
        }

        double n = data.Rows;
        for (var at = 0; at < sums.Length; at += 3)
        {
            var mean = sums[at] / n;
            (sums[at], sums[at + 1], sums[at + 2]) = (mean, (sums[at + 1] / n) - (mean * mean), 1 - (sums[at + 2] / n));
        }

        return sums;
    }

    // Variances scatter about as log-normal numbers of this mean and standard deviation.
    private static double Spread(double variance, double noise, double z)
    {
        if (double.IsInfinity(variance) || !double.IsFinite(noise))
        {
            // No moments: any variance may come, however large; the band has no upper end.
            return z > 0 ? double.PositiveInfinity : 0;
        }

        var log = double.Sqrt(double.LogP1(noise * noise / double.Max(variance * variance, 1e-300)));
        return variance * double.Exp((log * z) - (0.5 * log * log));
    }

    private static double Quantile(ReadOnlySpan<double> sorted, double share)
    {
        var at = share * (sorted.Length - 1);
        var below = (int)at;
        var part = at - below;
        return part == 0 || below + 1 == sorted.Length ? sorted[below]
            : ((1 - part) * sorted[below]) + (part * sorted[below + 1]);
    }
}
