using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// The functions of <see cref="NormalDistribution"/> on 8 lanes. Everything is written for
/// Vector512; where the machine has narrower registers the runtime splits each operation, so that results have the same order
/// of operations on every machine. A remainder of a span is padded with zeros to a full vector.
/// </summary>
public static partial class VectorNormal
{
    // exp(-1/2 of it) is the least that VectorExp gives; beyond it, 0.
    private const double GreatestSquare = 1416;

    /// <summary>The number of lanes.</summary>
    public const int Lanes = 8;

    /// <summary>log Phi(z) for finite z, to about 1e-15 relative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> LogCdf(Vector512<double> z)
    {
        var one = Vector512<double>.One;
        var half = Vector512.Create(-0.5) * z * z;
        var mills = MillsRatioOfPositive(Vector512.Abs(z));
        var tail = mills * ExpMinusHalfSquare(z) * Vector512.Create(1 / MillsRatio.RootTwoPi);
        var u = one - tail;
        var positive = Vector512.GreaterThan(z, Vector512<double>.Zero);
        var logarithm = Vector512.Log(Vector512.ConditionalSelect(positive, u, mills));
        return logarithm + Vector512.ConditionalSelect(
            positive, (one - u - tail) / u, half - Vector512.Create(NormalDistribution.LogRootTwoPi));
    }

    /// <summary>Phi(z) for finite z, to about 1e-15 relative; 0 below z = -37.6, where it is less than 1e-309.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Cdf(Vector512<double> z)
    {
        var mills = MillsRatioOfPositive(Vector512.Abs(z));
        var tail = mills * ExpMinusHalfSquare(z) * Vector512.Create(1 / MillsRatio.RootTwoPi);
        return Vector512.ConditionalSelect(Vector512.GreaterThan(z, Vector512<double>.Zero), Vector512<double>.One - tail, tail);
    }

    /// <summary>log(Phi(b) - Phi(a)) for finite a &lt; b: see <see cref="NormalDistribution.LogIntervalProbability"/>.</summary>
    public static Vector512<double> LogIntervalProbability(Vector512<double> a, Vector512<double> b)
    {
        var zero = Vector512<double>.Zero;
        var one = Vector512<double>.One;
        var half = Vector512.Create(0.5);
        var logRoot = Vector512.Create(NormalDistribution.LogRootTwoPi);
        var swap = Vector512.LessThan(a + b, zero);
        var low = Vector512.ConditionalSelect(swap, -b, a);
        var high = Vector512.ConditionalSelect(swap, -a, b);
        var centre = half * (low + high);
        var h = half * (high - low);

        // Both ends above 0: phi(low) (J_0(low) - exp(-(high^2 - low^2) / 2) J_0(high)); low below 0: 1 minus both tails.
        var straddles = Vector512.LessThan(low, zero);
        var millsLow = MillsRatioOfPositive(Vector512.Abs(low));
        var millsHigh = MillsRatioOfPositive(high);
        var beyond = millsHigh * VectorExp.Of(Vector512.Create(-2.0) * h * centre);
        var density = VectorExp.Of(-half * low * low) * Vector512.Create(1 / MillsRatio.RootTwoPi);
        var outside = density * (millsLow + beyond);
        var inside = one - outside;
        var argument = Vector512.ConditionalSelect(straddles, inside, millsLow - beyond);
        var shift = Vector512.ConditionalSelect(straddles, (one - inside - outside) / inside, (-half * low * low) - logRoot);

        // Narrow: the Hermite series of TruncatedNormal.
        var narrow = Vector512.LessThan(h * Vector512.Max(one, centre), half);
        if (narrow != zero)
        {
            Vector512<double> even = one, odd = centre, power = one, sum = one, hh = h * h;
            for (var n = 0; n < 14; n += 2)
            {
                var next = (centre * odd) - (Vector512.Create(n + 1.0) * even);
                odd = (centre * next) - (Vector512.Create(n + 2.0) * odd);
                even = next;
                power *= hh * Vector512.Create(1 / ((n + 1.0) * (n + 2.0)));
                sum += even * power * Vector512.Create(1 / (n + 3.0));
            }

            argument = Vector512.ConditionalSelect(narrow, (h + h) * sum, argument);
            shift = Vector512.ConditionalSelect(narrow, (-half * centre * centre) - logRoot, shift);
        }

        return Vector512.Log(argument) + shift;
    }

    /// <summary>result[i] = log Phi(z[i]), finite z; result may be z itself.</summary>
    public static void LogCdf(ReadOnlySpan<double> z, Span<double> result) => Map<LogCdfOperator>(z, result);

    /// <summary>result[i] = Phi(z[i]), finite z; result may be z itself.</summary>
    public static void Cdf(ReadOnlySpan<double> z, Span<double> result) => Map<CdfOperator>(z, result);

    /// <summary>result[i] = erfcx(x[i]) for finite x &gt;= 0; result may be x itself.</summary>
    public static void ErfcxOfPositive(ReadOnlySpan<double> x, Span<double> result) => Map<ErfcxOperator>(x, result);

    /// <summary>result[i] = log(Phi(b[i]) - Phi(a[i])), finite a[i] &lt; b[i]; result may be a or b.</summary>
    public static void LogIntervalProbability(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> result)
    {
        for (var i = 0; i < a.Length; i += Lanes)
        {
            // Padding of a remainder: the interval (0, 1).
            Store(LogIntervalProbability(Load(a, i, 0), Load(b, i, 1)), result, i);
        }
    }

    /// <summary>The 8 elements from index i on; those past the end are <paramref name="padding"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Load(ReadOnlySpan<double> values, int i, double padding) =>
        i + Lanes <= values.Length ? Vector512.Create(values[i..]) : LoadRemainder(values, i, padding);

    /// <summary>Writes 8 elements from index i on, and no more than there are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(Vector512<double> vector, Span<double> values, int i)
    {
        if (i + Lanes <= values.Length)
        {
            vector.CopyTo(values[i..]);
        }
        else
        {
            StoreRemainder(vector, values, i);
        }
    }

    // exp(-z^2 / 2) with the rounding error of z^2 put back; 0 from z^2 = 1416 on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> ExpMinusHalfSquare(Vector512<double> z)
    {
        var minusHalf = Vector512.Create(-0.5);
        var square = z * z;
        var e = VectorExp.Of(minusHalf * square);
        e = Vector512.FusedMultiplyAdd(e, minusHalf * Vector512.FusedMultiplyAdd(z, z, -square), e);
        return e & Vector512.LessThan(square, Vector512.Create(GreatestSquare));
    }

    private static Vector512<double> LoadRemainder(ReadOnlySpan<double> values, int i, double padding)
    {
        Span<double> buffer = stackalloc double[Lanes];
        buffer.Fill(padding);
        values[i..].CopyTo(buffer);
        return Vector512.Create<double>(buffer);
    }

    private static void StoreRemainder(Vector512<double> vector, Span<double> values, int i)
    {
        Span<double> buffer = stackalloc double[Lanes];
        vector.CopyTo(buffer);
        buffer[..(values.Length - i)].CopyTo(values[i..]);
    }

    private static void Map<TOperator>(ReadOnlySpan<double> x, Span<double> result)
        where TOperator : struct, IOperator
    {
        for (var i = 0; i < x.Length; i += Lanes)
        {
            Store(TOperator.Apply(Load(x, i, 0)), result, i);
        }
    }

    private interface IOperator
    {
        static abstract Vector512<double> Apply(Vector512<double> x);
    }

    private readonly struct LogCdfOperator : IOperator
    {
        public static Vector512<double> Apply(Vector512<double> x) => LogCdf(x);
    }

    private readonly struct CdfOperator : IOperator
    {
        public static Vector512<double> Apply(Vector512<double> x) => Cdf(x);
    }

    private readonly struct ErfcxOperator : IOperator
    {
        public static Vector512<double> Apply(Vector512<double> x) =>
            MillsRatioOfPositive(x * Vector512.Create(1.4142135623730950488)) * Vector512.Create(2 / MillsRatio.RootTwoPi);
    }
}
