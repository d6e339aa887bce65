using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// log Gamma and digamma side by side on 8 lanes, for 1e-9 &lt;= x &lt;= 1e6: the argument is moved up by 8, where Stirling's series with
/// 8 terms is exact to rounding, and the product x (x + 1) ... (x + 7) is taken back. About 1e-14 of max(1, |result|); near the zeros of
/// the results (x = 1, 2 and 1.4616) the accuracy is absolute.
/// <para>
/// log Gamma alone, on 4 lanes, is another one: its series is a term shorter and its logarithms are <see cref="VectorLog"/>'s, which differ
/// from the runtime's in the last bits. TwinEB's default optimizer has it in each sweep, its reference optimizer the other; fits keep their
/// bits.
/// </para>
/// </summary>
public static class VectorGamma
{
    /// <summary>logGamma[i] = log Gamma(x[i]); digamma[i] = its derivative.</summary>
    public static void LogGammaAndDigamma(ReadOnlySpan<double> x, Span<double> logGamma, Span<double> digamma)
    {
        for (var i = 0; i < x.Length; i += VectorNormal.Lanes)
        {
            var (value, slope) = LogGammaAndDigamma(VectorNormal.Load(x, i, 1));
            VectorNormal.Store(value, logGamma, i);
            VectorNormal.Store(slope, digamma, i);
        }
    }

    /// <summary>
    /// log Gamma of 4 numbers in [1e-4, 1e12], always shifted, to <c>3e-14 max(1, |result|)</c>: as <see cref="GammaFunctions.LogGamma"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> LogGamma(Vector256<double> x)
    {
        // x (x + 1) ... (x + 7) with u = x (x + 7), as below, over y^8: no overflow of a logarithm's argument.
        var u = x * (x + Vector256.Create(7.0));
        var rising = u * (u + Vector256.Create(6.0)) * ((u + Vector256.Create(10.0)) * (u + Vector256.Create(12.0)));
        var y = x + Vector256.Create(8.0);
        var inverse = Vector256<double>.One / y;
        var square = inverse * inverse;
        var series = Vector256.Create(GammaFunctions.LogGammaSeries[0]);
        for (var i = 1; i < GammaFunctions.LogGammaSeries.Length; i++)
        {
            series = Vector256.FusedMultiplyAdd(series, square, Vector256.Create(GammaFunctions.LogGammaSeries[i]));
        }

        var logRatio = VectorLog.Of(rising * (square * square * (square * square)));
        return ((x - Vector256.Create(0.5)) * VectorLog.Of(y)) -
            y + Vector256.Create(NormalDistribution.LogRootTwoPi) + (series * inverse) - logRatio;
    }

    /// <summary>log Gamma of each of some numbers, as of 4 at once; the result may be longer.</summary>
    public static double[] LogGamma(ReadOnlySpan<double> x)
    {
        var padded = Padding.WithOnes(x);
        for (var at = 0; at < padded.Length; at += Vector256<double>.Count)
        {
            LogGamma(Vector256.Create<double>(padded.AsSpan(at))).CopyTo(padded, at);
        }

        return padded;
    }

    private static (Vector512<double> LogGamma, Vector512<double> Digamma) LogGammaAndDigamma(Vector512<double> x)
    {
        // x (x + 1) ... (x + 7) and its logarithmic derivative: with u = x (x + 7) the product is u (u + 6) (u + 10) (u + 12), of positive
        // terms all.
        var u = x * (x + Vector512.Create(7.0));
        var twice = u + u;
        var (outer, inner) = (u * (u + Vector512.Create(6.0)), (u + Vector512.Create(10.0)) * (u + Vector512.Create(12.0)));
        var product = outer * inner;
        var sum = (x + x + Vector512.Create(7.0)) *
            (((twice + Vector512.Create(6.0)) * inner) + ((twice + Vector512.Create(22.0)) * outer)) / product;
        var y = x + Vector512.Create(8.0);
        var inverse = Vector512<double>.One / y;
        var square = inverse * inverse;
        var logY = Vector512.Log(y);
        var series = Polynomial(
            square, [1 / 12.0, -1 / 360.0, 1 / 1260.0, -1 / 1680.0, 1 / 1188.0, -691 / 360360.0, 1 / 156.0, -3617 / 122400.0]) * inverse;
        var slopeSeries =
            Polynomial(square, [1 / 12.0, -1 / 120.0, 1 / 252.0, -1 / 240.0, 1 / 132.0, -691 / 32760.0, 1 / 12.0, -3617 / 8160.0]) * square;
        var half = Vector512.Create(0.5);
        var logGamma = ((y - half) * logY) - y + Vector512.Create(NormalDistribution.LogRootTwoPi) + series - Vector512.Log(product);
        return (logGamma, logY - (half * inverse) - slopeSeries - sum);
    }

    private static Vector512<double> Polynomial(Vector512<double> x, ReadOnlySpan<double> coefficients)
    {
        var sum = Vector512.Create(coefficients[^1]);
        for (var n = coefficients.Length - 2; n >= 0; n--)
        {
            sum = (sum * x) + Vector512.Create(coefficients[n]);
        }

        return sum;
    }
}
