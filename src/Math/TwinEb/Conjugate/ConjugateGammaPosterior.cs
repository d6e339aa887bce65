using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The exact posterior of one vector x of a Gamma mixture prior under prod_l x_l^s_l exp(-t_l x_l): component k with probability
/// r_k ~ w_k prod_l b_kl^a_kl Gamma(a_kl + s_l) / (Gamma(a_kl) (b_kl + t_l)^(a_kl + s_l)), and then x_l ~ Gamma(a_kl + s_l, b_kl + t_l).
/// Given the greatest t there is, components that are certainly below exp(-30) of the greatest are not evaluated and count as 0
/// (docs/twineb-default.md, section 2), unless few are. Factors are padded to full vectors. Not thread-safe: it owns its buffers.
/// </summary>
internal sealed class ConjugateGammaPosterior
{
    // What a component of smaller responsibility adds to a moment is below rounding.
    private const double LeastResponsibility = 1e-13;

    // exp(-30) = 9e-14, as above: 100 such components are less than 1e-11 of the normalizer.
    private const double LeastLogit = -30;

    // Of each run of vectors the first are bounded; where that leaves out less than a fifth of their components, the others are not.
    private const int RunOfVectors = 256;
    private const int BoundedOfRun = 8;

    // Fewer components are evaluated sooner than bounded.
    private const int FewComponents = 4;

    // exp(E log x) of anything lower counts as exp(-300): its product with another is still a normal number.
    private const double LeastLog = -300;

    private readonly int _factors;
    private readonly int[] _active;
    private readonly ConjugateGammaKernel _kernel;
    private readonly double[] _constants;
    private readonly double[] _shapes;
    private readonly double[] _rates;
    private readonly double[] _logits;
    private readonly double[] _means;
    private readonly double[] _logs;
    private readonly double[] _terms;
    private readonly ConjugateGammaSums _sums;
    private readonly int[] _evaluated;
    private readonly int[] _others;
    private readonly int[] _matters;
    private int _evaluatedCount;
    private int _mattersCount;
    private int _vectorsOfRun;
    private int _evaluatedOfRun;

    // For the bounds: of components in the padding nothing is asked.
    private readonly ConjugateComponentBound? _bound;
    private readonly double[] _upper = [];

    /// <summary>
    /// The posterior under a prior; with <paramref name="totals"/>, no smaller than any t that will come (factors, at least), components
    /// are bounded first.
    /// </summary>
    public ConjugateGammaPosterior(ConjugateGammaPrior prior, ReadOnlySpan<double> totals = default)
    {
        var factors = _factors = prior.Factors;
        Stride = Padding.To(factors);
        _active = [.. Enumerable.Range(0, prior.Components).Where(k => prior.Weights[k] > 0)];

        // One more, after the last: what all components share, of shape 1 and rate 0.
        var count = _active.Length + 1;
        (_kernel, _terms) = (new ConjugateGammaKernel(Stride), new double[count]);
        (_evaluated, _others, _matters) = (new int[count], new int[count], new int[count]);
        (_constants, _logits, _shapes, _rates) = (new double[count], new double[count], Ones(count * Stride), Ones(count * Stride));
        (_means, _logs) = (new double[count * Stride], new double[count * Stride]);
        _sums = new ConjugateGammaSums(_active, factors, Stride);
        _rates.AsSpan(Shared * Stride, factors).Clear();
        var (logRates, logGammas) = (VectorLog.Of(prior.Rates), VectorGamma.LogGamma(prior.Shapes));
        for (var c = 0; c < _active.Length; c++)
        {
            var (sum, first) = (double.Log(prior.Weights[_active[c]]), _active[c] * factors);
            prior.Shapes.AsSpan(first, factors).CopyTo(_shapes.AsSpan(c * Stride));
            prior.Rates.AsSpan(first, factors).CopyTo(_rates.AsSpan(c * Stride));
            for (var at = first; at < first + factors; at++)
            {
                sum += (prior.Shapes[at] * logRates[at]) - logGammas[at];
            }

            _constants[c] = sum;
        }

        (Mean, Log, Variance, Weight) = (new double[Stride], new double[Stride], new double[Stride], new double[Stride]);
        if (totals.Length >= factors && _active.Length > FewComponents)
        {
            var wide = Padding.To(_active.Length, VectorNormal.Lanes);
            var (shapes, rates, constants) = (Ones(factors * wide), Ones(factors * wide), new double[wide]);
            _constants.AsSpan(0, _active.Length).CopyTo(constants);
            for (var at = 0; at < factors * _active.Length; at++)
            {
                var (c, l) = (at / factors, at % factors);
                (shapes[(l * wide) + c], rates[(l * wide) + c]) = (_shapes[(c * Stride) + l], _rates[(c * Stride) + l]);
            }

            _bound = new ConjugateComponentBound(factors, wide, shapes, rates, constants, totals);
            _upper = new double[wide];
        }
    }

    /// <summary>Factors, up to the next full vector: the length of every span here.</summary>
    public int Stride { get; }

    /// <summary>E x of the last vector.</summary>
    public double[] Mean { get; }

    /// <summary>E log x of the last vector.</summary>
    public double[] Log { get; }

    /// <summary>Var x of the last vector, where it was asked for.</summary>
    public double[] Variance { get; }

    /// <summary>exp(E log x) of the last vector, 0 in the padding.</summary>
    public double[] Weight { get; }

    /// <summary>The components that are in, by their index in the prior.</summary>
    public ReadOnlySpan<int> Active => _active;

    /// <summary>Responsibilities of the active components for the last vector.</summary>
    public ReadOnlySpan<double> Responsibilities => _logits.AsSpan(0, _active.Length);

    /// <summary>How many components were evaluated for the last vector.</summary>
    public int EvaluatedCount => _evaluatedCount;

    /// <summary>The posterior under s and t (padding: 0). Returns log of the normalizer, log of the sum of the unnormalized r_k.</summary>
    public double Evaluate(ReadOnlySpan<double> s, ReadOnlySpan<double> t)
    {
        EvaluateComponents(s, t);
        var evaluated = Evaluated;
        var greatest = double.NegativeInfinity;
        for (var e = 0; e < evaluated.Length; e++)
        {
            _terms[e] = _constants[evaluated[e]] + _logits[evaluated[e]];
            greatest = double.Max(greatest, _terms[e]);
        }

        var sum = LogSumExp.Exponentials(_terms.AsSpan(0, evaluated.Length), greatest);
        _mattersCount = 0;
        for (var e = 0; e < evaluated.Length; e++)
        {
            var r = _logits[evaluated[e]] = _terms[e] / sum;
            if (r >= LeastResponsibility)
            {
                _matters[_mattersCount++] = evaluated[e];
            }
        }

        FactorKernel.Average(Matters, _logits, _means, _logs, Mean, Log);
        Mean.AsSpan(_factors).Clear();
        Log.AsSpan(_factors).Clear();
        WeightsOf(Log.AsSpan(0, _factors), Weight);
        return greatest + double.Log(sum);
    }

    /// <summary>
    /// The posterior as if the active component c were certain. Returns the log of its unnormalized r_c, its weight included: what
    /// <see cref="Evaluate(ReadOnlySpan{double}, ReadOnlySpan{double})"/> would return if the others had none.
    /// </summary>
    public double EvaluateGiven(int c, ReadOnlySpan<double> s, ReadOnlySpan<double> t)
    {
        Evaluate([c], s, t);
        var logNormalizer = _constants[c] + _logits[c];
        _logits.AsSpan(0, _active.Length).Clear();
        _logits[c] = 1;
        (_evaluatedCount, _evaluated[0], _mattersCount, _matters[0]) = (1, c, 1, c);
        _means.AsSpan(c * Stride, _factors).CopyTo(Mean);
        _logs.AsSpan(c * Stride, _factors).CopyTo(Log);
        WeightsOf(Log.AsSpan(0, _factors), Weight);
        return logNormalizer;
    }

    /// <summary>Adds the last vector's part of the M-step's statistics to <see cref="Statistics"/>.</summary>
    public void Accumulate()
    {
        foreach (var c in Matters)
        {
            _sums.Add(c, _logits[c], _means, _logs);
        }
    }

    /// <summary>The statistics of all vectors that were accumulated, for a prior of so many components.</summary>
    public ConjugateGammaStatistics Statistics(int components) => _sums.Of(components);

    /// <summary>
    /// Var x of the last vector, which had these s and t, into <see cref="Variance"/>, with variances in each component so many times as
    /// large: those of the components plus that of their means, so that nothing cancels.
    /// </summary>
    public void Variances(ReadOnlySpan<double> s, ReadOnlySpan<double> t, double spread = 1)
    {
        Array.Clear(Variance);
        foreach (var c in Matters)
        {
            for (var l = 0; l < _factors; l++)
            {
                var (shape, rate) = Given(c, l, s[l], t[l]);
                var (mean, off) = (shape / rate, _means[(c * Stride) + l] - Mean[l]);
                Variance[l] += _logits[c] * ((spread * mean / rate) + (off * off));
            }
        }
    }

    /// <summary>The Gamma of factor l given the active component c.</summary>
    public (double Shape, double Rate) Given(int c, int l, double s, double t) =>
        (_shapes[(c * Stride) + l] + s, _rates[(c * Stride) + l] + t);

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

    private ReadOnlySpan<int> Evaluated => _evaluated.AsSpan(0, _evaluatedCount);

    // Of those the ones of no vanishing responsibility.
    private ReadOnlySpan<int> Matters => _matters.AsSpan(0, _mattersCount);

    private int Shared => _active.Length;

    // The vector's part of the logits of all components that may matter, in the order of their index; the others have 0 responsibility.
    private void EvaluateComponents(ReadOnlySpan<double> s, ReadOnlySpan<double> t)
    {
        var (first, least) = (-1, double.NegativeInfinity);
        if (_bound is not null && BoundsPay() && _bound.Bound(s, t, _upper, out var sumOfLogs))
        {
            first = 0;
            for (var c = 1; c < _active.Length; c++)
            {
                first = _upper[c] > _upper[first] ? c : first;
            }

            // Shared: log Gamma(1 + s) - (1 + s) log t, and log t.
            Evaluate([first, Shared], s, t);
            least = _constants[first] + _logits[first] + LeastLogit - (_logits[Shared] + sumOfLogs);
        }

        _evaluatedCount = 0;
        var others = 0;
        for (var c = 0; c < _active.Length; c++)
        {
            if (c != first && first >= 0 && _upper[c] < least)
            {
                _logits[c] = 0;
                continue;
            }

            _evaluated[_evaluatedCount++] = c;
            if (c != first)
            {
                _others[others++] = c;
            }
        }

        _evaluatedOfRun += _vectorsOfRun <= BoundedOfRun ? _evaluatedCount : 0;
        Evaluate(_others.AsSpan(0, others), s, t);
    }

    private bool BoundsPay()
    {
        (_vectorsOfRun, _evaluatedOfRun) = _vectorsOfRun == RunOfVectors ? (0, 0) : (_vectorsOfRun, _evaluatedOfRun);
        _vectorsOfRun++;
        return _vectorsOfRun <= BoundedOfRun || 5 * _evaluatedOfRun <= 4 * BoundedOfRun * _active.Length;
    }

    private void Evaluate(ReadOnlySpan<int> components, ReadOnlySpan<double> s, ReadOnlySpan<double> t) =>
        _kernel.Evaluate(components, _shapes, _rates, s, t, _means, _logs, _logits);

    private static double[] Ones(int count)
    {
        var values = new double[count];
        values.AsSpan().Fill(1);
        return values;
    }
}
