using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// The products of two vectors of factors, of a length L of a few dozen: 4 lanes, then scalars; the order of additions is fixed by L alone.
/// </summary>
internal static class FactorKernel
{
    private const int Lanes = 4;

    /// <summary>sum_l a[l] b[l].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        ref var a0 = ref MemoryMarshal.GetReference(a);
        ref var b0 = ref MemoryMarshal.GetReference(b[..a.Length]);
        var sums = Vector256<double>.Zero;
        nint l = 0;
        for (; l + Lanes <= a.Length; l += Lanes)
        {
            sums = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref a0, (nuint)l), Vector256.LoadUnsafe(ref b0, (nuint)l), sums);
        }

        var sum = Vector256.Sum(sums);
        for (; l < a.Length; l++)
        {
            sum += Unsafe.Add(ref a0, l) * Unsafe.Add(ref b0, l);
        }

        return sum;
    }

    /// <summary>result[l] += factor a[l].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(double factor, ReadOnlySpan<double> a, Span<double> result)
    {
        ref var a0 = ref MemoryMarshal.GetReference(a);
        ref var r0 = ref MemoryMarshal.GetReference(result[..a.Length]);
        var scale = Vector256.Create(factor);
        nint l = 0;
        for (; l + Lanes <= a.Length; l += Lanes)
        {
            Vector256.FusedMultiplyAdd(scale, Vector256.LoadUnsafe(ref a0, (nuint)l), Vector256.LoadUnsafe(ref r0, (nuint)l)).StoreUnsafe(
                ref r0, (nuint)l);
        }

        for (; l < a.Length; l++)
        {
            Unsafe.Add(ref r0, l) = double.FusedMultiplyAdd(factor, Unsafe.Add(ref a0, l), Unsafe.Add(ref r0, l));
        }
    }

    /// <summary>
    /// a and b averaged over some components at once: average[l] = sum_c weights[c] values[c, l]. Four sums side by side.
    /// </summary>
    /// <param name="which">The components c.</param>
    /// <param name="weights">One for each component.</param>
    /// <param name="a">components x stride.</param>
    /// <param name="b">components x stride.</param>
    /// <param name="averageA">stride of them, a multiple of 4.</param>
    /// <param name="averageB">As many.</param>
    public static void Average(
        ReadOnlySpan<int> which, double[] weights, double[] a, double[] b, Span<double> averageA, Span<double> averageB)
    {
        var stride = averageA.Length;
        for (var l = 0; l < stride; l += 2 * Lanes)
        {
            // The second half of an odd last vector repeats the first.
            var second = l + Lanes < stride ? l + Lanes : l;
            var (a0, a1, b0, b1) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
            foreach (var c in which)
            {
                var weight = Vector256.Create(weights[c]);
                var rowA = a.AsSpan(c * stride, stride);
                var rowB = b.AsSpan(c * stride, stride);
                a0 = Vector256.FusedMultiplyAdd(weight, Vector256.LoadUnsafe(ref rowA[0], (nuint)l), a0);
                a1 = Vector256.FusedMultiplyAdd(weight, Vector256.LoadUnsafe(ref rowA[0], (nuint)second), a1);
                b0 = Vector256.FusedMultiplyAdd(weight, Vector256.LoadUnsafe(ref rowB[0], (nuint)l), b0);
                b1 = Vector256.FusedMultiplyAdd(weight, Vector256.LoadUnsafe(ref rowB[0], (nuint)second), b1);
            }

            a0.CopyTo(averageA[l..]);
            a1.CopyTo(averageA[second..]);
            b0.CopyTo(averageB[l..]);
            b1.CopyTo(averageB[second..]);
        }
    }
}
