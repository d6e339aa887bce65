using System.Numerics.Tensors;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The update of the active loadings with the factors frozen (docs/ebmf.md, "Blocked updates"):
/// for each active factor k in turn, x_ik = ((X V F)_ik - sum over k' != k of E l_ik' G_k'k) / D_k, s_ik^2 = 1 / (u_i D_k), with
/// G = F'VF and D_k = sum_j v_j E f_jk^2, and the posterior of l_ik under the prior that was sent. What goes back: X'UL, L'UL, sums of
/// u E l^2, the statistics of every prior, and the KL terms. Where entries are missing or weighted one by one, G and D differ by row
/// (<see cref="RowGrams"/>) and the sums by column.
/// </summary>
internal sealed class LocalSweep
{
    private readonly EbmfBroadcast _order;
    private readonly ShardData _data;
    private readonly EbmfShard _shard;
    private readonly IReadOnlyList<double[]?> _fixed;
    private readonly int _a;
    private readonly int _k;
    private readonly double[][] _base;
    private readonly double[][] _statistics;
    private readonly double[] _kl;
    private readonly double[] _gram;
    private readonly double[] _sumSecond;
    private readonly double[] _plainSecond;
    private readonly RowGrams? _rowGrams;

    private LocalSweep(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise)
    {
        _order = order;
        _data = data;
        _shard = shard;
        _a = order.Active.Length;
        _k = order.Factors;
        _fixed = [.. order.Active.Select(k => FixedLoadings.Column(data, options, k))];
        _statistics = [.. order.Priors.Select(p => new double[EbnmFamilies.Get(p.Family).StatisticsLength(p)])];
        _kl = new double[_a];
        _gram = new double[_k * _a];
        _sumSecond = new double[_a];
        _plainSecond = new double[_a];
        _base = new double[_k][];
        _rowGrams = RowGrams.For(order, data, shard, options, noise);
    }

    /// <summary>Runs the sweep: the proposals of the active factors are written to the shard.</summary>
    public static ArraySet Run(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise)
    {
        var sweep = new LocalSweep(order, data, shard, options, noise);
        return sweep.Run(noise);
    }

    /// <summary>Pseudo-data only: x and s of the active factors are kept on the shard, their summaries go back.</summary>
    public static ArraySet Prepare(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise)
    {
        var sweep = new LocalSweep(order, data, shard, options, noise);
        return sweep.Prepare(noise);
    }

    private ArraySet Run(EbmfNoise noise)
    {
        using var products = new BlockProducts(_data.Block, WeightedFactors(noise), transpose: true);
        ForChunks(products, noise, (first, count, scratch) =>
        {
            for (var t = 0; t < _a; t++)
            {
                PseudoData(t, count, scratch, first);
                Posterior(t, first, count, scratch);
            }

            Sums(products, noise, first, count, scratch);
        });
        return Partial(products, noise);
    }

    private ArraySet Prepare(EbmfNoise noise)
    {
        using var products = new BlockProducts(_data.Block, WeightedFactors(noise), transpose: false);
        for (var t = 0; t < _a; t++)
        {
            _shard.X.Add(new double[_shard.Rows]);
            _shard.S.Add(new double[_shard.Rows]);
        }

        ForChunks(products, noise, (first, count, scratch) =>
        {
            for (var t = 0; t < _a; t++)
            {
                PseudoData(t, count, scratch, first);
                scratch.X.AsSpan(0, count).CopyTo(_shard.X[t].AsSpan(first));
                scratch.S.AsSpan(0, count).CopyTo(_shard.S[t].AsSpan(first));
            }
        });
        var partial = new ArraySet();
        for (var t = 0; t < _a; t++)
        {
            Summaries.Add(partial, t, _shard.X[t], _shard.S[t]);
        }

        return partial;
    }

    // Goes through the rows in chunks that stay in the cache, with X F of each at hand.
    private void ForChunks(BlockProducts products, EbmfNoise noise, Action<int, int, Scratch> body)
    {
        var chunk = _rowGrams?.ChunkRows(products.ChunkRows) ?? products.ChunkRows;
        var scratch = new Scratch(_k, _a, chunk);
        for (var first = 0; first < _shard.Rows; first += chunk)
        {
            var count = int.Min(chunk, _shard.Rows - first);
            StartingPoint(first, count, scratch);
            RowWeights(noise, first, count, scratch.U);
            Products(products, noise, first, count, scratch);
            body(first, count, scratch);
        }
    }

    private List<double[]> WeightedFactors(EbmfNoise noise) =>
        noise.ByEntry ? [] : [.. _order.Active.Select(k => Weighted(_order.Mean[k], _order.Noise))];

    private static double[] Weighted(double[] f, double[] v)
    {
        var result = new double[f.Length];
        TensorPrimitives.Multiply(f, v, result);
        return result;
    }

    // The point that the sweep starts from: the accepted means, extrapolated in a proposal.
    private void StartingPoint(int first, int count, Scratch scratch)
    {
        for (var k = 0; k < _k; k++)
        {
            var to = scratch.L.AsSpan(k * scratch.Chunk, count);
            (_order.Updated.Contains(k) ? _shard.Proposed[k] : _shard.Mean[k]).AsSpan(first, count).CopyTo(to);
        }

        foreach (var k in _order.Extrapolated)
        {
            if (_shard.Previous[k].Length != _shard.Rows || _order.Updated.Contains(k))
            {
                continue;
            }

            var to = scratch.L.AsSpan(k * scratch.Chunk, count);
            var before = _shard.Previous[k].AsSpan(first, count);
            for (var r = 0; r < count; r++)
            {
                to[r] += _order.Beta * (to[r] - before[r]);
            }
        }
    }

    private void RowWeights(EbmfNoise noise, int first, int count, Span<double> u)
    {
        if (noise.HasRowPrecision)
        {
            _shard.RowNoise.AsSpan(first, count).CopyTo(u);
        }
        else
        {
            u[..count].Fill(1);
        }
    }

    private void Products(BlockProducts products, EbmfNoise noise, int first, int count, Scratch scratch)
    {
        if (!noise.ByEntry)
        {
            products.Multiply(first, count, scratch.Xf);
        }

        _rowGrams?.Fill(first, count, scratch.Xf);
    }

    private void PseudoData(int t, int count, Scratch scratch, int first)
    {
        var k = _order.Active[t];
        var x = scratch.X.AsSpan(0, count);
        var s = scratch.S.AsSpan(0, count);
        scratch.Xf.AsSpan(t * count, count).CopyTo(x);
        if (_rowGrams is not null)
        {
            _rowGrams.Solve(t, k, count, scratch.L, scratch.Chunk, scratch.U, x, s);
        }
        else
        {
            for (var other = 0; other < _k; other++)
            {
                var g = _order.Gram[(other * _a) + t];
                if (other == k || g == 0)
                {
                    continue;
                }

                var l = scratch.L.AsSpan(other * scratch.Chunk, count);
                TensorPrimitives.MultiplyAdd(l, -g, x, x);
            }

            var d = _order.Denominators[t];
            if (d > Uninformed.LeastInformation)
            {
                TensorPrimitives.Divide(x, d, x);
                StandardDeviations(scratch.U.AsSpan(0, count), d, s);
            }
            else
            {
                x.Clear();
                s.Fill(double.PositiveInfinity);
            }
        }

        if (_fixed[t] is { } given)
        {
            for (var r = 0; r < count; r++)
            {
                if (!double.IsNaN(given[first + r]))
                {
                    // A fixed entry informs nothing.
                    s[r] = double.PositiveInfinity;
                }
            }
        }
    }

    // s_i = 1 / sqrt(u_i d); the weights are mostly all equal.
    private static void StandardDeviations(ReadOnlySpan<double> u, double d, Span<double> s)
    {
        var first = 1 / double.Sqrt(u[0] * d);
        if (!u.ContainsAnyExcept(u[0]))
        {
            s.Fill(first);
            return;
        }

        for (var r = 0; r < s.Length; r++)
        {
            s[r] = 1 / double.Sqrt(u[r] * d);
        }
    }

    private void Posterior(int t, int first, int count, Scratch scratch)
    {
        var k = _order.Active[t];
        var family = EbnmFamilies.Get(_order.Priors[t].Family);
        var x = scratch.X.AsSpan(0, count);
        var s = scratch.S.AsSpan(0, count);
        var (means, variances) = _shard.ProposalBuffers(k);
        var mean = means.AsSpan(first, count);
        var variance = variances.AsSpan(first, count);
        var statistics = _statistics[t];
        family.Accumulate(_order.Priors[t], x, s, mean, variance, statistics);
        _kl[t] += KullbackLeibler.GaussianPart(x, s, mean, variance);
        Uninformed.MakeFinite(family, variance);
        if (_fixed[t] is { } given)
        {
            for (var r = 0; r < count; r++)
            {
                if (!double.IsNaN(given[first + r]))
                {
                    mean[r] = given[first + r];
                    variance[r] = 0;
                }
            }
        }

        if (_order.IsFinal)
        {
            if (_shard.FalseSignRate[k].Length != _shard.Rows)
            {
                _shard.FalseSignRate[k] = new double[_shard.Rows];
            }

            family.FalseSignRates(_order.Priors[t], x, s, _shard.FalseSignRate[k].AsSpan(first, count));
            FixedLoadings.FalseSignRates(_fixed[t], first, _shard.FalseSignRate[k].AsSpan(first, count));
        }

        mean.CopyTo(scratch.L.AsSpan(k * scratch.Chunk, count));
    }

    private void Sums(BlockProducts products, EbmfNoise noise, int first, int count, Scratch scratch)
    {
        var weighted = scratch.Xf;
        for (var t = 0; t < _a; t++)
        {
            var k = _order.Active[t];
            var l = scratch.L.AsSpan(k * scratch.Chunk, count);
            var wl = weighted.AsSpan(t * count, count);
            TensorPrimitives.Multiply<double>(l, scratch.U.AsSpan(0, count), wl);
            var variance = _shard.ProposedVariance[k].AsSpan(first, count);
            _plainSecond[t] += TensorPrimitives.SumOfSquares<double>(l) + TensorPrimitives.Sum<double>(variance);
            if (_rowGrams is { HasSharedPart: false })
            {
                continue;
            }

            _sumSecond[t] += TensorPrimitives.Dot<double>(l, wl) + TensorPrimitives.Dot<double>(variance, scratch.U.AsSpan(0, count));
            for (var other = 0; other < _k; other++)
            {
                _gram[(other * _a) + t] += TensorPrimitives.Dot<double>(scratch.L.AsSpan(other * scratch.Chunk, count), wl);
            }
        }

        if (!noise.ByEntry)
        {
            products.AccumulateTranspose(first, count, weighted);
        }

        _rowGrams?.Accumulate(first, count, scratch.L, scratch.Chunk, scratch.U);
    }

    private ArraySet Partial(BlockProducts products, EbmfNoise noise)
    {
        var partial = new ArraySet()
            .Set(PartialKeys.Cross, noise.ByEntry ? _rowGrams!.Cross : products.Transposed())
            .Set(PartialKeys.Gram, _gram)
            .Set(PartialKeys.SumSecond, _sumSecond)
            .Set(PartialKeys.PlainSecond, _plainSecond)
            .Set(PartialKeys.Divergence, _kl);
        if (_order.IsByColumn)
        {
            partial.Set(PartialKeys.GramByColumn, _rowGrams?.GramByColumn ?? new double[_data.Block.Columns * _k * _a]);
            partial.Set(PartialKeys.SumSecondByColumn, _rowGrams?.SumSecondByColumn ?? new double[_data.Block.Columns * _a]);
        }

        for (var t = 0; t < _a; t++)
        {
            partial.Set(PartialKeys.Statistics.At(t), LocalSteps.Finite(_statistics[t]));
        }

        return partial;
    }

    private sealed class Scratch(int factors, int active, int chunk)
    {
        public int Chunk { get; } = chunk;

        public double[] L { get; } = new double[int.Max(1, factors * chunk)];

        public double[] Xf { get; } = new double[int.Max(1, active * chunk)];

        public double[] X { get; } = new double[chunk];

        public double[] S { get; } = new double[chunk];

        public double[] U { get; } = new double[chunk];
    }
}
