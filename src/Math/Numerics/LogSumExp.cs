using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// Sums of exponentials that neither overflow nor vanish: of one set of numbers, with the shares of each, and running, of many sums side by
/// side.
/// </summary>
internal static class LogSumExp
{
    // exp(-60) = 9e-27: ten million such components would not change a digit of the largest one's share.
    private const double Negligible = -60;

    /// <summary>
    /// Adds exp(terms[c]), terms finite, to the sums held as exp(largest[c]) sums[c]. Before its first term a sum is (minus infinity, 0);
    /// after it sums[c] is at least 1. One exp a term, of a number that is not positive; 4 lanes, what is left over one by one.
    /// </summary>
    public static void Accumulate(ReadOnlySpan<double> terms, Span<double> largest, Span<double> sums)
    {
        largest = largest[..terms.Length];
        sums = sums[..terms.Length];
        var c = 0;
        for (; c + Vector256<double>.Count <= terms.Length; c += Vector256<double>.Count)
        {
            var (most, sum) =
                One(Vector256.Create(terms[c..]), Vector256.Create<double>(largest[c..]), Vector256.Create<double>(sums[c..]));
            most.CopyTo(largest[c..]);
            sum.CopyTo(sums[c..]);
        }

        for (; c < terms.Length; c++)
        {
            var (most, sum) = One(Vector256.Create(terms[c]), Vector256.Create(largest[c]), Vector256.Create(sums[c]));
            (largest[c], sums[c]) = (most[0], sum[0]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<double> Largest, Vector256<double> Sum) One(
        Vector256<double> term, Vector256<double> largest, Vector256<double> sum)
    {
        var gap = term - largest;
        var smaller = VectorExp.OfNegative(-Vector256.Abs(gap));
        var rises = Vector256.GreaterThan(gap, Vector256<double>.Zero);
        return (Vector256.ConditionalSelect(
            rises, term, largest), Vector256.ConditionalSelect(rises, (sum * smaller) + Vector256<double>.One, sum + smaller));
    }

    /// <summary>The scalar twin of <see cref="Accumulate"/>.</summary>
    public static void AccumulateScalar(ReadOnlySpan<double> terms, Span<double> largest, Span<double> sums)
    {
        for (var c = 0; c < terms.Length; c++)
        {
            var gap = terms[c] - largest[c];
            var smaller = double.Exp(-double.Abs(gap));
            sums[c] = gap > 0 ? (sums[c] * smaller) + 1 : sums[c] + smaller;
            largest[c] = double.Max(largest[c], terms[c]);
        }
    }

    /// <summary>Each of some numbers becomes exp(x - greatest), on the runtime's 8 lanes; returns the sum of these.</summary>
    public static double Exponentials(Span<double> values, double greatest)
    {
        var sum = Vector512<double>.Zero;
        for (var e = 0; e < values.Length; e += VectorNormal.Lanes)
        {
            var terms = VectorExp.Of(VectorNormal.Load(values, e, double.NegativeInfinity) - Vector512.Create(greatest));
            VectorNormal.Store(terms, values, e);
            sum += terms;
        }

        return Vector512.Sum(sum);
    }

    /// <summary>
    /// Turns a row's log densities (a multiple of 8) into responsibilities, adds them to the counts, and returns the log of the densities'
    /// sum: with the 4 lanes of <see cref="VectorExp"/>, where <see cref="Exponentials"/> has the runtime's 8. Densities below exp(-60) of
    /// the greatest may count as 0.
    /// </summary>
    public static double Responsibilities(Span<double> row, Span<double> counts)
    {
        ref var first = ref MemoryMarshal.GetReference(row);
        ref var count = ref MemoryMarshal.GetReference(counts);
        var most = Vector256.LoadUnsafe(ref first);
        for (nuint k = 4; k < (nuint)row.Length; k += 4)
        {
            most = Vector256.Max(most, Vector256.LoadUnsafe(ref first, k));
        }

        var largest = double.Max(double.Max(most[0], most[1]), double.Max(most[2], most[3]));
        most = Vector256.Create(largest);

        // Four components far below the largest count as nothing, without an exp. Two sums, so that the second exp need not wait for the
        // first.
        var nothing = Vector256.Create(Negligible);
        Vector256<double> sums0 = default, sums1 = default;
        for (nuint k = 0; k < (nuint)row.Length; k += 8)
        {
            var x0 = Vector256.LoadUnsafe(ref first, k) - most;
            var x1 = Vector256.LoadUnsafe(ref first, k + 4) - most;
            var density0 = Vector256.GreaterThanAny(x0, nothing) ? VectorExp.OfNegative(x0) : Vector256<double>.Zero;
            var density1 = Vector256.GreaterThanAny(x1, nothing) ? VectorExp.OfNegative(x1) : Vector256<double>.Zero;
            sums0 += density0;
            sums1 += density1;
            density0.StoreUnsafe(ref first, k);
            density1.StoreUnsafe(ref first, k + 4);
        }

        var sum = Vector256.Sum(sums0 + sums1);
        var inverse = Vector256.Create(1 / sum);
        for (nuint k = 0; k < (nuint)row.Length; k += 4)
        {
            var responsibility = Vector256.LoadUnsafe(ref first, k) * inverse;
            responsibility.StoreUnsafe(ref first, k);
            (Vector256.LoadUnsafe(ref count, k) + responsibility).StoreUnsafe(ref count, k);
        }

        return largest + double.Log(sum);
    }

    /// <summary>result[k] = exp(x[k]) / sum of these; the two may be the same span. Returns the log of the sum.</summary>
    public static double Softmax(ReadOnlySpan<double> x, Span<double> result)
    {
        var most = double.NegativeInfinity;
        foreach (var value in x)
        {
            most = double.Max(most, value);
        }

        var sum = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            result[i] = double.Exp(x[i] - most);
            sum += result[i];
        }

        for (var i = 0; i < x.Length; i++)
        {
            result[i] /= sum;
        }

        return most + double.Log(sum);
    }
}
