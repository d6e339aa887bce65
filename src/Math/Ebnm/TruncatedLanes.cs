using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// N(m, d^2) truncated to [lo, hi], on 8 lanes; lo and hi are common to the lanes and either may be infinite. The mass is
/// width average exp(exponent), where width = (hi - lo) / d, the average (of the density over the interval, in units of 1 / d) neither
/// under- nor overflows, and the exponent is -1/2 (distance of m from the interval / d)^2. Scalar twin: <see cref="TruncatedNormal"/>; the
/// three cases (a tail, a straddling interval, a narrow one) are those described there. Moments of a tail are in units of 1 / (1 + A), A
/// that distance, and the variance is never a difference of large terms: accurate however far and however narrow.
/// </summary>
internal static class TruncatedLanes
{
    // Distances in units of s or d count as no more than this.
    private const double Farthest = 1e150;

    // An infinite end stands this many d beyond both m and the other end: exp(-1/2 100^2) is 0 in double precision.
    private const double Far = 100;

    // Beyond so many units of a tail there is nothing left of it.
    private const double LongTail = 1e5;
    private const double Widest = 1e300;

    /// <summary>value, a distance, within +-1e150, so that its square is a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Within(Vector512<double> value) =>
        Vector512.Max(Vector512.Min(value, Vector512.Create(Farthest)), Vector512.Create(-Farthest));

    /// <summary>The mass.</summary>
    public static void Mass(
        Vector512<double> m, Vector512<double> inverse, double lo, double hi,
        out Vector512<double> exponent, out Vector512<double> average, out Vector512<double> width)
    {
        var o = new Orientation(m, inverse, lo, hi);
        var (zero, one) = (Vector512<double>.Zero, Vector512<double>.One);
        var inverseRoot = Vector512.Create(1 / MillsRatio.RootTwoPi);
        var near = one + Vector512.Abs(o.A);
        var far = one + o.B;
        var q0 = VectorNormal.MillsUnit(Vector512.Abs(o.A));
        var beyond = VectorExp.Of(Vector512.Create(-0.5) * o.Width * (o.A + o.B)) * (VectorNormal.MillsUnit(o.B) / far);
        var straddles = Vector512.LessThan(o.A, zero);
        width = o.Width;
        exponent = o.Exponent();

        // exp(A^2 / 2) times the mass; the tail's unit 1 / (1 + A) and the width are one division.
        average = (q0 - (beyond * near)) * inverseRoot / Vector512.Min(o.Width * near, Vector512.Create(Widest));
        if (straddles != zero)
        {
            var phiA = VectorExp.Of(Vector512.Create(-0.5) * o.A * o.A);
            var inside = one - (phiA * ((q0 / near) + beyond) * inverseRoot);
            average = Vector512.ConditionalSelect(straddles, inside / o.Width, average);
        }

        var narrow = o.Narrow();
        if (narrow != zero)
        {
            o.Series(out var zeroth, out _, out _);
            average = Vector512.ConditionalSelect(narrow, zeroth, average);
        }
    }

    /// <summary>The mass, and mean and variance of the truncated distribution; fromM is mean - m, without cancellation.</summary>
    public static void Moments(
        Vector512<double> m, Vector512<double> d, Vector512<double> inverse, double lo, double hi,
        out Vector512<double> exponent, out Vector512<double> average, out Vector512<double> width,
        out Vector512<double> mean, out Vector512<double> fromM, out Vector512<double> variance)
    {
        var o = new Orientation(m, inverse, lo, hi);
        var (zero, one) = (Vector512<double>.Zero, Vector512<double>.One);
        var inverseRoot = Vector512.Create(1 / MillsRatio.RootTwoPi);
        VectorNormal.MillsUnits(Vector512.Abs(o.A), out var unit, out var a0, out var a1, out var a2);
        VectorNormal.MillsUnits(o.B, out var e, out var b0, out var b1, out var b2);
        width = o.Width;
        exponent = o.Exponent();

        // In a tail, moments of the distance from the near end, in its units; where the interval straddles m, of that from m, in d.
        var near = one + Vector512.Abs(o.A);
        var tail = o.Width * near;
        var end = Vector512.Min(tail, Vector512.Create(LongTail));
        var exp = VectorExp.Of(Vector512.Create(-0.5) * o.Width * (o.A + o.B));
        var shorter = e * near;
        var c0 = exp * shorter * b0;
        var c1 = exp * shorter * (shorter * b1);
        var c2 = exp * shorter * (shorter * (shorter * b2));
        var mass = a0 - c0;
        var perMass = one / mass;
        var first = (a1 - ((end * c0) + c1)) * perMass;
        var square = (a2 - ((end * ((end * c0) + c1 + c1)) + c2)) * perMass;
        average = mass * inverseRoot / Vector512.Min(tail, Vector512.Create(Widest));
        var (origin, scale) = (o.Near, d * unit);
        var straddles = Vector512.LessThan(o.A, zero);
        if (straddles != zero)
        {
            var phiA = VectorExp.Of(Vector512.Create(-0.5) * o.A * o.A) * inverseRoot;
            var phiB = phiA * exp;
            var inside = one - ((phiA * unit * a0) + (phiB * e * b0));
            average = Vector512.ConditionalSelect(straddles, inside / o.Width, average);
            first = Vector512.ConditionalSelect(straddles, (phiA - phiB) / inside, first);
            square = Vector512.ConditionalSelect(straddles, one + (((o.A * phiA) - (o.B * phiB)) / inside), square);
            origin = Vector512.ConditionalSelect(straddles, m, origin);
            scale = Vector512.ConditionalSelect(straddles, d, scale);
        }

        var narrow = o.Narrow();
        if (narrow != zero)
        {
            o.Series(out var zeroth, out var offset, out var offsetSquare);
            var half = 0.5 * (hi - lo);
            average = Vector512.ConditionalSelect(narrow, zeroth, average);
            first = Vector512.ConditionalSelect(narrow, offset, first);
            square = Vector512.ConditionalSelect(narrow, offsetSquare, square);
            origin = Vector512.ConditionalSelect(narrow, Vector512.Create(lo + half), origin);
            scale = Vector512.ConditionalSelect(narrow, Vector512.Create(half), scale);
        }

        var move = scale * first * o.Sign;
        mean = origin + move;
        fromM = (origin - m) + move;
        variance = scale * scale * (square - (first * first));
    }

    // The interval in units of d from m, reflected where needed so that A + B >= 0 (hence B >= |A|).
    private readonly struct Orientation
    {
        public readonly Vector512<double> A;
        public readonly Vector512<double> B;
        public readonly Vector512<double> Width;
        public readonly Vector512<double> Sign;
        public readonly Vector512<double> Near;
        private readonly bool bounded;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Orientation(Vector512<double> m, Vector512<double> inverse, double lo, double hi)
        {
            bounded = double.IsFinite(lo) && double.IsFinite(hi);
            var far = Vector512.Create(Far);
            var low = Within((Vector512.Create(double.IsFinite(lo) ? lo : 0) - m) * inverse);
            var high = Within((Vector512.Create(double.IsFinite(hi) ? hi : 0) - m) * inverse);
            if (double.IsInfinity(lo))
            {
                low = double.IsInfinity(hi) ? -far : -Vector512.Abs(high) - far;
            }

            if (double.IsInfinity(hi))
            {
                high = Vector512.Abs(low) + far;
            }

            Width = bounded
                ? Vector512.Min(Vector512.Create(hi - lo) * inverse, Vector512.Create(Widest))
                : Vector512.Max(high - low, far);
            var reflect = Vector512.LessThan(low + high, Vector512<double>.Zero);
            A = Vector512.ConditionalSelect(reflect, -high, low);
            B = Vector512.ConditionalSelect(reflect, -low, high);
            Sign = Vector512.ConditionalSelect(reflect, Vector512.Create(-1.0), Vector512<double>.One);
            Near = Vector512.ConditionalSelect(reflect, Vector512.Create(hi), Vector512.Create(lo));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<double> Exponent()
        {
            var distance = Vector512.Max(A, Vector512<double>.Zero);
            return Vector512.Create(-0.5) * distance * distance;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<double> Narrow()
        {
            var half = Vector512.Create(0.5);
            return bounded
                ? Vector512.LessThan(half * Width * Vector512.Max(Vector512<double>.One, half * (A + B)), half)
                : Vector512<double>.Zero;
        }

        // The Hermite series of TruncatedNormal about the centre c of [c - h, c + h], moments in units of h; the average without
        // exp(exponent), which is that of the near end.
        public void Series(out Vector512<double> average, out Vector512<double> offset, out Vector512<double> offsetSquare)
        {
            var half = Vector512.Create(0.5);
            var c = half * (A + B);
            var h = half * Width;
            var (ch, hh) = (c * h, h * h);
            Vector512<double> even = Vector512<double>.One, odd = ch;
            Vector512<double> zeroth = Vector512<double>.Zero, first = zeroth, second = zeroth;
            for (var n = 0; n < 16; n += 2)
            {
                zeroth = Vector512.FusedMultiplyAdd(even, Vector512.Create(1 / (n + 1.0)), zeroth);
                second = Vector512.FusedMultiplyAdd(even, Vector512.Create(1 / (n + 3.0)), second);
                first = Vector512.FusedMultiplyAdd(odd, Vector512.Create(-1 / (n + 3.0)), first);
                even = ((ch * odd) - (hh * even)) * Vector512.Create(1 / (n + 2.0));
                odd = ((ch * even) - (hh * odd)) * Vector512.Create(1 / (n + 3.0));
            }

            var straddles = Vector512.LessThan(A, Vector512<double>.Zero);
            var excess = Vector512.ConditionalSelect(straddles, c * c, h * (c + c - h));
            average = zeroth * VectorExp.Of(-half * excess) * Vector512.Create(1 / MillsRatio.RootTwoPi);
            var inverse = Vector512<double>.One / zeroth;
            offset = first * inverse;
            offsetSquare = second * inverse;
        }
    }
}
