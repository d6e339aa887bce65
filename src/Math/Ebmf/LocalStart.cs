using System.Numerics.Tensors;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The local steps that find where new factors start, on the residuals R = Y - L F' (missing entries have residual 0). They ignore
/// the variances: a start need not be more than good.
/// </summary>
internal static class LocalStart
{
    /// <summary>Z = R Q for an orthonormal block Q; back go R'Z (before L F' is taken out: X'Z and L'Z) and Z'Z.</summary>
    public static ArraySet Subspace(EbmfBroadcast order, ShardData data, EbmfShard shard)
    {
        var b = order.Vectors.Length;
        var z2 = new double[b * b];
        if (data.Block.MissingCount > 0 && order.Factors > 0)
        {
            return SubspaceOfObserved(order, data, shard, z2);
        }

        var lz = new double[order.Factors * b];
        var cross = ForResiduals(order, data, shard, (first, count, z) =>
        {
            AddLoadingsCross(order, shard, first, count, z, lz);
            for (var t = 0; t < b; t++)
            {
                for (var other = 0; other <= t; other++)
                {
                    z2[(t * b) + other] += TensorPrimitives.Dot<double>(z.AsSpan(other * count, count), z.AsSpan(t * count, count));
                }
            }
        });
        return new ArraySet().Set(PartialKeys.Cross, cross).Set(PartialKeys.LoadingsCross, lz).Set(PartialKeys.Gram, z2);
    }

    // Goes through the rows in chunks with Z = R Q of each, which the body may change; X'Z comes back.
    private static double[] ForResiduals(EbmfBroadcast order, ShardData data, EbmfShard shard, Action<int, int, double[]> body)
    {
        var b = order.Vectors.Length;
        var fq = Products(order.Mean, order.Vectors);
        using var products = new BlockProducts(data.Block, order.Vectors, transpose: true);
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
    /// column where entries are missing), and the sums of squares of the positive and negative l.
    /// </summary>
    public static ArraySet Power(EbmfBroadcast order, ShardData data, EbmfShard shard)
    {
        var (b, p) = (order.Vectors.Length, data.Block.Columns);
        var sums = new double[2 * b];
        if (data.Block.MissingCount > 0)
        {
            return PowerOfObserved(order, data, shard, sums);
        }

        var squares = order.Vectors.Select(f => TensorPrimitives.SumOfSquares<double>(f)).ToArray();
        var lz = new double[order.Factors * b];
        var cross = ForResiduals(order, data, shard, (first, count, z) =>
        {
            for (var t = 0; t < b; t++)
            {
                var l = z.AsSpan(t * count, count);
                for (var r = 0; r < count; r++)
                {
                    l[r] = Clamped(squares[t] > 0 ? l[r] / squares[t] : 0, order.Sign, sums.AsSpan(2 * t, 2));
                }
            }

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

    // The loading, or 0 where it has not the sign asked for; its square goes to the sum of its sign.
    private static double Clamped(double l, int sign, Span<double> sums)
    {
        sums[l > 0 ? 0 : 1] += l * l;
        return l * sign < 0 ? 0 : l;
    }

    private static ArraySet PowerOfObserved(EbmfBroadcast order, ShardData data, EbmfShard shard, double[] sums)
    {
        var (b, p) = (order.Vectors.Length, data.Block.Columns);
        var (cross, denominator) = (new double[b * p], new double[b * p]);
        var reader = new ObservedRow(data, KnownErrors.None, []);
        var residual = new double[p];
        for (var i = 0; i < shard.Rows; i++)
        {
            Residual(order, shard, reader, i, residual);
            for (var t = 0; t < b; t++)
            {
                var f = order.Vectors[t];
                var (rf, ff) = (0.0, 0.0);
                for (var e = 0; e < reader.Count; e++)
                {
                    var fj = f[reader.Columns[e]];
                    rf += residual[e] * fj;
                    ff += fj * fj;
                }

                var l = Clamped(ff > 0 ? rf / ff : 0, order.Sign, sums.AsSpan(2 * t, 2));
                for (var e = 0; l != 0 && e < reader.Count; e++)
                {
                    var at = (t * p) + reader.Columns[e];
                    cross[at] += residual[e] * l;
                    denominator[at] += l * l;
                }
            }
        }

        // The residuals are already in: nothing is left to be taken out by way of L'Z.
        return new ArraySet().Set(PartialKeys.Cross, cross).Set(PartialKeys.LoadingsCross, new double[order.Factors * b])
            .Set(PartialKeys.Signs, sums).Set(PartialKeys.Denominator, denominator);
    }

    /// <summary>
    /// The loadings of given directions, l = (X f - sum over the other factors of E l_k f_k'f) / sum of f^2 over observed entries, become
    /// the accepted state. Back go the sums of squares by sign, and the loadings of evenly spaced rows (<see cref="BlockRotation"/>).
    /// </summary>
    public static ArraySet Project(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options)
    {
        using var products = new BlockProducts(data.Block, order.Vectors, transpose: false);
        var b = order.Vectors.Length;
        var xf = new double[b * products.ChunkRows];
        var signs = new double[2 * b];
        var (stride, rows) = (BlockRotation.Stride(options.Rows), BlockRotation.Count(options.Rows));
        var sample = new double[b * rows];
        var others = Enumerable.Range(0, order.Factors).Except(order.Active).ToArray();
        var shared = Products([.. others.Select(k => order.Mean[k])], order.Vectors);
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

                var square = TensorPrimitives.SumOfSquares<double>(order.Vectors[t]);
                for (var r = 0; r < count; r++)
                {
                    var observed = ObservedShare(data.Block, first + r, order.Vectors[t], square);
                    var l = observed > 0 ? xf[(t * count) + r] / (order.Denominators[t] * observed) : 0;
                    shard.Mean[k][first + r] = l;
                    shard.Variance[k][first + r] = 0;
                    signs[(2 * t) + (l > 0 ? 0 : 1)] += l * l;
                    if ((data.FirstRow + first + r) % stride == 0)
                    {
                        sample[(t * rows) + ((data.FirstRow + first + r) / stride)] = l;
                    }
                }
            }
        }

        return new ArraySet().Set(PartialKeys.Signs, signs).Set(PartialKeys.Sample, sample);
    }

    // The share of the sum of f^2 that is of a row's observed entries.
    private static double ObservedShare(MatrixBlock block, int row, double[] f, double whole)
    {
        if (block.MissingCount == 0)
        {
            return 1;
        }

        var sum = 0.0;
        foreach (var j in block.IsSparse ? block.RowColumns(row) : block.MissingColumns(row))
        {
            sum += f[j] * f[j];
        }

        var share = block.IsSparse ? sum / whole : 1 - (sum / whole);
        return share > 1e-12 ? share : 0;
    }

    private static ArraySet SubspaceOfObserved(EbmfBroadcast order, ShardData data, EbmfShard shard, double[] z2)
    {
        var b = order.Vectors.Length;
        var p = data.Block.Columns;
        var cross = new double[b * p];
        var reader = new ObservedRow(data, KnownErrors.None, []);
        var residual = new double[p];
        var z = new double[b];
        for (var i = 0; i < shard.Rows; i++)
        {
            Residual(order, shard, reader, i, residual);
            for (var t = 0; t < b; t++)
            {
                z[t] = 0;
                for (var e = 0; e < reader.Count; e++)
                {
                    z[t] += residual[e] * order.Vectors[t][reader.Columns[e]];
                }

                for (var e = 0; e < reader.Count; e++)
                {
                    cross[(t * p) + reader.Columns[e]] += residual[e] * z[t];
                }

                for (var other = 0; other <= t; other++)
                {
                    z2[(t * b) + other] += z[other] * z[t];
                }
            }
        }

        // The residuals are already in: nothing is left to be taken out by way of L'Z.
        return new ArraySet().Set(PartialKeys.Cross, cross).Set(PartialKeys.LoadingsCross, new double[order.Factors * b])
            .Set(PartialKeys.Gram, z2);
    }

    private static void Residual(EbmfBroadcast order, EbmfShard shard, ObservedRow reader, int row, double[] residual)
    {
        reader.Read(row);
        for (var e = 0; e < reader.Count; e++)
        {
            residual[e] = reader.Values[e];
        }

        for (var k = 0; k < order.Factors; k++)
        {
            var l = shard.Mean[k][row];
            for (var e = 0; l != 0 && e < reader.Count; e++)
            {
                residual[e] -= l * order.Mean[k][reader.Columns[e]];
            }
        }
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
