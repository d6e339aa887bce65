using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>Sine and cosine of a share of a whole turn, on 4 lanes: what Box and Muller need of a uniform number.</summary>
internal static class VectorTurn
{
    // Adding 1.5 x 2^52 rounds to a whole number, which is then in the low bits.
    private const double Rounder = 6755399441055744.0;

    /// <summary>
    /// The sine and cosine of 2 pi f for 0 &lt; f &lt; 1, within 4e-16: f less the nearest quarter is exact, what is left is an angle of at
    /// most pi / 4, for which fdlibm's polynomials (Sun Microsystems 1993, k_sin.c and k_cos.c) stand; the quarter exchanges the two and
    /// sets signs.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<double> Sine, Vector256<double> Cosine) SinCos(Vector256<double> f)
    {
        var rounder = Vector256.Create(Rounder);
        var shifted = Vector256.FusedMultiplyAdd(f, Vector256.Create(4.0), rounder);
        var quarter = shifted.AsInt64();
        var r = Vector256.FusedMultiplyAdd(shifted - rounder, Vector256.Create(-0.25), f) * Vector256.Create(2 * double.Pi);
        var z = r * r;
        var sine = Next(Vector256.Create(1.58969099521155010221e-10), z, -2.50507602534068634195e-08);
        sine = Next(Next(sine, z, 2.75573137070700676789e-06), z, -1.98412698298579493134e-04);
        sine = Next(Next(sine, z, 8.33333333332248946124e-03), z, -1.66666666666666324348e-01);
        sine = Vector256.FusedMultiplyAdd(r * z, sine, r);
        var cosine = Next(Vector256.Create(-1.13596475577881948265e-11), z, 2.08757232129817482790e-09);
        cosine = Next(Next(cosine, z, -2.75573143513906633035e-07), z, 2.48015872894767294178e-05);
        cosine = Next(Next(cosine, z, -1.38888888888741095749e-03), z, 4.16666666666666019037e-02);
        cosine = Vector256.FusedMultiplyAdd(z * z, cosine, Vector256.FusedMultiplyAdd(z, Vector256.Create(-0.5), Vector256<double>.One));

        // The sine's sign is bit 1 of the quarter, the cosine's that of the quarter plus 1.
        var (one, two) = (Vector256<long>.One, Vector256.Create(2L));
        var isOdd = Vector256.Equals(quarter & one, one).AsDouble();
        var signOfSine = Vector256.ShiftLeft(quarter & two, 62).AsDouble();
        var signOfCosine = Vector256.ShiftLeft((quarter + one) & two, 62).AsDouble();
        return (Vector256.ConditionalSelect(isOdd, cosine, sine) ^ signOfSine,
            Vector256.ConditionalSelect(isOdd, sine, cosine) ^ signOfCosine);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Next(Vector256<double> sum, Vector256<double> z, double coefficient) =>
    Vector256.FusedMultiplyAdd(sum, z, Vector256.Create(coefficient));
}
