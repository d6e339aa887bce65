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
        Vector512<double> u, Vector512<double> s, Vector512<double> r, Vector512<double> z, double scale, out Vector512<double> logRatio,
        out Vector512<double> logMarginal, out Vector512<double> first, out Vector512<double> variance, out Vector512<double> sufficient,
        out Vector512<double> score, out Vector512<double> curvature, out Vector512<double> cross)
    {
        var half = Vector512.Create(0.5);
        var k = s * Vector512.Create(1 / scale);
        var y = Difference(k, z, u, s, r, scale);
        VectorNormal.Positive(y, out var j0, out var unit, out var mean, out var around);
        var negative = Vector512.Min(y, Vector512<double>.Zero);
        var log = Vector512.Log(k * j0);
        logRatio = log + (half * negative * negative);

        // Where y < 0: (y^2 - z^2) / 2.
        logMarginal = log + (half * Vector512.ConditionalSelect(
            Vector512.LessThan(y, Vector512<double>.Zero), k * (k - z - z), -z * z));
        var width = unit * s;
        first = width * mean;
        variance = width * width * around;
        sufficient = first;
        mean *= unit * k;
        around *= unit * k * (unit * k);
        score = mean - Vector512<double>.One;
        curvature = around - mean;
        cross = -around * Vector512.Create(scale) * r;
    }

    /// <summary>s / scale - u / s, where k and z are these as rounded: what the roundings lost is put back, as both may be large.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Difference(
        Vector512<double> k, Vector512<double> z, Vector512<double> u, Vector512<double> s, Vector512<double> r, double scale)
    {
        var lostOfK = Vector512.FusedMultiplyAdd(-k, Vector512.Create(scale), s) * Vector512.Create(1 / scale);
        var lostOfZ = Vector512.FusedMultiplyAdd(-z, s, u) * r;
        return k - z + (lostOfK - lostOfZ);
    }

    /// <summary>The scalar twin.</summary>
    internal static double Difference(double u, double s, double scale)
    {
        var (k, z) = (s / scale, u / s);
        return k - z + ((double.FusedMultiplyAdd(-k, scale, s) / scale) - (double.FusedMultiplyAdd(-z, s, u) / s));
    }

    public static double Shrinkage(double u, double s, double scale) => s * (s / scale);

    public static double LogRatio(double u, double s, double scale)
    {
        if (double.IsInfinity(s))
        {
            return 0;
        }

        var y = Difference(u, s, scale);
        var negative = double.Min(y, 0);
        return (0.5 * negative * negative) + double.Log(s / scale * MillsRatio.Scaled(y).J0);
    }

    public static (double Below, double Above) Probabilities(double u, double s, double scale, double c)
    {
        if (c <= 0)
        {
            return (0, 1);
        }

        if (double.IsInfinity(s))
        {
            return (-double.ExpM1(-c / scale), double.Exp(-c / scale));
        }

        var y = Difference(u, s, scale);
        return (PositiveNormal.Below(y, c / s), PositiveNormal.Above(y, c / s));
    }

    public static double Draw(double u, double s, double scale, double uniform) => double.IsInfinity(s)
        ? -scale * double.Log(uniform)
        : s * PositiveNormal.UpperQuantile(Difference(u, s, scale), uniform);
}
