using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The exact posterior of one vector x of a normal mixture prior under exp(h'x - x'A x / 2): component k with probability
/// r_k ~ w_k |S_k|^(1/2) prod_l s_kl^-1 exp((b_k'S_k b_k - sum_l m_kl^2 / s2_kl) / 2), S_k = (A + diag(1 / s2_k))^-1, b_k = h + m_k / s2_k,
/// and then x ~ N(S_k b_k, S_k). Costs L^3 / 6 for each component that is in, and L^3 / 2 more for those that matter. Owns its buffers.
/// </summary>
internal sealed class ConjugateNormalPosterior
{
    // What a component of smaller responsibility adds to a moment is below rounding.
    private const double LeastResponsibility = 1e-12;

    private readonly int _factors;
    private readonly int[] _active;
    private readonly double[] _constants;
    private readonly double[] _precisions;
    private readonly double[] _shifts;
    private readonly double[] _responsibilities;
    private readonly double[] _means;
    private readonly double[] _covariances;
    private readonly double[] _root;

    public ConjugateNormalPosterior(ConjugateNormalPrior prior)
    {
        var factors = _factors = prior.Factors;
        Packed = factors * (factors + 1) / 2;
        _active = [.. Enumerable.Range(0, prior.Components).Where(k => prior.Weights[k] > 0)];
        (_constants, _responsibilities) = (new double[_active.Length], new double[_active.Length]);
        (_precisions, _shifts, _means) =
            (new double[_active.Length * factors], new double[_active.Length * factors], new double[_active.Length * factors]);
        _covariances = new double[_active.Length * Packed];
        for (var c = 0; c < _active.Length; c++)
        {
            _constants[c] = double.Log(prior.Weights[_active[c]]);
            for (var l = 0; l < factors; l++)
            {
                var (mean, variance) = (prior.Means[(_active[c] * factors) + l], prior.Variances[(_active[c] * factors) + l]);
                _constants[c] -= 0.5 * (double.Log(variance) + (mean * mean / variance));
                _precisions[(c * factors) + l] = 1 / variance;
                _shifts[(c * factors) + l] = mean / variance;
            }
        }

        (_root, Mean, Variance, Second) = (new double[factors * factors], new double[factors], new double[factors], new double[Packed]);
    }

    /// <summary>The numbers of a packed lower triangle: (0,0), (1,0), (1,1), ...</summary>
    public int Packed { get; }

    /// <summary>E x.</summary>
    public double[] Mean { get; }

    /// <summary>Var x_l.</summary>
    public double[] Variance { get; }

    /// <summary>E x x', packed.</summary>
    public double[] Second { get; }

    /// <summary>The components that are in.</summary>
    public int Components => _active.Length;

    /// <summary>The posterior under A (packed) and h. Returns log of the integral of prior times exp(h'x - x'A x / 2).</summary>
    public double Evaluate(ReadOnlySpan<double> a, ReadOnlySpan<double> h)
    {
        var greatest = double.NegativeInfinity;
        for (var c = 0; c < _active.Length; c++)
        {
            var logDeterminant = Factorize(c, a, h);
            var half = _means.AsSpan(c * _factors, _factors);
            Cholesky.SolveLower(_root, _factors, half);
            _responsibilities[c] = _constants[c] + (0.5 * (FactorKernel.Dot(half, half) - logDeterminant));
            greatest = double.Max(greatest, _responsibilities[c]);
        }

        var sum = 0.0;
        for (var c = 0; c < _active.Length; c++)
        {
            _responsibilities[c] = double.Exp(_responsibilities[c] - greatest);
            sum += _responsibilities[c];
        }

        Array.Clear(Mean);
        Array.Clear(Second);
        for (var c = 0; c < _active.Length; c++)
        {
            _responsibilities[c] /= sum;
            if (_responsibilities[c] < LeastResponsibility)
            {
                _responsibilities[c] = 0;
                continue;
            }

            Factorize(c, a, h);
            var mean = _means.AsSpan(c * _factors, _factors);
            Cholesky.SolveLower(_root, _factors, mean);
            Cholesky.SolveUpper(_root, _factors, mean);
            var covariance = _covariances.AsSpan(c * Packed, Packed);
            Cholesky.Inverse(_root, _factors, covariance);
            FactorKernel.AddScaled(_responsibilities[c], mean, Mean);
            FactorKernel.AddScaled(_responsibilities[c], covariance, Second);
            for (int i = 0, at = 0; i < _factors; at += i + 1, i++)
            {
                FactorKernel.AddScaled(_responsibilities[c] * mean[i], mean[..(i + 1)], Second.AsSpan(at, i + 1));
            }
        }

        for (int l = 0, at = 0; l < _factors; l++, at += l + 1)
        {
            Variance[l] = double.Max(Second[at] - (Mean[l] * Mean[l]), 0);
        }

        return greatest + double.Log(sum);
    }

    /// <summary>h'E x - tr(A E x x') / 2: what the likelihood term is worth under q.</summary>
    public double Fit(ReadOnlySpan<double> a, ReadOnlySpan<double> h)
    {
        // Off-diagonals stand for two cells each.
        var trace = 2 * FactorKernel.Dot(a, Second);
        for (int l = 0, at = 0; l < _factors; l++, at += l + 1)
        {
            trace -= a[at] * Second[at];
        }

        return FactorKernel.Dot(h, Mean) - (0.5 * trace);
    }

    /// <summary>Adds the last vector's part of the M-step's statistics.</summary>
    public void AddTo(ConjugateNormalStatistics statistics)
    {
        for (var c = 0; c < _active.Length; c++)
        {
            var r = _responsibilities[c];
            if (r == 0)
            {
                continue;
            }

            statistics.Counts[_active[c]] += r;
            for (int l = 0, at = c * Packed; l < _factors; l++, at += l + 1)
            {
                var mean = _means[(c * _factors) + l];
                statistics.Means[(_active[c] * _factors) + l] += r * mean;
                statistics.Squares[(_active[c] * _factors) + l] += r * (_covariances[at] + (mean * mean));
            }
        }
    }

    /// <summary>
    /// What the last vector is given one of the components that are in: its responsibility, mean and packed covariance (empty where it is
    /// 0).
    /// </summary>
    public double Given(int c, out ReadOnlySpan<double> mean, out ReadOnlySpan<double> covariance)
    {
        mean = _responsibilities[c] == 0 ? [] : _means.AsSpan(c * _factors, _factors);
        covariance = _responsibilities[c] == 0 ? [] : _covariances.AsSpan(c * Packed, Packed);
        return _responsibilities[c];
    }

    // The Cholesky factor of A + diag(1 / s2) in _root and b in the component's mean; returns the log-determinant.
    private double Factorize(int c, ReadOnlySpan<double> a, ReadOnlySpan<double> h)
    {
        var (l, from) = (_factors, c * _factors);
        for (int i = 0, at = 0; i < l; at += i + 1, i++)
        {
            a.Slice(at, i + 1).CopyTo(_root.AsSpan(i * l));
            _root[(i * l) + i] += _precisions[from + i];
            _means[from + i] = h[i] + _shifts[from + i];
        }

        return Cholesky.Factor(_root, l);
    }
}
