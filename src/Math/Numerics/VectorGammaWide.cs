using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// log Gamma, digamma and trigamma on 8 lanes for 1e-6 &lt;= x &lt;= 1e7 with a relative error below 1e-13 (tests; digamma within 2e-3 of
/// its zero 1.4616: absolute, 1e-15). Below 8 the argument is moved up by 8; from there Stirling's series with 8 terms (Abramowitz and
/// Stegun 6.1.41, 6.3.18, 6.4.12) is exact to rounding. log Gamma and digamma from 1/2 to 5/2, where the first has its zeros: the series in
/// zeta(k) - 1 about 2 (6.1.33).
/// <para>
/// <see cref="VectorGamma"/> has fewer guarantees, and bits that other models' fits keep.
/// </para>
/// </summary>
public static class VectorGammaWide
{
    private const double Shift = 8;
    private const double OneLessEuler = 0.42278433509846714;
    private const int SeriesLast = 28;

    private static readonly double[] LogSeries =
        [1 / 12.0, -1 / 360.0, 1 / 1260.0, -1 / 1680.0, 1 / 1188.0, -691 / 360360.0, 1 / 156.0, -3617 / 122400.0];

    private static readonly double[] FirstSeries =
        [1 / 12.0, -1 / 120.0, 1 / 252.0, -1 / 240.0, 1 / 132.0, -691 / 32760.0, 1 / 12.0, -3617 / 8160.0];

    private static readonly double[] SecondSeries =
        [1 / 6.0, -1 / 30.0, 1 / 42.0, -1 / 30.0, 5 / 66.0, -691 / 2730.0, 7 / 6.0, -3617 / 510.0];

    // (-1)^k (zeta(k) - 1), k = 2 .. 28, and the same by k.
    private static readonly double[] Zeta = Zetas();
    private static readonly double[] ZetaByPower = [.. Zeta.Select((z, i) => z / (i + 2))];

    /// <summary>log Gamma(x).</summary>
    public static Vector512<double> LogGamma(Vector512<double> x)
    {
        var (y, isLow) = Raise(x);
        var value = Stirling(y);
        if (isLow != Vector512<double>.Zero)
        {
            value -= Vector512.Log(Vector512.ConditionalSelect(isLow, Rising(x), Vector512<double>.One));
        }

        var isMiddle = Middle(x);
        return isMiddle == Vector512<double>.Zero ? value : Vector512.ConditionalSelect(isMiddle, LogGammaOfMiddle(x), value);
    }

    /// <summary>The derivative of log Gamma.</summary>
    public static Vector512<double> Digamma(Vector512<double> x)
    {
        var (y, isLow) = Raise(x);
        var inverse = Vector512<double>.One / y;
        var value = Vector512.Log(y) - (Vector512.Create(0.5) * inverse) - FirstTail(inverse);
        if (isLow != Vector512<double>.Zero)
        {
            value -= isLow & RisingFirst(x);
        }

        var isMiddle = Middle(x);
        return isMiddle == Vector512<double>.Zero ? value : Vector512.ConditionalSelect(isMiddle, DigammaOfMiddle(x), value);
    }

    /// <summary>The second derivative of log Gamma.</summary>
    public static Vector512<double> Trigamma(Vector512<double> x)
    {
        var (y, isLow) = Raise(x);
        var inverse = Vector512<double>.One / y;
        var value = inverse + (Vector512.Create(0.5) * inverse * inverse) + SecondTail(inverse);
        return isLow == Vector512<double>.Zero ? value : value + (isLow & RisingSecond(x));
    }

    /// <summary>result[i] = log Gamma(x[i]); result may be x itself.</summary>
    public static void LogGamma(ReadOnlySpan<double> x, Span<double> result)
    {
        for (var i = 0; i < x.Length; i += VectorNormal.Lanes)
        {
            VectorNormal.Store(LogGamma(VectorNormal.Load(x, i, Shift)), result, i);
        }
    }

    /// <summary>result[i] = digamma(x[i]); result may be x itself.</summary>
    public static void Digamma(ReadOnlySpan<double> x, Span<double> result)
    {
        for (var i = 0; i < x.Length; i += VectorNormal.Lanes)
        {
            VectorNormal.Store(Digamma(VectorNormal.Load(x, i, Shift)), result, i);
        }
    }

    /// <summary>result[i] = trigamma(x[i]); result may be x itself.</summary>
    public static void Trigamma(ReadOnlySpan<double> x, Span<double> result)
    {
        for (var i = 0; i < x.Length; i += VectorNormal.Lanes)
        {
            VectorNormal.Store(Trigamma(VectorNormal.Load(x, i, Shift)), result, i);
        }
    }

    /// <summary>log Gamma of one number.</summary>
    public static double LogGamma(double x) => LogGamma(Vector512.Create(x)).ToScalar();

    /// <summary>digamma of one number.</summary>
    public static double Digamma(double x) => Digamma(Vector512.Create(x)).ToScalar();

    /// <summary>trigamma of one number.</summary>
    public static double Trigamma(double x) => Trigamma(Vector512.Create(x)).ToScalar();

    // y = x, or x + 8 below 8.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static (Vector512<double> Y, Vector512<double> IsLow) Raise(Vector512<double> x)
    {
        var isLow = Vector512.LessThan(x, Vector512.Create(Shift));
        return (x + (Vector512.Create(Shift) & isLow), isLow);
    }

    // x (x + 1) ... (x + 7): with u = x (x + 7) the product is u (u + 6) (u + 10) (u + 12).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Rising(Vector512<double> x)
    {
        var u = x * (x + Vector512.Create(7.0));
        return u * (u + Vector512.Create(6.0)) * ((u + Vector512.Create(10.0)) * (u + Vector512.Create(12.0)));
    }

    // sum of 1 / (x + i), i = 0 .. 7.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> RisingFirst(Vector512<double> x)
    {
        var u = x * (x + Vector512.Create(7.0));
        var (outer, inner) = (u * (u + Vector512.Create(6.0)), (u + Vector512.Create(10.0)) * (u + Vector512.Create(12.0)));
        var twice = u + u;
        return (x + x + Vector512.Create(7.0)) *
            (((twice + Vector512.Create(6.0)) * inner) + ((twice + Vector512.Create(22.0)) * outer)) / (outer * inner);
    }

    // sum of 1 / (x + i)^2, by pairs: ((2x + 7)^2 - 2 (u + c)) / (u + c)^2, c = 0, 6, 10, 12.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> RisingSecond(Vector512<double> x)
    {
        var u = x * (x + Vector512.Create(7.0));
        var s = x + x + Vector512.Create(7.0);
        var square = s * s;
        return Pair(u) + Pair(u + Vector512.Create(6.0)) + Pair(u + Vector512.Create(10.0)) + Pair(u + Vector512.Create(12.0));

        Vector512<double> Pair(Vector512<double> v) => (square - (v + v)) / (v * v);
    }

    // The series beyond the leading terms: of log Gamma at 1 / y; of digamma (subtracted); of trigamma.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> LogTail(Vector512<double> inverse) => Polynomial(inverse * inverse, LogSeries) * inverse;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> FirstTail(Vector512<double> inverse)
    {
        var square = inverse * inverse;
        return Polynomial(square, FirstSeries) * square;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> SecondTail(Vector512<double> inverse)
    {
        var square = inverse * inverse;
        return Polynomial(square, SecondSeries) * square * inverse;
    }

    private static Vector512<double> Stirling(Vector512<double> y) =>
        ((y - Vector512.Create(0.5)) * Vector512.Log(y)) - y + Vector512.Create(NormalDistribution.LogRootTwoPi) +
        LogTail(Vector512<double>.One / y);

    private static Vector512<double> Middle(Vector512<double> x) =>
        Vector512.GreaterThanOrEqual(x, Vector512.Create(0.5)) & Vector512.LessThan(x, Vector512.Create(2.5));

    // x = 2 + z, or 1 + z (then less log(1 + z)), |z| <= 1/2: z (1 - gamma) + sum (-1)^k (zeta(k) - 1) z^k / k.
    private static Vector512<double> LogGammaOfMiddle(Vector512<double> x)
    {
        var (z, isFirst) = Centre(x);
        var sum = z * (Vector512.Create(OneLessEuler) + (z * Polynomial(z, ZetaByPower)));
        return sum - (isFirst & VectorSoftplus.LogOnePlus(z));
    }

    private static Vector512<double> DigammaOfMiddle(Vector512<double> x)
    {
        var (z, isFirst) = Centre(x);
        var sum = Vector512.Create(OneLessEuler) + (z * Polynomial(z, Zeta));
        return sum - (isFirst & (Vector512<double>.One / (Vector512<double>.One + z)));
    }

    private static (Vector512<double> Z, Vector512<double> IsFirst) Centre(Vector512<double> x)
    {
        var isFirst = Vector512.LessThan(x, Vector512.Create(1.5));
        var z = x - Vector512.ConditionalSelect(isFirst, Vector512<double>.One, Vector512.Create(2.0));

        // Other lanes' series would overflow: theirs are not taken.
        return (Vector512.Min(z, Vector512<double>.One), isFirst);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Polynomial(Vector512<double> x, double[] coefficients)
    {
        var sum = Vector512.Create(coefficients[^1]);
        for (var n = coefficients.Length - 2; n >= 0; n--)
        {
            sum = Vector512.FusedMultiplyAdd(sum, x, Vector512.Create(coefficients[n]));
        }

        return sum;
    }

    // zeta(k) - 1 = sum over n >= 2 of n^-k: to 60, and the rest by Euler and Maclaurin (error below 1e-17).
    private static double[] Zetas()
    {
        const int Last = 60;
        var values = new double[SeriesLast - 1];
        for (var k = 2; k <= SeriesLast; k++)
        {
            double power = double.Pow(Last, -k), n = Last;
            var sum = (power * n / (k - 1)) - (power / 2) + (k * power / (12 * n)) -
                (k * (k + 1.0) * (k + 2) * power / (720 * n * n * n)) +
                (k * (k + 1.0) * (k + 2) * (k + 3) * (k + 4) * power / (30240 * double.Pow(n, 5)));
            for (var i = Last; i >= 2; i--)
            {
                sum += double.Pow(i, -k);
            }

            values[k - 2] = k % 2 == 0 ? sum : -sum;
        }

        return values;
    }
}
