using MathNet.Numerics;

namespace FitCluster.Math.Numerics;

/// <summary>The standard normal distribution, accurate in its far tails. <see cref="VectorNormal"/> has vectorized twins.</summary>
public static class NormalDistribution
{
    /// <summary>log sqrt(2 pi).</summary>
    public const double LogRootTwoPi = 0.91893853320467274178;

    private const double RootTwo = 1.4142135623730950488;

    /// <summary>log N(x; 0, s^2) = -x^2 / (2 s^2) - log s - 1/2 log 2 pi; s &gt; 0.</summary>
    public static double LogDensity(double x, double s)
    {
        var z = x / s;
        return (-0.5 * z * z) - double.Log(s) - LogRootTwoPi;
    }

    /// <summary>phi(z) = exp(-z^2 / 2) / sqrt(2 pi).</summary>
    public static double Density(double z) => ExpHalfSquare(z, -1) / MillsRatio.RootTwoPi;

    /// <summary>Phi(z), to about 1e-15 relative wherever it is a normal number (z above about -37.5).</summary>
    public static double Cdf(double z) => z < 0 ? Density(z) * MillsRatio.Value(-z) : 1 - (Density(z) * MillsRatio.Value(z));

    /// <summary>log Phi(z), to about 1e-15 relative for every z.</summary>
    public static double LogCdf(double z)
    {
        if (z <= 0)
        {
            return double.IsNegativeInfinity(z) ? z : (-0.5 * z * z) + double.Log(MillsRatio.Value(-z)) - LogRootTwoPi;
        }

        return LogOneMinus(Density(z) * MillsRatio.Value(z));
    }

    /// <summary>erfcx(x) = exp(x^2) erfc(x), to about 1e-15 relative; not finite below about -26.6.</summary>
    public static double Erfcx(double x) => x < 0
        ? (2 * double.Exp(x * x) * (1 + double.FusedMultiplyAdd(x, x, -x * x))) - Erfcx(-x)
        : MillsRatio.Value(x * RootTwo) * (2 / MillsRatio.RootTwoPi);

    /// <summary>Phi(b) - Phi(a) for a &lt;= b, without cancellation.</summary>
    public static double IntervalProbability(double a, double b) => double.Exp(LogIntervalProbability(a, b));

    /// <summary>
    /// log(Phi(b) - Phi(a)) for a &lt;= b, without cancellation (about 1e-14 relative to the probability); -infinity for a = b.
    /// </summary>
    public static double LogIntervalProbability(double a, double b) => TruncatedNormal.Moments(a, b).LogMass;

    /// <summary>The quantile z of Phi(z) = p, 0 &lt; p &lt; 1.</summary>
    public static double Quantile(double p) => -RootTwo * SpecialFunctions.ErfcInv(2 * p);

    /// <summary>The z of log Phi(z) = logP, for logP &lt; 0 however low.</summary>
    public static double QuantileOfLog(double logP)
    {
        if (logP > -600)
        {
            return Quantile(double.Exp(logP));
        }

        var z = -double.Sqrt(-2 * logP);
        for (var step = 0; step < 6; step++)
        {
            // d log Phi / dz = 1 / J_0(-z).
            z -= (LogCdf(z) - logP) * MillsRatio.Value(-z);
        }

        return z;
    }

    /// <summary>exp(sign z^2 / 2) with the rounding error of z^2 put back, so that the relative error stays at 1e-16 for large z.</summary>
    internal static double ExpHalfSquare(double z, double sign)
    {
        var square = z * z;
        if (double.IsInfinity(square))
        {
            return sign < 0 ? 0 : square;
        }

        var error = double.FusedMultiplyAdd(z, z, -square);
        return double.Exp(sign * 0.5 * square) * (1 + (sign * 0.5 * error));
    }

    internal static double LogOneMinus(double q)
    {
        // log(1 - q) = log u - ((u - 1) + q) / u with u = 1 - q rounded: exact to first order in the rounding.
        var u = 1 - q;
        return double.Log(u) - (((u - 1) + q) / u);
    }
}
