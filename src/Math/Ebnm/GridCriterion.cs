using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// How fine a grid of scales must be (Willwerscheid and others 2021, section 4 of the paper on ebnm): components between two
/// neighbours p and q of the grid should be told from the best mixture of the two only by 1/KL observations: max over f between p
/// and q of min over omega of KL(f || omega p + (1 - omega) q), all convolved with N(0, 1). The tables that the grids read were
/// computed here; a test computes them again.
/// </summary>
internal static class GridCriterion
{
    private const int GoldenSteps = 28;

    /// <summary>The criterion for p = N(0, 1), q = N(0, m), f = N(0, v), 1 &lt;= v &lt;= m.</summary>
    public static double Normal(double m)
    {
        const int Points = 240;
        var width = 13 * double.Sqrt(m) / Points;
        var p = new double[Points];
        var q = new double[Points];
        var f = new double[Points];
        Fill(p, 1, width);
        Fill(q, m, width);
        return Maximum(0, double.Log(m), logV =>
        {
            Fill(f, double.Exp(logV), width);
            return Divergence(f, p, q, (m - double.Exp(logV)) / (m - 1));
        });

        static void Fill(double[] values, double variance, double width)
        {
            for (var i = 0; i < values.Length; i++)
            {
                var x = i * width;
                values[i] = double.Exp(-0.5 * x * x / variance) / double.Sqrt(variance) * width * (i == 0 ? 1 : 2) / MillsRatio.RootTwoPi;
            }
        }
    }

    /// <summary>The criterion for p = U[-a, a], q = U[-b, b], f = U[-c, c], 0 &lt;= a &lt;= c &lt;= b, each with N(0, 1) noise.</summary>
    public static double Uniform(double a, double b)
    {
        // Up to 9 below a all densities are flat: one point with all of that mass.
        const double Step = 0.12;
        var start = double.Max(0, a - 9);
        var points = (int)((b + 10 - start) / Step) + 2;
        var p = new double[points];
        var q = new double[points];
        var f = new double[points];
        Fill(p, a);
        Fill(q, b);
        return Maximum(a, b, c =>
        {
            Fill(f, c);
            return Divergence(f, p, q, (b - c) / (b - a));
        });

        void Fill(double[] values, double c)
        {
            for (var i = 0; i < values.Length; i++)
            {
                var x = start + (i * Step);
                var density = c == 0
                    ? NormalDistribution.Density(x)
                    : (x < c
                        ? NormalDistribution.Cdf(x + c) - NormalDistribution.Cdf(x - c)
                        : NormalDistribution.Cdf(c - x) - NormalDistribution.Cdf(-c - x))
                        / (2 * c);
                values[i] = double.Max(density, 1e-300) * Step * 2;
            }

            // The trapezoid rule begins at x = start, half a step; below it the density is constant.
            values[0] *= 0.5 + (start / Step);
        }
    }

    /// <summary>The b &gt; a at which the criterion for uniforms reaches the given divergence, looked for from a guess on.</summary>
    public static double NextUniform(double a, double divergence, double guess)
    {
        // log KL is close to linear in log(b - a): secants on it.
        var target = double.Log(divergence);
        double x0 = double.Log(guess - a), y0 = double.Log(Uniform(a, guess)) - target;
        double x1 = x0 - (y0 / 3), y1 = double.Log(Uniform(a, a + double.Exp(x1))) - target;
        for (var step = 0; step < 20 && double.Abs(y1) > 1e-9; step++)
        {
            var x2 = y1 == y0 ? x1 - (y1 / 3) : x1 - (y1 * (x1 - x0) / (y1 - y0));
            x2 = double.Clamp(x2, x1 - 0.7, x1 + 0.7);
            (x0, y0) = (x1, y1);
            (x1, y1) = (x2, double.Log(Uniform(a, a + double.Exp(x2))) - target);
        }

        return a + double.Exp(x1);
    }

    // min over omega of sum f (u - 1 - log u), u = (omega p + (1 - omega) q) / f, by Newton's method; f, p, q are masses that sum to 1.
    private static double Divergence(double[] f, double[] p, double[] q, double omega)
    {
        for (var step = 0; step < 30; step++)
        {
            double slope = 0, curvature = 0;
            for (var i = 0; i < f.Length; i++)
            {
                var g = (omega * p[i]) + ((1 - omega) * q[i]);
                var d = (p[i] - q[i]) / g;
                slope += f[i] * d;
                curvature += f[i] * d * d;
            }

            var next = double.Clamp(omega + (slope / curvature), 0, 1);
            var done = double.Abs(next - omega) < 1e-9;
            omega = next;
            if (done)
            {
                break;
            }
        }

        var sum = 0.0;
        for (var i = 0; i < f.Length; i++)
        {
            var g = (omega * p[i]) + ((1 - omega) * q[i]);
            sum += f[i] * Excess((g - f[i]) / f[i], f[i], g);
        }

        return sum;
    }

    // d - log(1 + d), without cancellation for small d = g / f - 1.
    private static double Excess(double d, double f, double g)
    {
        if (double.Abs(d) > 0.02)
        {
            return d - double.Log(g / f);
        }

        var sum = 0.0;
        for (var k = 9; k >= 2; k--)
        {
            sum = ((k % 2 == 0 ? 1.0 : -1.0) / k) + (d * sum);
        }

        return d * d * sum;
    }

    // So many steps, however narrow the range.
    private static double Maximum(double low, double high, Func<double, double> f) =>
        GoldenSection.Maximize(low, high, f, tolerance: -1, GoldenSteps).Value;
}
