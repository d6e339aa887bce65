using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// A bound from above of every component's logit for a vector with the likelihood prod_l x_l^s_l exp(-t_l x_l), t_l &lt;= T_l, at one
/// addition for each component and factor instead of a log-gamma and a logarithm. But for what all components share, log Gamma(1 + s) - s
/// log t, the logit of a component is the sum over factors of
///
///     log Gamma(a + s) - log Gamma(1 + s) - s log(1 + b / t) - a log(b + t).
///
/// The first difference is monotone in s, the third term falls in s and rises in t, and -a log(b + t) is at most -a log(b + T) + a log(T /
/// t): so the values at the ends of an interval of s and at T bound it. Intervals are an eighth of an octave of s + 1/4; their bounds are
/// found when they are first needed. Not thread-safe.
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
    private readonly double[] _logShares;
    private readonly double[] _constants;
    private readonly double[] _totals;
    private readonly double[] _logTotals;
    private readonly double[] _logs;
    private readonly double _sumOfLogTotals;
    private readonly double[]?[] _bounds;
    private readonly double[]?[] _ends;

    /// <summary>Bounds for components given by factor (factors x stride, padded with 1), with the constant part of their logits.</summary>
    public ConjugateComponentBound(int factors, int stride, double[] shapesByFactor, double[] ratesByFactor, ReadOnlySpan<double> constants,
        ReadOnlySpan<double> totals)
    {
        (_factors, _stride, _shapes, _logShares) = (factors, stride, shapesByFactor, new double[shapesByFactor.Length]);
        _totals = totals[..factors].ToArray();
        (_logTotals, _logs) = (new double[factors], new double[factors]);
        _sumOfLogTotals = Logs(_totals, _logTotals);
        (_bounds, _ends) = (new double[factors * Intervals][], new double[factors * (Intervals + 1)][]);
        _constants = constants.ToArray();
        for (var l = 0; l < factors; l++)
        {
            var total = Vector256.Create(_totals[l]);
            for (var c = 0; c < stride; c += Vector256<double>.Count)
            {
                // log(1 + b / T), and a log(b + T) = a (log T + log(1 + b / T)).
                var at = (l * stride) + c;
                var logShare = VectorLog.Of(Vector256<double>.One + (Vector256.Create<double>(ratesByFactor.AsSpan(at)) / total));
                logShare.CopyTo(_logShares, at);
                var own = Vector256.Create<double>(shapesByFactor.AsSpan(at)) * (Vector256.Create(_logTotals[l]) + logShare);
                (Vector256.Create<double>(_constants.AsSpan(c)) - own).CopyTo(_constants, c);
            }
        }
    }

    /// <summary>
    /// The bounds, less the shared part, and sum log t; false where there are none: an s beyond the table or not a number, or no cell at
    /// all.
    /// </summary>
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
        VectorLog.Of(values[..logs.Length], logs);
        var sum = 0.0;
        foreach (var log in logs)
        {
            sum += log;
        }

        return sum;
    }

    private double[] Interval(int factor, int interval)
    {
        var (atLow, atHigh) = (End(factor, interval), End(factor, interval + 1));
        var logShares = _logShares.AsSpan(factor * _stride, _stride);
        var low = Vector256.Create(EndOf(interval));
        var bounds = new double[_stride];
        for (var c = 0; c < _stride; c += Vector256<double>.Count)
        {
            var greater = Vector256.Max(Vector256.Create<double>(atLow.AsSpan(c)), Vector256.Create<double>(atHigh.AsSpan(c)));
            (greater - (low * Vector256.Create<double>(logShares[c..]))).CopyTo(bounds, c);
        }

        return bounds;
    }

    // log Gamma(a + s) - log Gamma(1 + s) at the lower end of an interval of s: two intervals share it.
    private double[] End(int factor, int interval)
    {
        ref var end = ref _ends[(factor * (Intervals + 1)) + interval];
        if (end is null)
        {
            end = new double[_stride];
            var s = EndOf(interval);
            var shared = Vector256.Create(GammaFunctions.LogGamma(1 + s));
            for (var c = 0; c < _stride; c += Vector256<double>.Count)
            {
                (VectorGamma.LogGamma(Vector256.Create<double>(_shapes.AsSpan((factor * _stride) + c)) + Vector256.Create(s)) -
                    shared).CopyTo(end, c);
            }
        }

        return end;
    }

    private static double EndOf(int interval) => BitConverter.Int64BitsToDouble((FirstInterval + interval) << BitsOfInterval) - Offset;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(double[] bounds, Span<double> upper)
    {
        for (var c = 0; c < bounds.Length; c += Vector256<double>.Count)
        {
            (Vector256.Create<double>(upper[c..]) + Vector256.Create<double>(bounds.AsSpan(c))).CopyTo(upper[c..]);
        }
    }
}
