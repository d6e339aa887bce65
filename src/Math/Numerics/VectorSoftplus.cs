using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// log(1 + x), log(1 + e^x) and the logistic function on 8 lanes, each to a relative 1e-15 (tests), where the runtime's log and exp are.
/// </summary>
public static class VectorSoftplus
{
    /// <summary>
    /// log(1 + x) for x &gt; -1, finite: log(y) x / (y - 1) with y = 1 + x rounded, where what was lost in rounding cancels (Kahan; Higham
    /// 2002, Accuracy and Stability, 1.14.1); x itself where y is 1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> LogOnePlus(Vector512<double> x)
    {
        var one = Vector512<double>.One;
        var y = one + x;
        var rest = y - one;
        var isOne = Vector512.Equals(rest, Vector512<double>.Zero);
        return Vector512.ConditionalSelect(isOne, x, Vector512.Log(y) * (x / Vector512.ConditionalSelect(isOne, one, rest)));
    }

    /// <summary>log(1 + e^x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Softplus(Vector512<double> x) =>
        Vector512.Max(x, Vector512<double>.Zero) + LogOnePlus(VectorExp.Of(-Vector512.Abs(x)));

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Logistic(Vector512<double> x)
    {
        var one = Vector512<double>.One;
        var e = VectorExp.Of(-Vector512.Abs(x));
        return Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(x, Vector512<double>.Zero), one, e) / (one + e);
    }

    /// <summary>result[i] = log(1 + x[i]), x &gt; -1; result may be x itself.</summary>
    public static void LogOnePlus(ReadOnlySpan<double> x, Span<double> result)
    {
        for (var i = 0; i < x.Length; i += VectorNormal.Lanes)
        {
            VectorNormal.Store(LogOnePlus(VectorNormal.Load(x, i, 0)), result, i);
        }
    }

    /// <summary>result[i] = log(1 + e^x[i]); result may be x itself.</summary>
    public static void Softplus(ReadOnlySpan<double> x, Span<double> result)
    {
        for (var i = 0; i < x.Length; i += VectorNormal.Lanes)
        {
            VectorNormal.Store(Softplus(VectorNormal.Load(x, i, 0)), result, i);
        }
    }

    /// <summary>result[i] = 1 / (1 + e^-x[i]); result may be x itself.</summary>
    public static void Logistic(ReadOnlySpan<double> x, Span<double> result)
    {
        for (var i = 0; i < x.Length; i += VectorNormal.Lanes)
        {
            VectorNormal.Store(Logistic(VectorNormal.Load(x, i, 0)), result, i);
        }
    }

    /// <summary>log(1 + x) of one number x &gt; -1.</summary>
    public static double LogOnePlus(double x)
    {
        var y = 1 + x;
        return y == 1 ? x : double.Log(y) * (x / (y - 1));
    }

    /// <summary>log(1 + e^x) of one number.</summary>
    public static double Softplus(double x) => double.Max(x, 0) + LogOnePlus(double.Exp(-double.Abs(x)));

    /// <summary>1 / (1 + e^-x) of one number.</summary>
    public static double Logistic(double x)
    {
        var e = double.Exp(-double.Abs(x));
        return (x >= 0 ? 1 : e) / (1 + e);
    }

    /// <summary>The x &lt; 0 or more of log(1 + e^x) = y, y &gt; 0: y + log(1 - e^-y).</summary>
    public static double InverseSoftplus(double y) => y > 1 ? y + LogOnePlus(-double.Exp(-y)) : double.Log(ExponentialMinusOne(y));

    // e^y - 1 for 0 < y <= 1, by e^y - 1 = 2 sinh(y / 2) e^(y / 2), whose sinh is the runtime's.
    private static double ExponentialMinusOne(double y) => 2 * double.Sinh(y / 2) * double.Exp(y / 2);
}
