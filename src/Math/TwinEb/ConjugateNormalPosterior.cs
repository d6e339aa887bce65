using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// q of one vector x of a normal mixture prior under the likelihood term exp(h'x - x'A x / 2): q(x) = N(mean, covariance) times responsibilities r. Given r the
/// precision is A + diag(sum_k r_k / s2_k) and the mean solves it; given q(x), r_k ~ w_k exp(E log N(x; m_k, s2_k)). Owns its buffers.
/// </summary>
internal sealed class ConjugateNormalPosterior
{
    private readonly int _factors;
    private readonly int[] _active;
    private readonly int _stride;
    private readonly double[] _constants;
    private readonly double[] _meansByFactor;
    private readonly double[] _precisionsByFactor;
    private readonly double[] _logits;
    private readonly double[] _factor;
    private readonly double[] _solved;
    private readonly double[] _priorPrecision;
    private readonly double[] _priorShift;

    public ConjugateNormalPosterior(ConjugateNormalPrior prior)
    {
        var factors = _factors = prior.Factors;
        _active = [.. Enumerable.Range(0, prior.Components).Where(k => prior.Weights[k] > 0)];
        _stride = ConjugateGammaPosterior.Padded(_active.Length);
        (_constants, _logits) = (new double[_stride], new double[_stride]);
        (_meansByFactor, _precisionsByFactor) = (new double[factors * _stride], new double[factors * _stride]);
        for (var c = 0; c < _active.Length; c++)
        {
            var sum = double.Log(prior.Weights[_active[c]]);
            for (var l = 0; l < factors; l++)
            {
                var (mean, variance) = (prior.Means[(_active[c] * factors) + l], prior.Variances[(_active[c] * factors) + l]);
                sum -= (0.5 * double.Log(variance)) + NormalDistribution.LogRootTwoPi;
                _meansByFactor[(l * _stride) + c] = mean;
                _precisionsByFactor[(l * _stride) + c] = 1 / variance;
            }

            _constants[c] = sum;
        }

        (_priorPrecision, _priorShift, Mean, Variance) = (new double[factors], new double[factors], new double[factors], new double[factors]);
        (_factor, _solved) = (new double[factors * factors], new double[factors]);
        Covariance = new double[factors * (factors + 1) / 2];
        Second = new double[Covariance.Length];
    }

    public double[] Mean { get; }

    /// <summary>The diagonal of the covariance.</summary>
    public double[] Variance { get; }

    /// <summary>The covariance, packed lower triangle by rows: (0,0), (1,0), (1,1), ...</summary>
    public double[] Covariance { get; }

    /// <summary>E x x', packed so that its product with a packed symmetric matrix is a trace where both count off-diagonals once: see <see cref="Trace"/>.</summary>
    public double[] Second { get; }

    /// <summary>
    /// Starts responsibilities from <see cref="Mean"/> and <see cref="Variance"/> (as the caller set them), then updates q(x) and r so many times.
    /// Returns E log p(x, component) - E log q: minus the divergence from the prior.
    /// </summary>
    public double Update(ReadOnlySpan<double> a, ReadOnlySpan<double> h, int steps)
    {
        var term = Respond();
        for (var step = 0; step < steps; step++)
        {
            var logDeterminant = Solve(a, h);
            term = Respond() + (0.5 * (logDeterminant + _factors)) + (_factors * NormalDistribution.LogRootTwoPi);
        }

        return term;
    }

    /// <summary>h'm - tr(A E x x') / 2.</summary>
    public double Fit(ReadOnlySpan<double> a, ReadOnlySpan<double> h) => FactorKernel.Dot(h, Mean) - (0.5 * Trace(a, Second));

    /// <summary>Adds the last vector's part of the M-step's statistics.</summary>
    public void AddTo(ConjugateNormalStatistics statistics)
    {
        for (var c = 0; c < _active.Length; c++)
        {
            statistics.Counts[_active[c]] += _logits[c];
            for (var l = 0; l < _factors; l++)
            {
                statistics.Means[(_active[c] * _factors) + l] += _logits[c] * Mean[l];
                statistics.Squares[(_active[c] * _factors) + l] += _logits[c] * (Variance[l] + (Mean[l] * Mean[l]));
            }
        }
    }

    /// <summary>tr(A B) of packed symmetric matrices.</summary>
    public double Trace(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 2 * FactorKernel.Dot(a, b);
        for (int l = 0, at = 0; l < _factors; l++, at += l + 1)
        {
            sum -= a[at] * b[at];
        }

        return sum;
    }

    // Responsibilities, what they make of the prior, and the log of their normalizer.
    private double Respond()
    {
        _constants.CopyTo(_logits, 0);
        for (var l = 0; l < _factors; l++)
        {
            var (mean, variance) = (Vector512.Create(Mean[l]), Vector512.Create(Variance[l]));
            for (var c = 0; c < _stride; c += VectorNormal.Lanes)
            {
                var apart = mean - Vector512.Create<double>(_meansByFactor.AsSpan((l * _stride) + c));
                var precision = Vector512.Create<double>(_precisionsByFactor.AsSpan((l * _stride) + c));
                var logits = Vector512.Create<double>(_logits.AsSpan(c)) - (Vector512.Create(0.5) * precision * (variance + (apart * apart)));
                logits.CopyTo(_logits.AsSpan(c));
            }
        }

        var (greatest, sum) = (double.NegativeInfinity, 0.0);
        for (var c = 0; c < _active.Length; c++)
        {
            greatest = double.Max(greatest, _logits[c]);
        }

        for (var c = 0; c < _active.Length; c++)
        {
            _logits[c] = double.Exp(_logits[c] - greatest);
            sum += _logits[c];
        }

        for (var c = 0; c < _stride; c++)
        {
            _logits[c] = c < _active.Length ? _logits[c] / sum : 0;
        }

        for (var l = 0; l < _factors; l++)
        {
            var precisions = _precisionsByFactor.AsSpan(l * _stride, _stride);
            var means = _meansByFactor.AsSpan(l * _stride, _stride);
            (_priorPrecision[l], _priorShift[l]) = (0, 0);
            for (var c = 0; c < _active.Length; c++)
            {
                _priorPrecision[l] += _logits[c] * precisions[c];
                _priorShift[l] += _logits[c] * precisions[c] * means[c];
            }
        }

        return greatest + double.Log(sum);
    }

    // Mean, covariance and second moments given r; returns the log-determinant of the covariance.
    private double Solve(ReadOnlySpan<double> a, ReadOnlySpan<double> h)
    {
        var l = _factors;
        for (int i = 0, at = 0; i < l; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                _factor[(i * l) + j] = a[at++];
            }

            _factor[(i * l) + i] += _priorPrecision[i];
            _solved[i] = h[i] + _priorShift[i];
        }

        var logDeterminant = -ConjugateSymmetric.Cholesky(_factor, l);
        ConjugateSymmetric.Solve(_factor, l, _solved);
        _solved.CopyTo(Mean, 0);
        ConjugateSymmetric.Inverse(_factor, l, Covariance);
        for (int i = 0, at = 0; i < l; i++)
        {
            for (var j = 0; j <= i; j++, at++)
            {
                Second[at] = Covariance[at] + (Mean[i] * Mean[j]);
            }

            Variance[i] = Covariance[at - 1];
        }

        return logDeterminant;
    }
}
