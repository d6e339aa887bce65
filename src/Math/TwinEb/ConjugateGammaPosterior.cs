using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The exact posterior of one vector x of a Gamma mixture prior under prod_l x_l^s_l exp(-t_l x_l): component k with probability
/// r_k ~ w_k prod_l b_kl^a_kl Gamma(a_kl + s_l) / (Gamma(a_kl) (b_kl + t_l)^(a_kl + s_l)), and then x_l ~ Gamma(a_kl + s_l, b_kl + t_l).
/// Components are the lanes of the first sum, factors those of the moments; both are padded to full vectors. Not thread-safe: it owns its buffers.
/// </summary>
internal sealed class ConjugateGammaPosterior
{
    // What a component of smaller responsibility adds to a moment is below rounding.
    private const double LeastResponsibility = 1e-13;

    // exp(E log x) of anything lower counts as exp(-300): its product with another is still a normal number.
    private const double LeastLog = -300;

    private readonly int _factors;
    private readonly int[] _active;
    private readonly int _componentStride;
    private readonly double[] _constants;
    private readonly double[] _shapesByFactor;
    private readonly double[] _ratesByFactor;
    private readonly double[] _shapes;
    private readonly double[] _rates;
    private readonly double[] _logits;

    public ConjugateGammaPosterior(ConjugateGammaPrior prior)
    {
        var factors = _factors = prior.Factors;
        Stride = Padded(factors);
        _active = [.. Enumerable.Range(0, prior.Components).Where(k => prior.Weights[k] > 0)];
        _componentStride = Padded(_active.Length);
        _constants = new double[_componentStride];
        _logits = new double[_componentStride];
        _shapesByFactor = Ones(factors * _componentStride);
        _ratesByFactor = Ones(factors * _componentStride);
        _shapes = Ones(_active.Length * Stride);
        _rates = Ones(_active.Length * Stride);
        for (var c = 0; c < _active.Length; c++)
        {
            var sum = double.Log(prior.Weights[_active[c]]);
            for (var l = 0; l < factors; l++)
            {
                var (a, b) = (prior.Shapes[(_active[c] * factors) + l], prior.Rates[(_active[c] * factors) + l]);
                sum += (a * double.Log(b)) - ConjugateGammaFunctions.LogGamma(a);
                _shapesByFactor[(l * _componentStride) + c] = a;
                _ratesByFactor[(l * _componentStride) + c] = b;
                _shapes[(c * Stride) + l] = a;
                _rates[(c * Stride) + l] = b;
            }

            _constants[c] = sum;
        }

        (Mean, Log, Square, Weight) = (new double[Stride], new double[Stride], new double[Stride], new double[Stride]);
    }

    /// <summary>Factors, up to the next full vector: the length of every span here.</summary>
    public int Stride { get; }

    /// <summary>E x of the last vector.</summary>
    public double[] Mean { get; }

    /// <summary>E log x of the last vector.</summary>
    public double[] Log { get; }

    /// <summary>E x^2 of the last vector, where it was asked for.</summary>
    public double[] Square { get; }

    /// <summary>exp(E log x) of the last vector, 0 in the padding.</summary>
    public double[] Weight { get; }

    /// <summary>The components that are in, by their index in the prior.</summary>
    public ReadOnlySpan<int> Active => _active;

    /// <summary>Responsibilities of the active components for the last vector.</summary>
    public ReadOnlySpan<double> Responsibilities => _logits.AsSpan(0, _active.Length);

    public static int Padded(int count) => (count + VectorNormal.Lanes - 1) / VectorNormal.Lanes * VectorNormal.Lanes;

    /// <summary>The posterior under s and t (padding: 0). Returns log of the normalizer, log of the sum of the unnormalized r_k.</summary>
    public double Evaluate(ReadOnlySpan<double> s, ReadOnlySpan<double> t)
    {
        var normalizer = Normalize(s, t);
        Moments(s, t);
        return normalizer;
    }

    /// <summary>Adds the last vector's part of the M-step's statistics.</summary>
    public void AddTo(ConjugateGammaStatistics statistics, ReadOnlySpan<double> s, ReadOnlySpan<double> t)
    {
        for (var c = 0; c < _active.Length; c++)
        {
            var r = _logits[c];
            if (r < LeastResponsibility)
            {
                continue;
            }

            statistics.Counts[_active[c]] += r;
            for (var l = 0; l < Stride; l += VectorNormal.Lanes)
            {
                var (shape, rate) = Parameters(c, l, s, t);
                var weight = Vector512.Create(r);
                AddAt(statistics.Means, c, l, weight * (shape / rate));
                AddAt(statistics.Logs, c, l, weight * (ConjugateGammaFunctions.Digamma(shape) - Vector512.Log(rate)));
            }
        }
    }

    /// <summary>E x^2 of the last vector into <see cref="Square"/>.</summary>
    public void SecondMoments(ReadOnlySpan<double> s, ReadOnlySpan<double> t)
    {
        Array.Clear(Square);
        for (var c = 0; c < _active.Length; c++)
        {
            for (var l = 0; _logits[c] >= LeastResponsibility && l < Stride; l += VectorNormal.Lanes)
            {
                var (shape, rate) = Parameters(c, l, s, t);
                Add(Square, l, Vector512.Create(_logits[c]) * shape * (shape + Vector512<double>.One) / (rate * rate));
            }
        }
    }

    /// <summary>The Gamma of factor l given the active component c.</summary>
    public (double Shape, double Rate) Given(int c, int l, double s, double t) => (_shapes[(c * Stride) + l] + s, _rates[(c * Stride) + l] + t);

    private double Normalize(ReadOnlySpan<double> s, ReadOnlySpan<double> t)
    {
        var lanes = VectorNormal.Lanes;
        _constants.CopyTo(_logits, 0);
        for (var l = 0; l < _factors; l++)
        {
            var (count, rate) = (Vector512.Create(s[l]), Vector512.Create(t[l]));
            var shapes = _shapesByFactor.AsSpan(l * _componentStride, _componentStride);
            var rates = _ratesByFactor.AsSpan(l * _componentStride, _componentStride);
            for (var c = 0; c < _componentStride; c += lanes)
            {
                var shape = Vector512.Create<double>(shapes[c..]) + count;
                Add(_logits, c, ConjugateGammaFunctions.LogGamma(shape) - (shape * Vector512.Log(Vector512.Create<double>(rates[c..]) + rate)));
            }
        }

        var greatest = double.NegativeInfinity;
        for (var c = 0; c < _active.Length; c++)
        {
            greatest = double.Max(greatest, _logits[c]);
        }

        var sum = 0.0;
        for (var c = 0; c < _active.Length; c++)
        {
            _logits[c] = double.Exp(_logits[c] - greatest);
            sum += _logits[c];
        }

        for (var c = 0; c < _active.Length; c++)
        {
            _logits[c] /= sum;
        }

        return greatest + double.Log(sum);
    }

    private void Moments(ReadOnlySpan<double> s, ReadOnlySpan<double> t)
    {
        Array.Clear(Mean);
        Array.Clear(Log);
        for (var c = 0; c < _active.Length; c++)
        {
            if (_logits[c] < LeastResponsibility)
            {
                continue;
            }

            var r = Vector512.Create(_logits[c]);
            for (var l = 0; l < Stride; l += VectorNormal.Lanes)
            {
                var (shape, rate) = Parameters(c, l, s, t);
                Add(Mean, l, r * (shape / rate));
                Add(Log, l, r * (ConjugateGammaFunctions.Digamma(shape) - Vector512.Log(rate)));
            }
        }

        WeightsOf(Log.AsSpan(0, _factors), Weight);
    }

    /// <summary>exp of E log x, 0 in the padding.</summary>
    public static void WeightsOf(ReadOnlySpan<double> logs, Span<double> weights)
    {
        weights[logs.Length..].Clear();
        for (var l = 0; l < logs.Length; l += VectorNormal.Lanes)
        {
            var log = Vector512.Max(VectorNormal.Load(logs, l, LeastLog), Vector512.Create(LeastLog));
            VectorNormal.Store(Vector512.Exp(log), weights[..logs.Length], l);
        }
    }

    private (Vector512<double> Shape, Vector512<double> Rate) Parameters(int c, int l, ReadOnlySpan<double> s, ReadOnlySpan<double> t) =>
        (Vector512.Create<double>(_shapes.AsSpan((c * Stride) + l)) + Vector512.Create<double>(s[l..]),
            Vector512.Create<double>(_rates.AsSpan((c * Stride) + l)) + Vector512.Create<double>(t[l..]));

    private static void Add(double[] values, int at, Vector512<double> addend) =>
        (Vector512.Create<double>(values.AsSpan(at)) + addend).CopyTo(values.AsSpan(at));

    // Statistics have no padding.
    private void AddAt(double[] values, int c, int l, Vector512<double> addend)
    {
        var row = values.AsSpan(_active[c] * _factors, _factors);
        VectorNormal.Store(VectorNormal.Load(row, l, 0) + addend, row, l);
    }

    private static double[] Ones(int count)
    {
        var values = new double[count];
        values.AsSpan().Fill(1);
        return values;
    }
}
