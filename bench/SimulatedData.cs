using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Bench;

/// <summary>Matrices of planted factors, made from counter-based random numbers: the same in every run.</summary>
internal static unsafe class SimulatedData
{
    // The mean of exp(eta) over the planted structure is about this: by it the share of non-zeros comes out as asked.
    private const double ExpectedGrowth = 1.32;

    /// <summary>Y = L F' + noise, with sparse normal loadings and factors; row-major in pinned memory.</summary>
    public static double[] Dense(int n, int p, int k)
    {
        var l = Side(n, k, 1, 0.3);
        var f = Side(p, k, 2, 0.3);
        var y = GC.AllocateUninitializedArray<double>(n * p, pinned: true);
        Parallel.For(0, n, i =>
        {
            for (var j = 0; j < p; j++)
            {
                var sum = Philox.Normal(7, 3, ((ulong)i * (ulong)p) + (ulong)j);
                for (var t = 0; t < k; t++)
                {
                    sum += l[(i * k) + t] * f[(j * k) + t];
                }

                y[(i * p) + j] = sum;
            }
        });
        return y;
    }

    /// <summary>log(1 + counts) with planted structure and the given share of non-zeros, as CSR arrays.</summary>
    public static (double[] Values, int[] Columns, long[] Starts) Sparse(int n, int p, int k, double density)
    {
        var l = Side(n, k, 11, 0.3);
        var f = Side(p, k, 12, 0.3);
        var rows = new (double[] Values, int[] Columns)[n];
        Parallel.For(0, n, i =>
        {
            var (values, columns) = (new List<double>(), new List<int>());
            for (var j = 0; j < p; j++)
            {
                var index = ((ulong)i * (ulong)p) + (ulong)j;
                var eta = 0.0;
                for (var t = 0; t < k; t++)
                {
                    eta += l[(i * k) + t] * f[(j * k) + t];
                }

                var rate = density * double.Exp(double.Clamp(eta, -3, 3)) / ExpectedGrowth;
                var u = Philox.Uniform(7, 13, index);
                var count = 0;
                var probability = double.Exp(-rate);
                for (var cumulative = probability; u > cumulative && count < 50; cumulative += probability)
                {
                    count++;
                    probability *= rate / count;
                }

                if (count > 0)
                {
                    values.Add(double.Log(1 + count));
                    columns.Add(j);
                }
            }

            rows[i] = ([.. values], [.. columns]);
        });
        var starts = new long[n + 1];
        for (var i = 0; i < n; i++)
        {
            starts[i + 1] = starts[i] + rows[i].Values.Length;
        }

        return ([.. rows.SelectMany(r => r.Values)], [.. rows.SelectMany(r => r.Columns)], starts);
    }

    public static ShardData[] DenseShards(double[] y, int n, int p, int shards)
    {
        fixed (double* start = y)
        {
            var result = new ShardData[shards];
            for (var s = 0; s < shards; s++)
            {
                var (first, last) = ((int)((long)n * s / shards), (int)((long)n * (s + 1) / shards));
                result[s] = new ShardData(
                    new ShardId(s), first, n, MatrixBlock.Dense(y, last - first, p, start + ((long)first * p)), null, new ArraySet());
            }

            return result;
        }
    }

    public static ShardData[] SparseShards((double[] Values, int[] Columns, long[] Starts) csr, int n, int p, int shards)
    {
        var result = new ShardData[shards];
        for (var s = 0; s < shards; s++)
        {
            var (first, last) = ((int)((long)n * s / shards), (int)((long)n * (s + 1) / shards));
            var (from, to) = ((int)csr.Starts[first], (int)csr.Starts[last]);
            var starts = csr.Starts[first..(last + 1)].Select(v => v - from).ToArray();
            result[s] = new ShardData(new ShardId(s), first, n, MatrixBlock.FromCsr(
                last - first, p, csr.Values.AsSpan(from, to - from), csr.Columns.AsSpan(from, to - from), starts), null, new ArraySet());
        }

        return result;
    }

    public static double[] ToDense((double[] Values, int[] Columns, long[] Starts) csr, int n, int p)
    {
        var dense = new double[n * p];
        for (var i = 0; i < n; i++)
        {
            for (var e = csr.Starts[i]; e < csr.Starts[i + 1]; e++)
            {
                dense[(i * p) + csr.Columns[e]] = csr.Values[e];
            }
        }

        return dense;
    }

    private static double[] Side(int n, int k, ulong stream, double share)
    {
        var result = new double[n * k];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = Philox.Uniform(7, stream + 100, (ulong)i) < share ? Philox.Normal(7, stream, (ulong)i) : 0;
        }

        return result;
    }
}
