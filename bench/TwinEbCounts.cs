using FitCluster.Math.Numerics;

namespace FitCluster.Bench;

/// <summary>
/// Counts of a Poisson factorization with clusters, from counter-based random numbers: the same in every run. x_ij ~ Poisson(level_i
/// a(cluster_i, group_j) weight_j); for each group of columns the total of a row is drawn, then the column of each count, so that the
/// cost follows the counts and not the cells.
/// </summary>
internal static class TwinEbCounts
{
    private const int Groups = 16;
    private const int Clusters = 12;
    private const ulong Seed = 19;

    /// <summary>n x p counts with about the given mean number of non-zeros a row, as CSR arrays.</summary>
    public static (double[] Values, int[] Columns, long[] Starts) Make(int n, int p, double perRow)
    {
        var cumulative = new double[Groups][];
        for (var g = 0; g < Groups; g++)
        {
            cumulative[g] = new double[(p - g + Groups - 1) / Groups];
            var sum = 0.0;
            for (var at = 0; at < cumulative[g].Length; at++)
            {
                sum += double.Exp(0.7 * Philox.Normal(Seed, 1, (ulong)((at * Groups) + g)));
                cumulative[g][at] = sum;
            }
        }

        var affinities = Affinities(cumulative);
        var blocks = new (List<double> Values, List<int> Columns, int[] Counts)[64];
        Parallel.For(0, blocks.Length, b =>
        {
            var (first, last) = ((int)((long)n * b / blocks.Length), (int)((long)n * (b + 1) / blocks.Length));
            var (values, columns, counts) = (new List<double>((int)(1.1 * perRow * (last - first))),
                new List<int>((int)(1.1 * perRow * (last - first))), new int[last - first]);
            var row = new List<int>();
            for (var i = first; i < last; i++)
            {
                Row(i, perRow, cumulative, affinities, row);
                row.Sort();
                var before = values.Count;
                for (var at = 0; at < row.Count; at++)
                {
                    if (at > 0 && row[at] == row[at - 1])
                    {
                        values[^1]++;
                    }
                    else
                    {
                        values.Add(1);
                        columns.Add(row[at]);
                    }
                }

                counts[i - first] = values.Count - before;
            }

            blocks[b] = (values, columns, counts);
        });
        var starts = new long[n + 1];
        var next = 0;
        foreach (var count in blocks.SelectMany(b => b.Counts))
        {
            starts[next + 1] = starts[next] + count;
            next++;
        }

        var (allValues, allColumns) = (new double[starts[n]], new int[starts[n]]);
        var to = 0;
        for (var b = 0; b < blocks.Length; b++)
        {
            blocks[b].Values.CopyTo(allValues, to);
            blocks[b].Columns.CopyTo(allColumns, to);
            to += blocks[b].Values.Count;
            blocks[b] = default;
        }

        return (allValues, allColumns, starts);
    }

    // Shares of the groups in the counts of a cluster, of sum 1.
    private static double[] Affinities(double[][] cumulative)
    {
        var affinities = new double[Clusters * Groups];
        for (var c = 0; c < Clusters; c++)
        {
            var sum = 0.0;
            for (var g = 0; g < Groups; g++)
            {
                affinities[(c * Groups) + g] = cumulative[g][^1] * double.Exp(1.2 * Philox.Normal(Seed, 2, (ulong)((c * Groups) + g)));
                sum += affinities[(c * Groups) + g];
            }

            for (var g = 0; g < Groups; g++)
            {
                affinities[(c * Groups) + g] /= sum;
            }
        }

        return affinities;
    }

    private static void Row(int i, double perRow, double[][] cumulative, double[] affinities, List<int> row)
    {
        row.Clear();
        const double Spread = 0.5;
        var level = perRow * double.Exp((Spread * Philox.Normal(Seed, 3, (ulong)i)) - (Spread * Spread / 2));
        var cluster = (int)(Clusters * Philox.Uniform(Seed, 4, (ulong)i));
        var draw = 0UL;
        double Uniform() => Philox.Uniform(Seed, 5, ((ulong)i << 20) + draw++);
        for (var g = 0; g < Groups; g++)
        {
            var count = Poisson(level * affinities[(cluster * Groups) + g], Uniform());
            for (var c = 0; c < count; c++)
            {
                var at = Array.BinarySearch(cumulative[g], Uniform() * cumulative[g][^1]);
                row.Add(((at < 0 ? ~at : at) * Groups) + g);
            }
        }
    }

    // By inversion.
    private static int Poisson(double mean, double uniform)
    {
        var (x, p) = (0, double.Exp(-mean));
        for (var sum = p; sum < uniform && x < 2000; sum += p)
        {
            x++;
            p *= mean / x;
        }

        return x;
    }
}
