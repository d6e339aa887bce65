using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Derivatives of the cells' log-likelihood at values of the parameters, from the statistics of a pass at the tables of these values, in
/// log r, log a, logit gate and log omega, leaves x G. Where odds are shared by the genes of a leaf, only the sum over genes of the
/// derivative in log a means something.
/// </summary>
internal sealed class NbPointGradient
{
    private readonly NbStatistics _statistics;
    private readonly NbPoint _point;
    private readonly NbShape _shape;
    private readonly CountLayout _layout;
    private readonly Chebyshev _chebyshev;
    private readonly double[] _histogram;
    private readonly int _count;
    private readonly double[] _nu;
    private readonly double[] _whole;
    private readonly double[] _weights;
    private readonly double[] _nonzero;

    /// <summary>The derivatives.</summary>
    /// <param name="shape">Numbers of leaves and genes.</param>
    /// <param name="chebyshev">The basis of the pass.</param>
    /// <param name="layout">The entries.</param>
    /// <param name="point">The values its tables were made of.</param>
    /// <param name="statistics">What the pass yielded.</param>
    /// <param name="histogram">leaves x entries; not looked at with BNB.</param>
    public NbPointGradient(
        NbShape shape, Chebyshev chebyshev, CountLayout layout, NbPoint point, NbStatistics statistics, double[] histogram)
    {
        (_statistics, _point, _shape, _chebyshev, _layout, _histogram) = (statistics, point, shape, chebyshev, layout, histogram);
        _count = _chebyshev.Count;
        _nu = [.. _chebyshev.Nodes];
        VectorExp.Of(_nu, _nu);
        (_whole, _weights, _nonzero) = (new double[_count], new double[_count], new double[_count]);
        var length = _shape.Leaves * _shape.Genes;
        (LogR, LogOdds) = (new double[length], new double[length]);
        LogitGate = point.HasGate ? new double[length] : [];
        LogOmega = _shape.ByEntry ? new double[length] : [];
        for (var leaf = 0; leaf < _shape.Leaves; leaf++)
        {
            _chebyshev.Weights(statistics.W.AsSpan(leaf * _count, _count), _whole);
            for (var g = 0; g < _shape.Genes; g++)
            {
                if (_shape.ByEntry)
                {
                    Entries(leaf, g);
                }
                else
                {
                    Plain(leaf, g);
                }
            }
        }
    }

    /// <summary>
    /// sum of H (log Gamma(r + u) - log Gamma(r) + u log a - log u!), what the cells' functions are without; 0 with BNB, where they have
    /// all.
    /// </summary>
    public double Base { get; private set; }

    /// <summary>In log r.</summary>
    public double[] LogR { get; }

    /// <summary>In log a.</summary>
    public double[] LogOdds { get; }

    /// <summary>In logit gate; empty without.</summary>
    public double[] LogitGate { get; }

    /// <summary>In log omega; empty without.</summary>
    public double[] LogOmega { get; }

    private void Plain(int leaf, int g)
    {
        var at = (leaf * _shape.Genes) + g;
        var (r, odds) = (_point.R[at], _point.Odds[at]);
        var (byR, sumCounts) = Histogram(leaf, g, r, odds);
        var byOdds = sumCounts;

        // sum over cells of u log(1 + a nu): by gene, or all of a leaf's genes at once with the first.
        if (_shape.OddsByGene || g == 0)
        {
            var from = _shape.OddsByGene ? _statistics.V.AsSpan(at * _count, _count) : _statistics.Vu.AsSpan(leaf * _count, _count);
            _chebyshev.Weights(from, _weights);
            for (var i = 0; i < _count; i++)
            {
                byOdds -= _weights[i] * odds * _nu[i] / (1 + (odds * _nu[i]));
            }
        }

        if (_shape.ZeroInflated)
        {
            _chebyshev.Weights(_statistics.Nz.AsSpan(at * _count, _count), _nonzero);
        }

        var (gate, byGate) = (_point.HasGate ? _point.Gate[at] : 0, 0.0);
        for (var i = 0; i < _count; i++)
        {
            var captured = odds * _nu[i];
            var log = VectorSoftplus.LogOnePlus(captured);
            var plain = double.Exp(-r * log);
            var zero = gate + ((1 - gate) * plain);
            var zeros = _whole[i] - _nonzero[i];

            // What of the zeros is the negative binomial's, and all that is not zero.
            var weight = gate == 0 ? _whole[i] : (zeros * (1 - gate) * plain / zero) + _nonzero[i];
            byR -= weight * log;
            byOdds -= r * weight * captured / (1 + captured);
            byGate += (zeros * gate * (1 - gate) * (1 - plain) / zero) - (_nonzero[i] * gate);
        }

        (LogR[at], LogOdds[at]) = (r * byR, byOdds);
        if (_point.HasGate)
        {
            LogitGate[at] = byGate;
        }
    }

    // sum_e H_e (digamma(r + u) - digamma(r)) and sum_e H_e u.
    private (double ByR, double Counts) Histogram(int leaf, int g, double r, double odds)
    {
        var (first, last) = (_layout.Starts[g], _layout.Starts[g + 1]);
        var counts = _layout.Counts[first..last];
        var histogram = _histogram.AsSpan((leaf * _layout.Entries) + first, last - first);
        var (vr, logOdds) = (Vector512.Create(r), Vector512.Create(double.Log(odds)));
        var (byR, total, value) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero);
        for (var e = 0; e < counts.Length; e += VectorNormal.Lanes)
        {
            var u = VectorNormal.Load(counts, e, 1);
            var h = VectorNormal.Load(histogram, e, 0);
            byR += h * GammaRatio.First(vr, u);
            total += h * u;
            value += h * (GammaRatio.Log(vr, u) + (u * logOdds) - VectorGammaWide.LogGamma(u + Vector512<double>.One));
        }

        Base += Vector512.Sum(value);
        return (Vector512.Sum(byR), Vector512.Sum(total));
    }

    private void Entries(int leaf, int g)
    {
        var at = (leaf * _shape.Genes) + g;
        var gate = _point.HasGate ? _point.Gate[at] : 0;
        _whole.CopyTo(_nonzero, 0);
        var (byR, byOdds, byOmega, byGate) = (0.0, 0.0, 0.0, 0.0);
        for (var e = _layout.Starts[g]; e < _layout.Starts[g + 1]; e++)
        {
            _chebyshev.Weights(_statistics.S.AsSpan(((leaf * _layout.Entries) + e) * _count, _count), _weights);
            TensorPrimitives.Subtract(_nonzero, _weights, _nonzero);
            byGate -= gate * TensorPrimitives.Sum<double>(_weights);
            Add(_layout.Counts[e]);
        }

        // Left are the zeros: of them the share that is the beta negative binomial's.
        for (var i = 0; i < _count; i++)
        {
            var plain = double.Exp(BetaNegativeBinomial.Log(0, _point.R[at], _point.Odds[at] * _nu[i], _point.Omega[at]));
            var zero = gate + ((1 - gate) * plain);
            byGate += _nonzero[i] * gate * (1 - gate) * (1 - plain) / zero;
            _weights[i] = _nonzero[i] * (1 - gate) * plain / zero;
        }

        Add(0);
        (LogR[at], LogOdds[at], LogOmega[at]) = (byR, byOdds, byOmega);
        if (_point.HasGate)
        {
            LogitGate[at] = byGate;
        }

        void Add(double count)
        {
            var (u, r, omega) = (Vector512.Create(count), Vector512.Create(_point.R[at]), Vector512.Create(_point.Omega[at]));
            for (var i = 0; i < _count; i += VectorNormal.Lanes)
            {
                var odds = Vector512.Create(_point.Odds[at]) * VectorNormal.Load(_nu, i, 1);
                var weight = VectorNormal.Load(_weights, i, 0);
                var (logR, logOdds, logOmega) = BetaNegativeBinomial.Gradient(u, r, odds, omega);
                byR += Vector512.Sum(weight * logR);
                byOdds += Vector512.Sum(weight * logOdds);
                byOmega += Vector512.Sum(weight * logOmega);
            }
        }
    }
}
