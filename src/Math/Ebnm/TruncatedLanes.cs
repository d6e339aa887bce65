using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// N(m, d^2) truncated to [lo, hi], on 8 lanes; lo and hi are common to the lanes and either may be infinite. The mass is
/// factor exp(exponent), with the exponent -1/2 (distance of m from the interval / d)^2, so that nothing underflows. Scalar twin:
/// <see cref="TruncatedNormal"/>; the three cases (a tail, a straddling interval, a narrow one) are those described there.
/// </summary>
internal static class TruncatedLanes
{
    // An infinite end stands this many d beyond both m and the other end: exp(-1/2 100^2) is 0 in double precision.
    private const double Far = 100;

    /// <summary>The mass.</summary>
    public static void Mass(
        Vector512<double> m, Vector512<double> d, double lo, double hi, out Vector512<double> exponent, out Vector512<double> factor)
    {
        var o = new Orientation(m, d, lo, hi);
        var zero = Vector512<double>.Zero;
        var j0a = VectorNormal.MillsRatioOfPositive(Vector512.Abs(o.A));
        var j0b = VectorNormal.MillsRatioOfPositive(o.B);
        var beyond = VectorExp.Of(Vector512.Create(-0.5) * (o.B - o.A) * (o.A + o.B)) * j0b;
        var straddles = Vector512.LessThan(o.A, zero);
        var tail = (j0a - beyond) * Vector512.Create(1 / MillsRatio.RootTwoPi);
        exponent = Vector512.ConditionalSelect(straddles, zero, Vector512.Create(-0.5) * o.A * o.A);
        if (straddles != zero)
        {
            var phiA = VectorExp.Of(Vector512.Create(-0.5) * o.A * o.A);
            tail = Vector512.ConditionalSelect(
                straddles, Vector512<double>.One - (phiA * (j0a + beyond) * Vector512.Create(1 / MillsRatio.RootTwoPi)), tail);
        }

        factor = tail;
        var narrow = o.Narrow();
        if (narrow != zero)
        {
            o.Series(out var e, out var zeroth, out _, out _);
            exponent = Vector512.ConditionalSelect(narrow, e, exponent);
            factor = Vector512.ConditionalSelect(narrow, zeroth, factor);
        }
    }

    /// <summary>The mass, and mean and variance of the truncated distribution.</summary>
    public static void Moments(
        Vector512<double> m, Vector512<double> d, double lo, double hi,
        out Vector512<double> exponent, out Vector512<double> factor, out Vector512<double> mean, out Vector512<double> variance)
    {
        var o = new Orientation(m, d, lo, hi);
        var zero = Vector512<double>.Zero;
        var one = Vector512<double>.One;
        var inverseRoot = Vector512.Create(1 / MillsRatio.RootTwoPi);
        VectorNormal.MillsOfPositive(Vector512.Abs(o.A), out var a0, out var a1, out var a2);
        VectorNormal.MillsOfPositive(o.B, out var b0, out var b1, out var b2);
        var w = o.B - o.A;
        var beyond = VectorExp.Of(Vector512.Create(-0.5) * w * (o.A + o.B));

        // In a tail, moments of the distance from the near end; where the interval straddles m, those of the distance from m.
        var mass = a0 - (beyond * b0);
        var first = (a1 - (beyond * ((w * b0) + b1))) / mass;
        var square = (a2 - (beyond * ((w * ((w * b0) + b1 + b1)) + b2))) / mass;
        exponent = Vector512.Create(-0.5) * o.A * o.A;
        factor = mass * inverseRoot;
        var origin = o.Near;
        var straddles = Vector512.LessThan(o.A, zero);
        if (straddles != zero)
        {
            var phiA = VectorExp.Of(exponent) * inverseRoot;
            var phiB = phiA * beyond;
            var inside = one - ((phiA * a0) + (phiB * b0));
            exponent = Vector512.ConditionalSelect(straddles, zero, exponent);
            factor = Vector512.ConditionalSelect(straddles, inside, factor);
            first = Vector512.ConditionalSelect(straddles, (phiA - phiB) / inside, first);
            square = Vector512.ConditionalSelect(straddles, one + (((o.A * phiA) - (o.B * phiB)) / inside), square);
            origin = Vector512.ConditionalSelect(straddles, m, origin);
        }

        var narrow = o.Narrow();
        if (narrow != zero)
        {
            o.Series(out var e, out var zeroth, out var offset, out var offsetSquare);
            exponent = Vector512.ConditionalSelect(narrow, e, exponent);
            factor = Vector512.ConditionalSelect(narrow, zeroth, factor);
            first = Vector512.ConditionalSelect(narrow, offset, first);
            square = Vector512.ConditionalSelect(narrow, offsetSquare, square);
            origin = Vector512.ConditionalSelect(narrow, Vector512.Create(0.5 * (lo + hi)), origin);
        }

        var move = d * first * o.Sign;
        mean = origin + move;
        variance = d * d * Vector512.Max(square - (first * first), zero);
    }

    // The interval in units of d from m, reflected where needed so that A + B >= 0 (hence B >= |A|).
    private readonly struct Orientation
    {
        public readonly Vector512<double> A;
        public readonly Vector512<double> B;
        public readonly Vector512<double> Sign;
        public readonly Vector512<double> Near;
        private readonly bool bounded;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Orientation(Vector512<double> m, Vector512<double> d, double lo, double hi)
        {
            bounded = double.IsFinite(lo) && double.IsFinite(hi);
            var far = Vector512.Create(Far);
            var low = (Vector512.Create(double.IsFinite(lo) ? lo : 0) - m) / d;
            var high = (Vector512.Create(double.IsFinite(hi) ? hi : 0) - m) / d;
            if (double.IsInfinity(lo))
            {
                low = double.IsInfinity(hi) ? -far : -Vector512.Abs(high) - far;
            }

            if (double.IsInfinity(hi))
            {
                high = Vector512.Abs(low) + far;
            }

            var reflect = Vector512.LessThan(low + high, Vector512<double>.Zero);
            A = Vector512.ConditionalSelect(reflect, -high, low);
            B = Vector512.ConditionalSelect(reflect, -low, high);
            Sign = Vector512.ConditionalSelect(reflect, Vector512.Create(-1.0), Vector512<double>.One);
            Near = Vector512.ConditionalSelect(reflect, Vector512.Create(hi), Vector512.Create(lo));
        }

        public Vector512<double> Narrow()
        {
            var half = Vector512.Create(0.5);
            return bounded
                ? Vector512.LessThan(half * (B - A) * Vector512.Max(Vector512<double>.One, half * (A + B)), half)
                : Vector512<double>.Zero;
        }

        // The Hermite series of TruncatedNormal about the centre c of [c - h, c + h].
        public void Series(
            out Vector512<double> exponent, out Vector512<double> mass, out Vector512<double> offset, out Vector512<double> offsetSquare)
        {
            var half = Vector512.Create(0.5);
            var c = half * (A + B);
            var h = half * (B - A);
            Vector512<double> even = Vector512<double>.One, odd = c, power = even, hh = h * h;
            Vector512<double> zeroth = Vector512<double>.Zero, first = zeroth, second = zeroth;
            for (var n = 0; n < 16; n += 2)
            {
                zeroth += even * power * Vector512.Create(1 / (n + 1.0));
                second += even * power * Vector512.Create(1 / (n + 3.0));
                first -= odd * power * Vector512.Create(1 / ((n + 1.0) * (n + 3.0)));
                var next = (c * odd) - (Vector512.Create(n + 1.0) * even);
                odd = (c * next) - (Vector512.Create(n + 2.0) * odd);
                even = next;
                power *= hh * Vector512.Create(1 / ((n + 1.0) * (n + 2.0)));
            }

            exponent = -half * c * c;
            mass = (h + h) * zeroth * Vector512.Create(1 / MillsRatio.RootTwoPi);
            offset = first * hh / zeroth;
            offsetSquare = second * hh / zeroth;
        }
    }
}
