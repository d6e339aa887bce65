using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>Running log-sum-exp of many sums side by side.</summary>
internal static class LogSumExp
{
    /// <summary>
    /// Adds exp(terms[c]), terms finite, to the sums held as exp(largest[c]) sums[c]. Before its first term a sum is (minus infinity, 0); after it sums[c] is
    /// at least 1. One exp a term, of a number that is not positive; 8 lanes, a remainder padded.
    /// </summary>
    public static void Accumulate(ReadOnlySpan<double> terms, Span<double> largest, Span<double> sums)
    {
        largest = largest[..terms.Length];
        sums = sums[..terms.Length];
        for (var c = 0; c < terms.Length; c += VectorNormal.Lanes)
        {
            var term = VectorNormal.Load(terms, c, 0);
            var most = VectorNormal.Load(largest, c, 0);
            var sum = VectorNormal.Load(sums, c, 1);
            var gap = term - most;
            var smaller = VectorNormal.Exp(-Vector512.Abs(gap));
            var rises = Vector512.GreaterThan(gap, Vector512<double>.Zero);
            VectorNormal.Store(Vector512.ConditionalSelect(rises, (sum * smaller) + Vector512<double>.One, sum + smaller), sums, c);
            VectorNormal.Store(Vector512.ConditionalSelect(rises, term, most), largest, c);
        }
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
