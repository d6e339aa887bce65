using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Ebnm;

/// <summary>Sums of outer products: the rank-4 update that the weights solver and the distributed statistics share.</summary>
internal static class SymmetricSums
{
    /// <summary>
    /// h_ij += sum over r &lt; 4 of b_ri b_rj for from &lt;= i &lt; to, i &lt;= j &lt; to (and for some other j next to
    /// these, for which b is 0, or j &lt; i, which nobody reads); b has 4 rows of <paramref name="stride"/> (a multiple of
    /// 8) values, h has rows of the same stride.
    /// </summary>
    public static void Add(ReadOnlySpan<double> rows, int from, int to, int stride, Span<double> h)
    {
        ref var b = ref MemoryMarshal.GetReference(rows);
        ref var target = ref MemoryMarshal.GetReference(h);
        _ = rows[(4 * stride) - 1];
        if (to <= from)
        {
            return;
        }

        _ = h[(to * stride) - 1];
        var width = (nuint)((to + 7) & ~7);
        nuint second = (nuint)stride, third = 2 * second, fourth = 3 * second;
        for (var i = (nuint)from; i < (nuint)to; i++)
        {
            var b0 = Vector512.Create(System.Runtime.CompilerServices.Unsafe.Add(ref b, i));
            var b1 = Vector512.Create(System.Runtime.CompilerServices.Unsafe.Add(ref b, second + i));
            var b2 = Vector512.Create(System.Runtime.CompilerServices.Unsafe.Add(ref b, third + i));
            var b3 = Vector512.Create(System.Runtime.CompilerServices.Unsafe.Add(ref b, fourth + i));
            for (var j = i & ~(nuint)7; j < width; j += 8)
            {
                var at = (i * second) + j;
                var sum = Vector512.LoadUnsafe(ref target, at);
                sum = Vector512.FusedMultiplyAdd(b0, Vector512.LoadUnsafe(ref b, j), sum);
                sum = Vector512.FusedMultiplyAdd(b1, Vector512.LoadUnsafe(ref b, second + j), sum);
                sum = Vector512.FusedMultiplyAdd(b2, Vector512.LoadUnsafe(ref b, third + j), sum);
                sum = Vector512.FusedMultiplyAdd(b3, Vector512.LoadUnsafe(ref b, fourth + j), sum);
                sum.StoreUnsafe(ref target, at);
            }
        }
    }
}
