using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// A bound from above of every component's logit for a vector with the likelihood prod_l x_l^s_l exp(-t_l x_l), t_l &lt;= T_l, at one addition for each
/// component and factor instead of a log-gamma and a logarithm. But for what all components share, log Gamma(1 + s) - s log t, the logit of a component is the sum over factors of
///
///     log Gamma(a + s) - log Gamma(1 + s) - s log(1 + b / t) - a log(b + t).
///
/// The first difference is monotone in s, the third term falls in s and rises in t, and -a log(b + t) is at most -a log(b + T) + a log(T / t): so the values at the ends of
/// an interval of s and at T bound it. Intervals are an eighth of an octave of s + 1/4; their bounds are found when they are first needed. Not thread-safe.
/// </summary>
internal sealed class ConjugateComponentBound
{
    private const int BitsOfInterval = 49;
    private const double Offset = 0.25;
    private const int Intervals = 8 * 20;
    private static readonly long FirstInterval = BitConverter.DoubleToInt64Bits(Offset) >> BitsOfInterval;

    private readonly int _factors;
    private readonly int _stride;
    private readonly double[] _shapes;
    private readonly double[] _rates;
    private readonly double[] _constants;
    private readonly double[] _totals;
    private readonly double[] _logTotals;
    private readonly double[] _logs;
    private readonly double _sumOfLogTotals;
    private readonly double[]?[] _bounds;

    /// <summary>Bounds for components given by factor (factors x stride, padded with 1), with the constant part of their logits.</summary>
    public ConjugateComponentBound(int factors, int stride, double[] shapesByFactor, double[] ratesByFactor, ReadOnlySpan<double> constants, ReadOnlySpan<double> totals)
    {
        (_factors, _stride, _shapes, _rates) = (factors, stride, shapesByFactor, ratesByFactor);
        _totals = totals[..factors].ToArray();
        (_logTotals, _logs) = (new double[factors], new double[factors]);
        _sumOfLogTotals = Logs(_totals, _logTotals);
        _bounds = new double[factors * Intervals][];
        _constants = constants.ToArray();
        for (var l = 0; l < factors; l++)
        {
            for (var c = 0; c < stride; c++)
            {
                _constants[c] -= shapesByFactor[(l * stride) + c] * double.Log(ratesByFactor[(l * stride) + c] + _totals[l]);
            }
        }
    }

    /// <summary>The bounds, less the shared part, and sum log t; false where there are none: an s beyond the table or not a number, or no cell at all.</summary>
    public bool Bound(ReadOnlySpan<double> s, ReadOnlySpan<double> t, Span<double> upper, out double sumOfLogs)
    {
        sumOfLogs = _sumOfLogTotals;
        var same = true;
        for (var l = 0; l < _factors; l++)
        {
            if (!(s[l] >= 0) || !(t[l] > 0) || !(t[l] <= _totals[l]))
            {
                return false;
            }

            same &= t[l] == _totals[l];
        }

        _constants.CopyTo(upper);
        for (var l = 0; l < _factors; l++)
        {
            var interval = (int)((BitConverter.DoubleToInt64Bits(s[l] + Offset) >> BitsOfInterval) - FirstInterval);
            if (interval >= Intervals)
            {
                return false;
            }

            var at = (l * Intervals) + interval;
            Add(_bounds[at] ??= Interval(l, interval), upper);
        }

        if (!same)
        {
            sumOfLogs = Logs(t, _logs);
            for (var l = 0; l < _factors; l++)
            {
                FactorKernel.AddScaled(_logTotals[l] - _logs[l], _shapes.AsSpan(l * _stride, _stride), upper[.._stride]);
            }
        }

        return true;
    }

    // Logarithms of the first values, and their sum.
    private static double Logs(ReadOnlySpan<double> values, Span<double> logs)
    {
        VectorNormal.Log(values[..logs.Length], logs);
        var sum = 0.0;
        foreach (var log in logs)
        {
            sum += log;
        }

        return sum;
    }

    private double[] Interval(int factor, int interval)
    {
        double End(int i) => BitConverter.Int64BitsToDouble((FirstInterval + i) << BitsOfInterval) - Offset;
        var (low, high) = (End(interval), End(interval + 1));
        var (sharedLow, sharedHigh) = (ConjugateGammaFunctions.LogGamma(1 + low), ConjugateGammaFunctions.LogGamma(1 + high));
        var bounds = new double[_stride];
        for (var c = 0; c < _stride; c += VectorNormal.Lanes)
        {
            var shape = Vector512.Create<double>(_shapes.AsSpan((factor * _stride) + c));
            var share = Vector512.Create<double>(_rates.AsSpan((factor * _stride) + c)) / Vector512.Create(_totals[factor]);
            var atLow = ConjugateGammaFunctions.LogGamma(shape + Vector512.Create(low)) - Vector512.Create(sharedLow);
            var atHigh = ConjugateGammaFunctions.LogGamma(shape + Vector512.Create(high)) - Vector512.Create(sharedHigh);
            (Vector512.Max(atLow, atHigh) - (Vector512.Create(low) * Vector512.Log(Vector512<double>.One + share))).CopyTo(bounds, c);
        }

        return bounds;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(double[] bounds, Span<double> upper)
    {
        for (var c = 0; c < bounds.Length; c += Vector256<double>.Count)
        {
            (Vector256.Create<double>(upper[c..]) + Vector256.Create<double>(bounds.AsSpan(c))).CopyTo(upper[c..]);
        }
    }
}
