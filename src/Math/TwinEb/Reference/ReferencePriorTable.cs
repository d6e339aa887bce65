using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// What the densities of a prior need of its parameters, computed once a step: with the statistics of a row or column, (log y, y) for Gamma
/// and (y, y squared) for normal, every log density is linear, log f = constant_k + sum_l (n1_kl t1_l + n2_kl t2_l), n = (a - 1, -b) or (m
/// / s squared, -1 / (2 s squared)). Widths: a factor vector takes W = L rounded up to 4, a vector of statistics 2 W, components are
/// rounded up to 8; what is added counts as nothing. (Where s is far below |m| the expanded square of the normal loses m squared / s
/// squared roundings.)
/// </summary>
internal sealed class ReferencePriorTable
{
    // Below every log density: exp of the difference is 0.
    private const double Nothing = -1e300;
    private const double Least = 1e-8;
    private const double Most = 1e3;
    private readonly ReferencePrior _prior;
    private readonly double[] _first;
    private readonly double[] _second;
    private readonly double[] _firstSlope;
    private readonly double[] _secondSlope;
    private readonly double[] _logSecond;
    private readonly double[] _logGamma;
    private readonly double[] _digamma;
    private readonly double[] _weights;

    public ReferencePriorTable(ReferencePrior prior)
    {
        _prior = prior;
        Width = (prior.Factors + 3) & ~3;
        PaddedComponents = (prior.Components + 7) & ~7;
        Naturals = new AlignedArray(PaddedComponents * 2 * Width);
        NaturalsByStatistic = new AlignedArray(2 * Width * PaddedComponents);
        Constants = new double[PaddedComponents];
        var count = prior.IsFixed ? 1 : prior.ShapeParameters;
        (_first, _second, _firstSlope, _secondSlope) = (new double[count], new double[count], new double[count], new double[count]);
        (_logSecond, _logGamma, _digamma) = (new double[count], new double[count], new double[count]);
        _weights = new double[prior.Components];
    }

    /// <summary>W.</summary>
    public int Width { get; }

    /// <summary>K rounded up to 8.</summary>
    public int PaddedComponents { get; }

    /// <summary>n, padded components x 2 W.</summary>
    public AlignedArray Naturals { get; }

    /// <summary>n transposed, 2 W x padded components.</summary>
    public AlignedArray NaturalsByStatistic { get; }

    /// <summary>log w_k plus the constant of component k's log density; padding -1e300.</summary>
    public double[] Constants { get; }

    /// <summary>The number of components, K.</summary>
    public int Components => _prior.Components;

    /// <summary>Computes the table of free parameters (empty for a fixed prior).</summary>
    public void Set(ReadOnlySpan<double> parameters)
    {
        var (k, l, n) = (_prior.Components, _prior.Factors, _prior.ShapeParameters);
        var isGamma = _prior.Likelihood == TwinEbLikelihood.Poisson;
        if (_prior.IsFixed)
        {
            (_first[0], _second[0]) = _prior.Constants;
            _weights[0] = 1;
        }
        else
        {
            if (isGamma)
            {
                Positive(parameters[..n], _first, _firstSlope);
            }
            else
            {
                parameters[..n].CopyTo(_first);
                _firstSlope.AsSpan().Fill(1);
            }

            Positive(parameters[n..(2 * n)], _second, _secondSlope);
            LogSumExp.Softmax(parameters[(2 * n)..], _weights);
        }

        VectorLog.Of(_second, _logSecond);
        if (isGamma)
        {
            VectorGamma.LogGammaAndDigamma(_first, _logGamma, _digamma);
        }

        var isShared = _prior.IsTied || _prior.IsFixed;
        Constants.AsSpan().Fill(Nothing);
        var naturals = Naturals.Span;
        var byStatistic = NaturalsByStatistic.Span;
        for (var c = 0; c < k; c++)
        {
            var constant = double.Log(_weights[c]);
            for (var t = 0; t < l; t++)
            {
                var p = isShared ? 0 : (c * l) + t;
                double n1, n2;
                if (isGamma)
                {
                    constant += (_first[p] * _logSecond[p]) - _logGamma[p];
                    (n1, n2) = (_first[p] - 1, -_second[p]);
                }
                else
                {
                    var precision = 1 / (_second[p] * _second[p]);
                    constant -= NormalDistribution.LogRootTwoPi + _logSecond[p] + (0.5 * _first[p] * _first[p] * precision);
                    (n1, n2) = (_first[p] * precision, -0.5 * precision);
                }

                naturals[(c * 2 * Width) + t] = n1;
                naturals[(c * 2 * Width) + Width + t] = n2;
                byStatistic[(t * PaddedComponents) + c] = n1;
                byStatistic[((Width + t) * PaddedComponents) + c] = n2;
            }

            // A weight that underflows is no component, and must not be minus infinity.
            Constants[c] = double.Max(constant, Nothing);
        }
    }

    /// <summary>
    /// The gradient of a sum of log densities by the free parameters, from sums over rows or columns of responsibilities.
    /// </summary>
    /// <param name="counts">sum of responsibilities, [components].</param>
    /// <param name="sums">sum of responsibility x statistics, [components x 2 W].</param>
    /// <param name="total">The number of rows or columns that were summed (times their weight).</param>
    /// <param name="factor">What the gradient is multiplied by.</param>
    /// <param name="gradient">Receives the gradient, added.</param>
    public void AddGradient(ReadOnlySpan<double> counts, ReadOnlySpan<double> sums, double total, double factor, Span<double> gradient)
    {
        if (_prior.IsFixed)
        {
            return;
        }

        var (k, l, n) = (_prior.Components, _prior.Factors, _prior.ShapeParameters);
        var isGamma = _prior.Likelihood == TwinEbLikelihood.Poisson;
        for (var c = 0; c < k; c++)
        {
            var count = counts[c];
            var first = sums.Slice(c * 2 * Width, l);
            var second = sums.Slice((c * 2 * Width) + Width, l);
            for (var t = 0; t < l; t++)
            {
                var p = _prior.IsTied ? 0 : (c * l) + t;
                double byFirst, bySecond;
                if (isGamma)
                {
                    byFirst = (count * (_logSecond[p] - _digamma[p])) + first[t];
                    bySecond = (count * _first[p] / _second[p]) - second[t];
                }
                else
                {
                    var (m, s) = (_first[p], _second[p]);
                    byFirst = (first[t] - (count * m)) / (s * s);
                    bySecond = ((second[t] - (2 * m * first[t]) + (count * m * m)) / (s * s * s)) - (count / s);
                }

                gradient[p] += factor * byFirst * _firstSlope[p];
                gradient[n + p] += factor * bySecond * _secondSlope[p];
            }

            gradient[(2 * n) + c] += k == 1 ? 0 : factor * (count - (total * _weights[c]));
        }
    }

    /// <summary>The prior as it is reported: weights [K] and both parameters [K x L].</summary>
    public (double[] Weights, double[] First, double[] Second) Values()
    {
        var (k, l) = (_prior.Components, _prior.Factors);
        var (first, second) = (new double[k * l], new double[k * l]);
        for (var p = 0; p < k * l; p++)
        {
            var from = _prior.IsTied || _prior.IsFixed ? 0 : p;
            (first[p], second[p]) = (_first[from], _second[from]);
        }

        return ([.. _weights], first, second);
    }

    // value = clamp(softplus e), slope = its derivative, 0 where clamped.
    private static void Positive(ReadOnlySpan<double> e, Span<double> value, Span<double> slope)
    {
        var (least, most) = (Vector512.Create(Least), Vector512.Create(Most));
        for (var i = 0; i < e.Length; i += VectorNormal.Lanes)
        {
            var x = VectorNormal.Load(e, i, 0);
            var (low, lowSlope) = ReferenceSide.Softplus(x.GetLower());
            var (high, highSlope) = ReferenceSide.Softplus(x.GetUpper());
            var plus = Vector512.Create(low, high);
            var inside = Vector512.GreaterThanOrEqual(plus, least) & Vector512.LessThanOrEqual(plus, most);
            VectorNormal.Store(Vector512.Min(Vector512.Max(plus, least), most), value, i);
            VectorNormal.Store(Vector512.Create(lowSlope, highSlope) & inside, slope, i);
        }
    }
}
