using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The exact posterior of one vector x of a Gamma mixture prior under prod_l x_l^s_l exp(-t_l x_l - c_l / x_l): component k with
/// probability r_k ~ w_k prod_l b_kl^a_kl / Gamma(a_kl) I_kl, I_kl the integral of x^(a_kl + s_l - 1) exp(-(b_kl + t_l) x - c_l / x), and
/// then x_l generalized inverse Gaussian. Components whose probability by Laplace's method is far below the greatest are not evaluated and
/// count as 0. Not thread-safe: it owns its buffers.
/// </summary>
internal sealed class ConjugateInversePosterior
{
    // What a component of smaller responsibility adds to a moment is below rounding.
    private const double LeastResponsibility = 1e-13;

    // exp(-30) = 9e-14, and what Laplace's method may be wrong by in a factor.
    private const double LeastLogit = -30;
    private const double RoughByFactor = -2;

    private readonly int _factors;
    private readonly int[] _active;
    private readonly double[] _constants;
    private readonly double[] _shapes;
    private readonly double[] _rates;
    private readonly double[] _logits;
    private readonly double[] _rough;
    private readonly double[] _means;
    private readonly double[] _logs;
    private readonly double[] _inverses;
    private readonly ConjugateGammaSums _sums;

    /// <summary>The posterior under a prior.</summary>
    public ConjugateInversePosterior(ConjugateGammaPrior prior)
    {
        _factors = prior.Factors;
        Stride = Padding.To(_factors);
        _active = [.. Enumerable.Range(0, prior.Components).Where(k => prior.Weights[k] > 0)];
        var count = _active.Length;
        (_constants, _logits, _rough) = (new double[count], new double[count], new double[count]);
        (_shapes, _rates) = (new double[count * _factors], new double[count * _factors]);
        (_means, _logs, _inverses) = (new double[count * _factors], new double[count * _factors], new double[count * _factors]);
        _sums = new ConjugateGammaSums(_active, _factors, _factors);
        for (var c = 0; c < count; c++)
        {
            prior.Shapes.AsSpan(_active[c] * _factors, _factors).CopyTo(_shapes.AsSpan(c * _factors));
            prior.Rates.AsSpan(_active[c] * _factors, _factors).CopyTo(_rates.AsSpan(c * _factors));
            _constants[c] = double.Log(prior.Weights[_active[c]]);
            for (var at = c * _factors; at < (c + 1) * _factors; at++)
            {
                _constants[c] += (_shapes[at] * double.Log(_rates[at])) - GammaFunctions.LogGamma(_shapes[at]);
            }
        }

        (Mean, Log, Inverse) = (new double[Stride], new double[Stride], new double[Stride]);
        (Weight, Harmonic, Variance) = (new double[Stride], new double[Stride], new double[Stride]);
    }

    /// <summary>Factors, up to the next full vector: the length of every span here.</summary>
    public int Stride { get; }

    /// <summary>E x of the last vector.</summary>
    public double[] Mean { get; }

    /// <summary>E log x of the last vector.</summary>
    public double[] Log { get; }

    /// <summary>E 1 / x of the last vector; may be infinite.</summary>
    public double[] Inverse { get; }

    /// <summary>exp(E log x) of the last vector, 0 in the padding.</summary>
    public double[] Weight { get; }

    /// <summary>1 / E 1 / x of the last vector, 0 in the padding.</summary>
    public double[] Harmonic { get; }

    /// <summary>Var x of the last vector, where it was asked for.</summary>
    public double[] Variance { get; }

    /// <summary>The components that are in, by their index in the prior.</summary>
    public ReadOnlySpan<int> Active => _active;

    /// <summary>Responsibilities of the active components for the last vector.</summary>
    public ReadOnlySpan<double> Responsibilities => _logits;

    /// <summary>The posterior under s, t and c. Returns the log of the sum of the unnormalized r_k.</summary>
    public double Evaluate(ReadOnlySpan<double> s, ReadOnlySpan<double> t, ReadOnlySpan<double> c)
    {
        var least = Rough(s, t, c);
        for (var k = 0; k < _active.Length; k++)
        {
            _logits[k] = _rough[k] < least ? double.NegativeInfinity : Component(k, s, t, c);
        }

        var logNormalizer = LogSumExp.Softmax(_logits, _logits);
        Average();
        return logNormalizer;
    }

    /// <summary>
    /// The posterior as if the active component k were certain. Returns the log of its unnormalized r_k, its weight included.
    /// </summary>
    public double EvaluateGiven(int k, ReadOnlySpan<double> s, ReadOnlySpan<double> t, ReadOnlySpan<double> c)
    {
        var log = Component(k, s, t, c);
        Array.Clear(_logits);
        _logits[k] = 1;
        Average();
        return log;
    }

    /// <summary>KL(q || p) of the last vector, under which <see cref="Evaluate"/> returned a log normalizer.</summary>
    public double Divergence(double logNormalizer, ReadOnlySpan<double> s, ReadOnlySpan<double> t, ReadOnlySpan<double> c)
    {
        var sum = FactorKernel.Dot(s, Log) - FactorKernel.Dot(t, Mean) - logNormalizer;
        for (var l = 0; l < _factors; l++)
        {
            // Infinite only where c is so small that it counts as 0.
            sum -= c[l] > 0 && double.IsFinite(Inverse[l]) ? c[l] * Inverse[l] : 0;
        }

        return sum;
    }

    /// <summary>Adds the last vector's part of the M-step's statistics to <see cref="Statistics"/>.</summary>
    public void Accumulate()
    {
        for (var k = 0; k < _active.Length; k++)
        {
            if (_logits[k] >= LeastResponsibility)
            {
                _sums.Add(k, _logits[k], _means, _logs);
            }
        }
    }

    /// <summary>The statistics of all vectors that were accumulated, for a prior of so many components.</summary>
    public ConjugateGammaStatistics Statistics(int components) => _sums.Of(components);

    /// <summary>Var x of the last vector, which had these s, t and c: within components, and between their means.</summary>
    public void Variances(ReadOnlySpan<double> s, ReadOnlySpan<double> t, ReadOnlySpan<double> c)
    {
        Array.Clear(Variance);
        for (var k = 0; k < _active.Length; k++)
        {
            for (var l = 0; _logits[k] >= LeastResponsibility && l < _factors; l++)
            {
                var ((shape, rate, inverse), mean) = (Given(k, l, s[l], t[l], c[l]), _means[(k * _factors) + l]);
                var off = mean - Mean[l];
                Variance[l] += _logits[k] * (GeneralizedInverseGaussian.Variance(shape, rate, inverse, mean) + (off * off));
            }
        }
    }

    /// <summary>The distribution of factor l given the active component k.</summary>
    public (double Shape, double Rate, double Inverse) Given(int k, int l, double s, double t, double c) =>
        (_shapes[(k * _factors) + l] + s, _rates[(k * _factors) + l] + t, c);

    // Logits by Laplace's method, and what of them is too low for a component to matter.
    private double Rough(ReadOnlySpan<double> s, ReadOnlySpan<double> t, ReadOnlySpan<double> c)
    {
        if (_active.Length == 1)
        {
            return double.NegativeInfinity;
        }

        var greatest = double.NegativeInfinity;
        for (var k = 0; k < _active.Length; k++)
        {
            _rough[k] = _constants[k];
            for (var l = 0; l < _factors; l++)
            {
                var (shape, rate, inverse) = Given(k, l, s[l], t[l], c[l]);
                _rough[k] += GeneralizedInverseGaussian.RoughLog(shape, rate, inverse);
            }

            greatest = double.Max(greatest, _rough[k]);
        }

        return greatest + LeastLogit + (RoughByFactor * _factors);
    }

    private double Component(int k, ReadOnlySpan<double> s, ReadOnlySpan<double> t, ReadOnlySpan<double> c)
    {
        var logit = _constants[k];
        for (var l = 0; l < _factors; l++)
        {
            var (shape, rate, inverse) = Given(k, l, s[l], t[l], c[l]);
            var moments = GeneralizedInverseGaussian.Of(shape, rate, inverse);
            var at = (k * _factors) + l;
            (_means[at], _logs[at], _inverses[at]) = (moments.Mean, moments.LogMean, moments.InverseMean);
            logit += moments.Log;
        }

        return logit;
    }

    private void Average()
    {
        Array.Clear(Mean);
        Array.Clear(Log);
        Array.Clear(Inverse);
        for (var k = 0; k < _active.Length; k++)
        {
            if (_logits[k] >= LeastResponsibility)
            {
                var at = k * _factors;
                FactorKernel.AddScaled(_logits[k], _means.AsSpan(at, _factors), Mean);
                FactorKernel.AddScaled(_logits[k], _logs.AsSpan(at, _factors), Log);
                FactorKernel.AddScaled(_logits[k], _inverses.AsSpan(at, _factors), Inverse);
            }
        }

        ConjugateGammaPosterior.WeightsOf(Log.AsSpan(0, _factors), Weight);
        for (var l = 0; l < _factors; l++)
        {
            Harmonic[l] = 1 / Inverse[l];
        }
    }
}
