namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Nodes and weights of Gauss-Hermite quadrature for E f(z), z ~ N(0, 1): exact for polynomials of degree below 2n. By Newton's method on
/// the orthonormal Hermite polynomials (Press et al. 2007, 4.6).
/// </summary>
internal static class GaussHermite
{
    private const int Most = 32;
    private static readonly (double[] Nodes, double[] Weights)[] Rules = [.. Enumerable.Range(0, Most + 1).Select(Make)];

    /// <summary>The rule of n nodes, 1 to 32, ascending; shared, not to be written to.</summary>
    public static (double[] Nodes, double[] Weights) Of(int n) => Rules[n];

    private static (double[] Nodes, double[] Weights) Make(int n)
    {
        var (nodes, weights) = (new double[n], new double[n]);
        for (var i = 0; i < (n + 1) / 2; i++)
        {
            var z = i switch
            {
                0 => double.Sqrt((2 * n) + 1) - (1.85575 * double.Pow((2 * n) + 1, -0.16667)),
                1 => Root(0) - (1.14 * double.Pow(n, 0.426) / Root(0)),
                2 => (1.86 * Root(1)) - (0.86 * Root(0)),
                3 => (1.91 * Root(2)) - (0.91 * Root(1)),
                _ => (2 * Root(i - 1)) - Root(i - 2),
            };
            var slope = 0.0;
            for (var step = 0; step < 50; step++)
            {
                var (p, before) = (double.Pow(double.Pi, -0.25), 0.0);
                for (var j = 0; j < n; j++)
                {
                    (p, before) = ((z * double.Sqrt(2.0 / (j + 1)) * p) - (double.Sqrt((double)j / (j + 1)) * before), p);
                }

                slope = double.Sqrt(2.0 * n) * before;
                var change = p / slope;
                z -= change;
                if (double.Abs(change) < 1e-15)
                {
                    break;
                }
            }

            z = (2 * i) + 1 == n ? 0 : z;
            nodes[n - 1 - i] = z * double.Sqrt(2);
            nodes[i] = -nodes[n - 1 - i];
            weights[i] = weights[n - 1 - i] = 2 / (slope * slope) / double.Sqrt(double.Pi);
        }

        return (nodes, weights);

        // The i-th greatest root of the physicists' polynomial.
        double Root(int i) => nodes[n - 1 - i] / double.Sqrt(2);
    }
}
