using System.Numerics.Tensors;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// l(delta) = log int p(psi) N(delta; 0, psi) dpsi of a hierarchy with one coordinate a gene, a table in log |delta| (6-point Lagrange
/// interpolation, 1e-8), and its expectation under normal distributions: about 0, where l has a kink or a spike of log log 1 / |delta|, by
/// Gauss-Legendre nodes on each side in u with delta = b u^3, so that the spike cannot hide between nodes; away from 0 by Gauss-Hermite
/// nodes. An expectation is a sum over the table's knots, whose weights do not depend on l.
/// </summary>
internal sealed class MarginalDensity
{
    private const double Low = -22;
    private const double Step = 0.125;

    /// <summary>Knots of the table.</summary>
    public const int Knots = 232;

    private const int Taps = 6;
    private const double MostSds = 8.5;
    private const int Smooth = 16;
    private static readonly (double[] Nodes, double[] Weights) Legendre = MakeLegendre(48);

    private readonly double[] _table;

    /// <summary>Of values at the knots.</summary>
    public MarginalDensity(double[] table) => _table = table;

    /// <summary>l at the knots, from the prior's nodes.</summary>
    public static double[] Tabulate(ScaleNodes nodes)
    {
        var table = new double[Knots];
        for (var i = 0; i < Knots; i++)
        {
            var delta = double.Exp(Low + (Step * i));
            table[i] = nodes.Integrate(delta * delta, 0).LogH;
        }

        return table;
    }

    /// <summary>E l, and its derivatives in the mean and the variance.</summary>
    public (double Value, double ByMean, double ByVariance) Expect(double mean, double variance)
    {
        Span<double> points = stackalloc double[2 * 48];
        Span<double> weights = stackalloc double[2 * 48];
        var count = Points(mean, variance, points, weights);
        var value = 0.0;
        Span<double> l = stackalloc double[count];
        for (var i = 0; i < count; i++)
        {
            l[i] = At(points[i]);
            value += weights[i] * l[i];
        }

        var (byMean, byVariance) = (0.0, 0.0);
        for (var i = 0; i < count; i++)
        {
            var away = points[i] - mean;
            byMean += weights[i] * (l[i] - value) * away;
            byVariance += weights[i] * (l[i] - value) * away * away;
        }

        return (value, byMean / variance, 0.5 * byVariance / (variance * variance));
    }

    /// <summary>Adds to each knot what its value counts in E l.</summary>
    public static void AddKnots(double mean, double variance, Span<double> knots)
    {
        Span<double> points = stackalloc double[2 * 48];
        Span<double> weights = stackalloc double[2 * 48];
        Span<double> taps = stackalloc double[Taps];
        var count = Points(mean, variance, points, weights);
        for (var i = 0; i < count; i++)
        {
            var first = Locate(points[i], taps);
            for (var tap = 0; tap < Taps; tap++)
            {
                knots[first + tap] += weights[i] * taps[tap];
            }
        }
    }

    private double At(double delta)
    {
        Span<double> taps = stackalloc double[Taps];
        var first = Locate(delta, taps);
        return TensorPrimitives.Dot(taps, _table.AsSpan(first, Taps));
    }

    private static int Locate(double delta, Span<double> taps)
    {
        var place = double.Clamp((double.Log(double.Max(double.Abs(delta), 1e-300)) - Low) / Step, 0, Knots - 1);
        var first = int.Clamp((int)place - 2, 0, Knots - Taps);
        var x = place - first;

        // Lagrange's weights of nodes 0 .. 5.
        var (a, b, c, d, e, f) = (x, x - 1, x - 2, x - 3, x - 4, x - 5);
        taps[0] = b * c * d * e * f / -120;
        taps[1] = a * c * d * e * f / 24;
        taps[2] = a * b * d * e * f / -12;
        taps[3] = a * b * c * e * f / 12;
        taps[4] = a * b * c * d * f / -24;
        taps[5] = a * b * c * d * e / 120;
        return first;
    }

    // Nodes and weights, of sum 1, of N(mean, variance).
    private static int Points(double mean, double variance, Span<double> points, Span<double> weights)
    {
        var sd = double.Sqrt(variance);
        if (double.Abs(mean) > (MostSds + 0.5) * sd)
        {
            var (nodes, hermite) = GaussHermite.Of(Smooth);
            for (var i = 0; i < Smooth; i++)
            {
                (points[i], weights[i]) = (mean + (sd * nodes[i]), hermite[i]);
            }

            return Smooth;
        }

        var (count, total) = (0, 0.0);
        for (var side = -1; side <= 1; side += 2)
        {
            var end = (side * mean) + (MostSds * sd);
            if (end <= 0)
            {
                continue;
            }

            for (var i = 0; i < Legendre.Nodes.Length; i++, count++)
            {
                var u = Legendre.Nodes[i];
                points[count] = side * end * u * u * u;
                var z = (points[count] - mean) / sd;
                weights[count] = Legendre.Weights[i] * end * u * u * double.Exp(-0.5 * z * z);
                total += weights[count];
            }
        }

        TensorPrimitives.Divide(weights[..count], total, weights[..count]);
        return count;
    }

    // Gauss-Legendre on [0, 1].
    private static (double[] Nodes, double[] Weights) MakeLegendre(int n)
    {
        var (nodes, weights) = (new double[n], new double[n]);
        for (var i = 0; i < n; i++)
        {
            var z = double.CosPi((i + 0.75) / (n + 0.5));
            var slope = 0.0;
            for (var step = 0; step < 20; step++)
            {
                var (p, before) = (1.0, 0.0);
                for (var j = 0; j < n; j++)
                {
                    (p, before) = (((((2 * j) + 1) * z * p) - (j * before)) / (j + 1), p);
                }

                slope = n * ((z * p) - before) / ((z * z) - 1);
                z -= p / slope;
            }

            (nodes[i], weights[i]) = (0.5 * (1 - z), 1 / ((1 - (z * z)) * slope * slope));
        }

        return (nodes, weights);
    }
}
