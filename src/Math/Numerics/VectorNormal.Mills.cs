using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

// The integrals of MillsRatio on 8 lanes, with the same accuracy. Arguments are finite.
public static partial class VectorNormal
{
    /// <summary>Mills' ratio J_0(y) for y &gt;= 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> MillsRatioOfPositive(Vector512<double> y) => MillsUnit(y) / (Vector512<double>.One + y);

    /// <summary>J_0(y) (1 + y) for y &gt;= 0, of the order of 1 however large y is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> MillsUnit(Vector512<double> y)
    {
        var t = (y - Vector512.Create(5.0)) / (y + Vector512.Create(5.0));
        var tt = t * t;
        var c = MillsRatio.ZerothSeries;
        var even = Vector512.Create(c[^2]);
        var odd = Vector512.Create(c[^1]);
        for (var k = c.Length - 4; k >= 0; k -= 2)
        {
            even = Vector512.FusedMultiplyAdd(even, tt, Vector512.Create(c[k]));
            odd = Vector512.FusedMultiplyAdd(odd, tt, Vector512.Create(c[k + 1]));
        }

        return Vector512.FusedMultiplyAdd(odd, t, even);
    }

    /// <summary>d = 1 / (1 + y) and q_k = J_k(y) / d^(k + 1) at y &gt;= 0, of the order of 1 however large y is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void MillsUnits(
        Vector512<double> y, out Vector512<double> d, out Vector512<double> q0, out Vector512<double> q1, out Vector512<double> q2)
    {
        d = Vector512<double>.One / (Vector512<double>.One + y);
        var t = (y - Vector512.Create(5.0)) / (y + Vector512.Create(5.0));
        MillsSeries(t, out q1, out q2);
        q0 = Vector512.FusedMultiplyAdd(y * d, q1, d * d * q2);
    }

    // J_1(y) (1 + y)^2 and J_2(y) (1 + y)^3 at t = (y - 5) / (y + 5).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MillsSeries(Vector512<double> t, out Vector512<double> q1, out Vector512<double> q2)
    {
        var tt = t * t;

        // Four chains of multiply-adds, which the processor runs side by side.
        var first = MillsRatio.FirstSeries;
        var second = MillsRatio.SecondSeries;
        var even1 = Vector512.Create(first[^2]);
        var odd1 = Vector512.Create(first[^1]);
        var even2 = Vector512.Create(second[^2]);
        var odd2 = Vector512.Create(second[^1]);
        for (var k = first.Length - 4; k >= 0; k -= 2)
        {
            even1 = Vector512.FusedMultiplyAdd(even1, tt, Vector512.Create(first[k]));
            odd1 = Vector512.FusedMultiplyAdd(odd1, tt, Vector512.Create(first[k + 1]));
            even2 = Vector512.FusedMultiplyAdd(even2, tt, Vector512.Create(second[k]));
            odd2 = Vector512.FusedMultiplyAdd(odd2, tt, Vector512.Create(second[k + 1]));
        }

        q1 = Vector512.FusedMultiplyAdd(odd1, t, even1);
        q2 = Vector512.FusedMultiplyAdd(odd2, t, even2);
    }
}
