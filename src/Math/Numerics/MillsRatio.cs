namespace FitCluster.Math.Numerics;

/// <summary>
/// The integrals J_k(y) = integral over t from 0 to infinity of t^k exp(-y t - t^2 / 2), k = 0, 1, 2. J_0 is Mills' ratio
/// (1 - Phi(y)) / phi(y); J_1 / J_0 and J_2 / J_0 are the moments of N(-y, 1) truncated to t &gt; 0. All are positive, and every
/// formula here adds positive terms only, so that they are accurate to about 2e-15 (relative) for every y, however far in a tail.
/// For y &gt;= 0, J_k(y) (1 + y)^(k + 1) is a polynomial in (y - 5) / (y + 5): Chebyshev interpolants, computed with 60 digits.
/// </summary>
public static class MillsRatio
{
    /// <summary>sqrt(2 pi).</summary>
    public const double RootTwoPi = 2.5066282746310005;

    // All of even length: vector kernels sum even and odd powers apart.
    internal static readonly double[] ZerothSeries =
    [
        1.1568486282918946, -0.22948753825211315, 0.07778159886873769, 0.0250721793016388, -0.0661776007790963,
        0.0615050458401865, -0.03802659218584139, 0.01634823128102938, -0.004201290329187307, 1.9530638370790786e-05,
        0.00045704392357953655, -0.0001343742785571135, -2.480583845192319e-05, 2.270961270923768e-05,
        -1.7633239265736746e-07, -3.277287633208865e-06, 3.2054316652589574e-07, 4.91996233147834e-07,
        -6.588974491108954e-08, -7.758520236786343e-08, 9.092476134019147e-09, 1.1032071151574336e-08,
        -7.073898575561589e-10, -9.564832934712551e-10,
    ];

    internal static readonly double[] FirstSeries =
    [
        1.2945411512431624, -0.36872296454501824, -0.02803069962751519, 0.26116700784716246, -0.27354820376339606,
        0.15402166231123107, -0.02931098245941795, -0.03186187270803922, 0.034746226760707245, -0.016131705895756486,
        0.002328315612845713, 0.0015767756175029339, -0.0008527350887620751, -3.5818170996182e-05,
        0.00014695214465133784, -1.7203931061125266e-05, -2.3404251451748432e-05, 4.971636920474042e-06,
        4.0148061855887895e-06, -9.985214771598005e-07, -7.59346786017823e-07, 1.6601511154204576e-07,
        1.4464403282898365e-07, -2.1184998715660543e-08, -2.2672476012801747e-08, 1.5294186063516205e-09,
        1.998220033195663e-09, 0,
    ];

    internal static readonly double[] SecondSeries =
    [
        2.8103160812133354, -0.7775536824460226, -0.6848634790489365, 1.3131253497328619, -0.9145995480545783,
        0.12990739776245389, 0.34806804612519787, -0.34545861349797186, 0.12298438460623101, 0.03591754894388834,
        -0.05916759795786387, 0.022075416339044557, 0.0034651606225369006, -0.005492304526376815,
        0.0006739492877364547, 0.0009616325072354439, -0.00027563208999754814, -0.00016637442032515733,
        6.766659256548397e-05, 3.2324341033083125e-05, -1.4229878459683261e-05, -7.041182830134797e-06,
        2.6081809678665303e-06, 1.5095100171751807e-06, -3.7034461277944604e-07, -2.5504969751749897e-07,
        2.9403627746980426e-08, 2.3328939599957272e-08,
    ];

    /// <summary>Mills' ratio J_0(y) = (1 - Phi(y)) / phi(y); infinite below about -37.7, 0 at infinity.</summary>
    public static double Value(double y)
    {
        if (y < 0)
        {
            return (RootTwoPi * NormalDistribution.ExpHalfSquare(y, 1)) - Value(-y);
        }

        return double.IsInfinity(y) ? 0 : Polynomial(ZerothSeries, (y - 5) / (y + 5)) / (1 + y);
    }

    /// <summary>
    /// J_0, J_1 and J_2 at y, times exp(-y^2 / 2) when y is negative (so that they never overflow; ratios are unchanged).
    /// </summary>
    public static (double J0, double J1, double J2) Scaled(double y)
    {
        if (double.IsPositiveInfinity(y))
        {
            return (0, 0, 0);
        }

        var a = double.Abs(y);
        if (y < 0)
        {
            var e = NormalDistribution.ExpHalfSquare(a, -1);
            var j0 = RootTwoPi - (Value(a) * e);
            var j1 = e + (a * j0);
            return (j0, j1, j0 + (a * j1));
        }

        var (d, _, q1, q2) = Units(a);
        var first = q1 * d * d;
        var second = q2 * d * d * d;
        return (second + (a * first), first, second);
    }

    /// <summary>d = 1 / (1 + y) and q_k = J_k(y) / d^(k + 1) at finite y &gt;= 0, of the order of 1 however large y is.</summary>
    internal static (double D, double Q0, double Q1, double Q2) Units(double y)
    {
        var t = (y - 5) / (y + 5);
        var d = 1 / (1 + y);
        var (first, second) = (Polynomial(FirstSeries, t), Polynomial(SecondSeries, t));
        return (d, (y * d * first) + (d * d * second), first, second);
    }

    private static double Polynomial(double[] coefficients, double t)
    {
        var sum = coefficients[^1];
        for (var k = coefficients.Length - 2; k >= 0; k--)
        {
            sum = double.FusedMultiplyAdd(sum, t, coefficients[k]);
        }

        return sum;
    }
}
