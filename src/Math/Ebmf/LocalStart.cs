using System.Numerics.Tensors;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The local steps that find where new factors start, on the residuals R = Y - L F' (missing entries have residual 0), weighted by
/// u_i v_j where weights are sent (<see cref="StartWeights"/>: v_j; u_i are the shard's own). Entries that are missing or weighted one by
/// one: <see cref="LocalStartOfObserved"/>.
/// </summary>
internal static class LocalStart
{
    /// <summary>
    /// Z = R Q for an orthonormal block Q; back go R'Z (before L F' is taken out: X'Z and L'Z) and Z'Z. Weighted: the same of
    /// U^(1/2) R V^(1/2), but for the columns' roots V^(1/2) on the left of R'Z.
    /// </summary>
    public static ArraySet Subspace(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise)
    {
        var b = order.Vectors.Length;
        var isWeighted = order.Weights.Length > 0;
        if ((data.Block.MissingCount > 0 && order.Factors > 0) || (isWeighted && noise.ByEntry))
        {
            return LocalStartOfObserved.Subspace(order, data, shard, options, noise);
        }

        var (z2, lz) = (new double[b * b], new double[order.Factors * b]);
        double[][] vectors = isWeighted ? [.. order.Vectors.Select(q => StartWeights.Weighted(order.Weights, q))] : order.Vectors;
        var roots = RowWeights(order, shard, noise)?.Select(double.Sqrt).ToArray();
        var cross = ForResiduals(order, vectors, data, shard, (first, count, z) =>
        {
            MultiplyRows(z, b, roots, first, count);
            for (var t = 0; t < b; t++)
            {
                for (var other = 0; other <= t; other++)
                {
                    z2[(t * b) + other] += TensorPrimitives.Dot<double>(z.AsSpan(other * count, count), z.AsSpan(t * count, count));
                }
            }

            MultiplyRows(z, b, roots, first, count);
            AddLoadingsCross(order, shard, first, count, z, lz);
        });
        return new ArraySet().Set(PartialKeys.Cross, cross).Set(PartialKeys.LoadingsCross, lz).Set(PartialKeys.Gram, z2);
    }

    /// <summary>The rows' part u_i of the weights; null where they have none, or none are wanted.</summary>
    public static double[]? RowWeights(EbmfBroadcast order, EbmfShard shard, EbmfNoise noise) =>
        order.Weights.Length > 0 && noise.HasRowPrecision ? shard.RowNoise : null;

    private static void MultiplyRows(double[] z, int b, double[]? by, int first, int count)
    {
        for (var t = 0; by is not null && t < b; t++)
        {
            var chunk = z.AsSpan(t * count, count);
            TensorPrimitives.Multiply(chunk, by.AsSpan(first, count), chunk);
        }
    }

    // Goes through the rows in chunks with Z = R Q of each, which the body may change; X'Z comes back.
    private static double[] ForResiduals(
        EbmfBroadcast order, double[][] vectors, ShardData data, EbmfShard shard, Action<int, int, double[]> body)
    {
        var b = vectors.Length;
        var fq = Products(order.Mean, vectors);
        using var products = new BlockProducts(data.Block, vectors, transpose: true);
        var z = new double[b * products.ChunkRows];
        for (var first = 0; first < shard.Rows; first += products.ChunkRows)
        {
            var count = int.Min(products.ChunkRows, shard.Rows - first);
            products.Multiply(first, count, z);
            for (var k = 0; k < order.Factors; k++)
            {
                var l = shard.Mean[k].AsSpan(first, count);
                for (var t = 0; t < b; t++)
                {
                    TensorPrimitives.MultiplyAdd(l, -fq[(k * b) + t], z.AsSpan(t * count, count), z.AsSpan(t * count, count));
                }
            }

            body(first, count, z);
            products.AccumulateTranspose(first, count, z);
        }

        return products.Transposed();
    }

    // L'Z, K x b.
    private static void AddLoadingsCross(EbmfBroadcast order, EbmfShard shard, int first, int count, double[] z, double[] lz)
    {
        var b = order.Vectors.Length;
        for (var k = 0; k < order.Factors; k++)
        {
            for (var t = 0; t < b; t++)
            {
                lz[(k * b) + t] += TensorPrimitives.Dot<double>(shard.Mean[k].AsSpan(first, count), z.AsSpan(t * count, count));
            }
        }
    }

    /// <summary>
    /// One alternating least-squares pass for each of several starts of one new factor: l_i = sum_j R_ij f_j / sum_j f_j^2 over observed j,
    /// clamped to the sign asked for; back go sum_i R_ij l_i (before L F' is taken out: X'l and L'l), sum_i l_i^2 over observed i (by
    /// column where entries are missing), and the sums of squares of the positive and negative l. All sums are weighted where weights are
    /// sent; those by column without the columns' part.
    /// </summary>
    public static ArraySet Power(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise)
    {
        var (b, p) = (order.Vectors.Length, data.Block.Columns);
        var sums = new double[2 * b];
        var isWeighted = order.Weights.Length > 0;
        if (data.Block.MissingCount > 0 || (isWeighted && noise.ByEntry))
        {
            return LocalStartOfObserved.Power(order, data, shard, options, noise);
        }

        var squares = order.Vectors.Select(f => StartWeights.SumOfSquares(order.Weights, f)).ToArray();
        var lz = new double[order.Factors * b];
        var u = RowWeights(order, shard, noise);
        var cross = ForResiduals(order, Weighted(order), data, shard, (first, count, z) =>
        {
            for (var t = 0; t < b; t++)
            {
                var l = z.AsSpan(t * count, count);
                for (var r = 0; r < count; r++)
                {
                    l[r] = Clamped(squares[t] > 0 ? l[r] / squares[t] : 0, order.Sign, u?[first + r] ?? 1, sums.AsSpan(2 * t, 2));
                }
            }

            MultiplyRows(z, b, u, first, count);
            AddLoadingsCross(order, shard, first, count, z, lz);
        });
        var partial = new ArraySet().Set(PartialKeys.Cross, cross).Set(PartialKeys.LoadingsCross, lz).Set(PartialKeys.Signs, sums);
        return order.IsByColumn ? partial.Set(PartialKeys.Denominator, Kept(order.Sign, sums, p)) : partial;
    }

    // The sums of squares of the loadings of each start, for every column alike.
    private static double[] Kept(int sign, double[] sums, int columns)
    {
        var result = new double[sums.Length / 2 * columns];
        for (var t = 0; t < sums.Length / 2; t++)
        {
            result.AsSpan(t * columns, columns).Fill(PowerStep.Kept(sign, sums, t));
        }

        return result;
    }

    // The vectors times the columns' part of the weights.
    private static double[][] Weighted(EbmfBroadcast order) => order.Weights.Length == 0 ? order.Vectors
        : [.. order.Vectors.Select(f => f.Zip(order.Weights, (v, w) => v * w).ToArray())];

    /// <summary>The loading, or 0 where it has not the sign asked for; its square goes to the sum of its sign.</summary>
    public static double Clamped(double l, int sign, double weight, Span<double> sums)
    {
        sums[l > 0 ? 0 : 1] += weight * l * l;
        return l * sign < 0 ? 0 : l;
    }

    /// <summary>
    /// The loadings of given directions, l = (X f - sum over the other factors of E l_k f_k'f) / sum of f^2 over observed entries, become
    /// the accepted state. Back go the sums of squares by sign, and the loadings of evenly spaced rows (<see cref="BlockRotation"/>).
    /// </summary>
    public static ArraySet Project(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise)
    {
        var (vectors, u) = (Weighted(order), RowWeights(order, shard, noise));
        using var products = new BlockProducts(data.Block, vectors, transpose: false);
        var b = order.Vectors.Length;
        var xf = new double[b * products.ChunkRows];
        var signs = new double[2 * b];
        var (stride, rows) = (BlockRotation.Stride(options.Rows), BlockRotation.Count(options.Rows));
        var sample = new double[b * rows];
        var others = Enumerable.Range(0, order.Factors).Except(order.Active).ToArray();
        var shared = Products([.. others.Select(k => order.Mean[k])], vectors);
        for (var first = 0; first < shard.Rows; first += products.ChunkRows)
        {
            var count = int.Min(products.ChunkRows, shard.Rows - first);
            products.Multiply(first, count, xf);
            for (var t = 0; t < b; t++)
            {
                var k = order.Active[t];
                for (var o = 0; o < others.Length; o++)
                {
                    var to = xf.AsSpan(t * count, count);
                    TensorPrimitives.MultiplyAdd(shard.Mean[others[o]].AsSpan(first, count), -shared[(o * b) + t], to, to);
                }

                var square = StartWeights.SumOfSquares(order.Weights, order.Vectors[t]);
                for (var r = 0; r < count; r++)
                {
                    var observed = ObservedShare(data.Block, first + r, order.Vectors[t], vectors[t], square);
                    var l = observed > 0 ? xf[(t * count) + r] / (order.Denominators[t] * observed) : 0;
                    shard.Mean[k][first + r] = l;
                    shard.Variance[k][first + r] = 0;
                    var weight = u?[first + r] ?? 1;
                    signs[(2 * t) + (l > 0 ? 0 : 1)] += weight * l * l;
                    if ((data.FirstRow + first + r) % stride == 0)
                    {
                        sample[(t * rows) + ((data.FirstRow + first + r) / stride)] = l * double.Sqrt(weight);
                    }
                }
            }
        }

        return new ArraySet().Set(PartialKeys.Signs, signs).Set(PartialKeys.Sample, sample);
    }

    // The share of the sum of f^2 that is of a row's observed entries.
    private static double ObservedShare(MatrixBlock block, int row, double[] f, double[] weighted, double whole)
    {
        if (block.MissingCount == 0)
        {
            return 1;
        }

        var sum = 0.0;
        foreach (var j in block.IsSparse ? block.RowColumns(row) : block.MissingColumns(row))
        {
            sum += f[j] * weighted[j];
        }

        var share = block.IsSparse ? sum / whole : 1 - (sum / whole);
        return share > 1e-12 ? share : 0;
    }

    private static double[] Products(double[][] f, double[][] q)
    {
        var result = new double[f.Length * q.Length];
        for (var k = 0; k < f.Length; k++)
        {
            for (var t = 0; t < q.Length; t++)
            {
                result[(k * q.Length) + t] = TensorPrimitives.Dot<double>(f[k], q[t]);
            }
        }

        return result;
    }
}
