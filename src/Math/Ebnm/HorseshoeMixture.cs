using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// The horseshoe of global scale T as a mixture of normals: theta | t ~ N(0, T^2 exp(2 t)), where t = log lambda of a half-Cauchy lambda
/// has density sech(t) / pi. The integral over t is a trapezoidal sum with step 1/6 on [-38, 42]: the integrand is analytic and bounded for
/// |Im t| &lt; pi / 4, so that the error of the sum is below exp(-2 pi (pi / 4) 6) = 1e-13, and so is what the cut ends leave out
/// (for |x| / T up to 1e10).
/// </summary>
internal static class HorseshoeMixture
{
    /// <summary>The number of nodes, a multiple of the lanes.</summary>
    public const int Nodes = 480;

    private const double Step = 1.0 / 6;
    private const double First = -38;

    private static readonly double[] Weights = Normalized();
    private static readonly double[] LambdaSquares = [.. Enumerable.Range(0, Nodes).Select(j => double.Exp(2 * (First + (Step * j))))];

    /// <summary>The weight of a node; they sum to 1.</summary>
    public static double Weight(int node) => Weights[node];

    /// <summary>lambda of a node.</summary>
    public static double Lambda(int node) => double.Sqrt(LambdaSquares[node]);

    /// <summary>
    /// The tables of one s: c_j = s^2 / (s^2 + T^2 lambda_j^2) and w_j sqrt(c_j); the marginal of x over N(x; 0, s^2) exp(x^2 / (2 s^2)) is
    /// the sum of w_j sqrt(c_j) exp(-c_j x^2 / (2 s^2)).
    /// </summary>
    public static void Tabulate(double s, double scale, Span<double> fractions, Span<double> factors)
    {
        var one = Vector512<double>.One;
        var ratio = Vector512.Create(scale / s * (scale / s));
        for (var j = 0; j < Nodes; j += VectorNormal.Lanes)
        {
            var c = one / (one + (ratio * Vector512.Create(LambdaSquares.AsSpan(j))));
            c.CopyTo(fractions[j..]);
            (Vector512.Create(Weights.AsSpan(j)) * Vector512.Sqrt(c)).CopyTo(factors[j..]);
        }
    }

    /// <summary>The unnormalized posterior weights of the nodes for z = u / s; returns their sum.</summary>
    public static double Posterior(double z, ReadOnlySpan<double> fractions, ReadOnlySpan<double> factors, Span<double> weights)
    {
        var exponent = Vector512.Create(-0.5 * z * z);
        var sum = Vector512<double>.Zero;
        for (var j = 0; j < Nodes; j += VectorNormal.Lanes)
        {
            var p = Vector512.Create(factors[j..]) * VectorExp.Of(exponent * Vector512.Create(fractions[j..]));
            p.CopyTo(weights[j..]);
            sum += p;
        }

        return Vector512.Sum(sum);
    }

    /// <summary>
    /// Sums over nodes, normalized, of: t_j = 1 - c_j; (t_j - E t)^2; the derivatives of the log-likelihood in log T, first and second;
    /// E[theta^2 | j] / (s^2 lambda_j^2), for EM.
    /// </summary>
    public static (double Shrinkage, double Spread, double Score, double Curvature, double Scaled) Expectations(
        double z, double ratio, double total, ReadOnlySpan<double> fractions, ReadOnlySpan<double> weights)
    {
        var one = Vector512<double>.One;
        var two = Vector512.Create(2.0);
        var zz = Vector512.Create(z * z);
        var ratioSquare = Vector512.Create(ratio * ratio);
        Vector512<double> first = default, second = default, rest = default, restSecond = default;
        Vector512<double> score = default, curvature = default, scaled = default;
        for (var j = 0; j < Nodes; j += VectorNormal.Lanes)
        {
            var p = Vector512.Create(weights[j..]);
            var c = Vector512.Create(fractions[j..]);
            var lambdaSquare = Vector512.Create(LambdaSquares.AsSpan(j));
            var t = ratioSquare * lambdaSquare * c;
            var square = zz * c;
            var d = t * (square - one);
            first += p * t;
            second += p * t * t;
            rest += p * c;
            restSecond += p * c * c;
            score += p * d;
            curvature += p * ((two * (d + (t * t * (one - (two * square))))) + (d * d));
            scaled += p * ratioSquare * c * (one + (t * zz));
        }

        var mean = Vector512.Sum(score) / total;
        var (shrinkage, left) = (Vector512.Sum(first) / total, Vector512.Sum(rest) / total);

        // Posteriors of t near 0 and of c near 0 are spread about as wide as they are high: the difference loses no digits there.
        var spread = shrinkage < left
            ? (Vector512.Sum(second) / total) - (shrinkage * shrinkage)
            : (Vector512.Sum(restSecond) / total) - (left * left);
        return (
            shrinkage, double.Max(spread, 0), mean, (Vector512.Sum(curvature) / total) - (mean * mean),
            Vector512.Sum(scaled) / total);
    }

    /// <summary>P(theta - mode &lt;= c) given z = u / s &gt;= 0, per node N(t u, t s^2); cs = c / s.</summary>
    public static (double Below, double Above) Probabilities(
        double z, double cs, double ratio, double total, ReadOnlySpan<double> fractions, ReadOnlySpan<double> weights)
    {
        Vector512<double> below = default, above = default;
        for (var j = 0; j < Nodes; j += VectorNormal.Lanes)
        {
            var t = Vector512.Create(ratio * ratio) * Vector512.Create(LambdaSquares.AsSpan(j)) * Vector512.Create(fractions[j..]);
            var y = (Vector512.Create(cs) - (t * Vector512.Create(z))) / Vector512.Sqrt(t);
            var p = Vector512.Create(weights[j..]);
            below += p * VectorNormal.Cdf(y);
            above += p * VectorNormal.Cdf(-y);
        }

        return (Vector512.Sum(below) / total, Vector512.Sum(above) / total);
    }

    private static double[] Normalized()
    {
        double[] weights = [.. Enumerable.Range(0, Nodes).Select(j => 1 / double.Cosh(First + (Step * j)))];
        var sum = weights.Sum();
        return [.. weights.Select(v => v / sum)];
    }
}
