using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// eta ~ Exponential with mean b. With z = u / s, k = s / b and J the integrals of <see cref="MillsRatio"/>, the slab's marginal over
/// N(u; 0, s^2) is k J_0(k - z), and eta / s given u is N(z - k, 1) truncated to the positive side, with moments J_1 / J_0 and J_2 / J_0.
/// </summary>
internal readonly struct ExponentialSlab : ISlab
{
    public static ComponentKind Kind => ComponentKind.Exponential;

    public static int Sign => 1;

    public static double PriorMean(double scale) => scale;

    public static double PriorSecondMoment(double scale) => 2 * scale * scale;

    public static double PriorVariance(double scale) => scale * scale;

    public static double Maximize(double weight, double sufficient, double first, double second) => first / weight;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Evaluate(
        Vector512<double> u, Vector512<double> s, Vector512<double> r, double scale, out Vector512<double> logRatio,
        out Vector512<double> first, out Vector512<double> variance, out Vector512<double> sufficient, out Vector512<double> score,
        out Vector512<double> curvature, out Vector512<double> cross)
    {
        var one = Vector512<double>.One;
        var k = s * Vector512.Create(1 / scale);
        var y = k - (u * r);
        VectorNormal.Mills(y, out var j0, out var j1, out var j2);
        var negative = Vector512.Min(y, Vector512<double>.Zero);
        logRatio = (Vector512.Create(0.5) * negative * negative) + Vector512.Log(k * j0);
        var inverse = one / j0;
        var mean = j1 * inverse;
        var square = j2 * inverse;
        var unit = Vector512.Max(square - (mean * mean), Vector512<double>.Zero);
        first = mean * s;
        variance = unit * s * s;
        sufficient = first;
        score = (k * mean) - one;
        curvature = k * ((k * unit) - mean);
        cross = -unit * Vector512.Create(1 / scale);
    }

    public static double LogRatio(double u, double s, double scale)
    {
        if (double.IsInfinity(s))
        {
            return 0;
        }

        var y = (s / scale) - (u / s);
        var negative = double.Min(y, 0);
        return (0.5 * negative * negative) + double.Log(s / scale * MillsRatio.Scaled(y).J0);
    }

    public static (double Below, double Above) Probabilities(double u, double s, double scale, double c)
    {
        if (c <= 0)
        {
            return (0, 1);
        }

        var beyond = double.IsInfinity(s) ? double.Exp(-c / scale) : Survival((u / s) - (s / scale), c / s);
        return (1 - beyond, beyond);
    }

    public static double Draw(double u, double s, double scale, double uniform) => double.IsInfinity(s)
        ? -scale * double.Log(uniform)
        : s * DrawPositive((u / s) - (s / scale), uniform);

    /// <summary>P(T &gt;= c) for T ~ N(q, 1) truncated to the positive side, c &gt;= 0.</summary>
    internal static double Survival(double q, double c) => double.Exp(NormalDistribution.LogCdf(q - c) - NormalDistribution.LogCdf(q));

    /// <summary>The t with P(T &gt;= t) = uniform for T ~ N(q, 1) truncated to the positive side.</summary>
    internal static double DrawPositive(double q, double uniform)
    {
        var z = NormalDistribution.QuantileOfLog(double.Log(uniform) + NormalDistribution.LogCdf(q));
        return double.Max(0, q - z);
    }
}
