using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>The small local steps of a fit: describing the data, and statistics of priors at kept pseudo-data.</summary>
internal static class LocalSteps
{
    /// <summary>
    /// By column: observed entries N_j, sums of y_ij, and sums of u_i y_ij^2 (with known entry errors and no estimated part: of y^2 / S^2);
    /// for the whole shard: sum of log weights, of y^2, of S^2, and the observed entries.
    /// At first, while there is no unit, only the largest entry.
    /// </summary>
    public static ArraySet Describe(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise)
    {
        if (order.Unit == 0)
        {
            return new ArraySet().Set(PartialKeys.LargestEntry, EbmfUnit.Largest(data.Block));
        }

        var p = data.Block.Columns;
        var counts = new double[p];
        var (sums, squares) = (new double[p], new double[p]);
        var (sumLog, sumSquares, sumKnown, count) = (0.0, 0.0, 0.0, 0.0);
        if (noise.HasRowPrecision || (noise.ByEntry && noise.Variance == VarianceStructure.Row))
        {
            shard.RowNoise = InitialRowNoise(data, noise);
        }

        var direct = !noise.ByEntry && data.Block.MissingCount == 0;
        var reader = new ObservedRow(data, noise.Known, options.StandardErrors);
        for (var i = 0; i < data.Block.Rows; i++)
        {
            var u = noise.HasRowPrecision ? shard.RowNoise[i] : 1;
            if (direct)
            {
                sumSquares += AddSquares(data.Block, i, u, sums, squares);
                count += p;
                sumLog += p * double.Log(u);
                sumKnown += noise.HasRowPrecision ? p / u : 0;
                continue;
            }

            reader.Read(i);
            count += reader.Count;
            sumLog += u == 1 ? 0 : reader.Count * double.Log(u);
            sumKnown += noise.HasRowPrecision ? reader.Count / u : 0;
            for (var e = 0; e < reader.Count; e++)
            {
                var square = reader.Values[e] * reader.Values[e];
                var w = u;
                if (noise.ByEntry)
                {
                    sumKnown += reader.KnownVariance[e];
                    if (noise.Variance == VarianceStructure.Known)
                    {
                        w = 1 / reader.KnownVariance[e];
                        sumLog += double.Log(w);
                    }
                }

                counts[reader.Columns[e]]++;
                sums[reader.Columns[e]] += reader.Values[e];
                squares[reader.Columns[e]] += w * square;
                sumSquares += square;
            }
        }

        if (direct)
        {
            counts.AsSpan().Fill(data.Block.Rows);
        }

        var partial = new ArraySet().Set(PartialKeys.Counts, counts).Set(PartialKeys.Sums, sums).Set(PartialKeys.Squares, squares)
            .Set(PartialKeys.Description, [sumLog, sumSquares, sumKnown, count]);
        FarEntry.Describe(data, partial);
        return partial;
    }

    // Adds y and u y^2 of a fully observed row to the columns' sums; returns the sum of y^2.
    private static double AddSquares(MatrixBlock block, int row, double u, double[] sums, double[] squares)
    {
        var sum = 0.0;
        if (!block.IsSparse)
        {
            var dense = block.DenseRows(row, 1);
            for (var j = 0; j < dense.Length; j++)
            {
                var y = dense[j] * block.Scale;
                sums[j] += y;
                squares[j] += u * y * y;
                sum += y * y;
            }

            return sum;
        }

        var columns = block.RowColumns(row);
        var values = block.RowValues(row);
        for (var e = 0; e < columns.Length; e++)
        {
            var y = values[e] * block.Scale;
            sums[columns[e]] += y;
            squares[columns[e]] += u * y * y;
            sum += y * y;
        }

        return sum;
    }

    /// <summary>The statistics of the priors that were sent, at the kept pseudo-data.</summary>
    public static ArraySet Prior(EbmfBroadcast order, EbmfShard shard)
    {
        var partial = new ArraySet();
        var (mean, variance) = (new double[shard.Rows], new double[shard.Rows]);
        for (var t = 0; t < order.Active.Length; t++)
        {
            var prior = order.Priors[t];
            var family = EbnmFamilies.Get(prior.Family);
            var statistics = new double[family.StatisticsLength(prior)];
            family.Accumulate(prior, shard.X[t], shard.S[t], mean, variance, statistics);
            partial.Set(PartialKeys.Statistics.At(t), Finite(statistics));
        }

        return partial;
    }

    /// <summary>
    /// Statistics [1] and [2] are NaN where a family has no log-likelihood (flat) or no point mass: neither is a sign of divergence. They
    /// travel as 0, and as a log-likelihood that nothing undercuts.
    /// </summary>
    public static double[] Finite(double[] statistics)
    {
        if (double.IsNaN(statistics[1]))
        {
            statistics[1] = 0;
        }

        if (double.IsNaN(statistics[2]))
        {
            statistics[2] = NoPointMass;
        }

        return statistics;
    }

    // Far below any log-likelihood, and still finite when summed over any number of shards.
    private const double NoPointMass = -1e300;

    private static double[] InitialRowNoise(ShardData data, EbmfNoise noise)
    {
        var result = new double[data.Block.Rows];
        result.AsSpan().Fill(1);
        if (noise.HasRowPrecision && noise.Known == KnownErrors.Row)
        {
            var errors = data.Extras.Get(ExtraKeys.StandardErrors);
            for (var i = 0; i < result.Length; i++)
            {
                result[i] = 1 / (errors[i] * errors[i]);
            }
        }

        return result;
    }
}
