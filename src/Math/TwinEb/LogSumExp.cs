using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.TwinEb;

/// <summary>Running log-sum-exp of many sums side by side.</summary>
internal static class LogSumExp
{
    /// <summary>
    /// Adds exp(terms[c]), terms finite, to the sums held as exp(largest[c]) sums[c]. Before its first term a sum is (minus infinity, 0); after it sums[c] is
    /// at least 1. One exp a term, of a number that is not positive; 4 lanes, what is left over one by one.
    /// </summary>
    public static void Accumulate(ReadOnlySpan<double> terms, Span<double> largest, Span<double> sums)
    {
        largest = largest[..terms.Length];
        sums = sums[..terms.Length];
        var c = 0;
        for (; c + Vector256<double>.Count <= terms.Length; c += Vector256<double>.Count)
        {
            var (most, sum) = One(Vector256.Create(terms[c..]), Vector256.Create<double>(largest[c..]), Vector256.Create<double>(sums[c..]));
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
    private static (Vector256<double> Largest, Vector256<double> Sum) One(Vector256<double> term, Vector256<double> largest, Vector256<double> sum)
    {
        var gap = term - largest;
        var smaller = ReferenceExp.OfNegative(-Vector256.Abs(gap));
        var rises = Vector256.GreaterThan(gap, Vector256<double>.Zero);
        return (Vector256.ConditionalSelect(rises, term, largest), Vector256.ConditionalSelect(rises, (sum * smaller) + Vector256<double>.One, sum + smaller));
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
}
