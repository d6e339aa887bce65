using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// The horseshoe of global scale T as a mixture of normals: theta | t ~ N(0, T^2 exp(2 t)), where t = log lambda of a half-Cauchy lambda
/// has density sech(t) / pi. The integral over t is a trapezoidal sum of step 1/6: the integrand is analytic and bounded for
/// |Im t| &lt; pi / 4, so that the error of the sum is below exp(-2 pi (pi / 4) 6) = 1e-13 of the largest term. Nodes come in pages of 80
/// units of t: page 0 is [-38, 42), which is enough for |x| / T up to 1e9 and T / s up to 1e5; <see cref="Pages"/> says which are needed.
/// One value has the nodes of one page at a time, for one s, and the posterior weights of one observation.
/// </summary>
internal readonly ref struct HorseshoeNodes
{
    /// <summary>The number of nodes of a page, a multiple of the lanes.</summary>
    public const int Count = 480;

    /// <summary>The doubles of work space that one value needs.</summary>
    public const int Space = 4 * Count;

    private const double Step = 1.0 / 6;
    private const double First = -38;
    private const double Width = Count * Step;

    // How far beyond the ends of its bulk the integrand still counts: it falls as exp(-t) to the left, as exp(-2 t) to the right.
    private const double MarginLeft = 26;
    private const double MarginRight = 20;

    // The square of a larger number may be infinite.
    private const double LargestSquared = 1e150;

    // A node this many of its standard deviations away has no weight.
    private const double Farthest = 100;

    private const double LargestLog = 690;

    // Of page 0, and between its nodes.
    private static readonly double[] Lambdas = AtNodes(0, double.Exp);
    private static readonly double[] LambdasBetween = AtNodes(0.5, double.Exp);
    private static readonly double[] Priors = AtNodes(0, Density);
    private static readonly double[] PriorsBetween = AtNodes(0.5, Density);

    private readonly Span<double> noise;
    private readonly Span<double> slab;
    private readonly Span<double> factors;
    private readonly Span<double> weights;

    /// <param name="space">Work space of <see cref="Space"/> doubles.</param>
    public HorseshoeNodes(Span<double> space)
    {
        noise = space[..Count];
        slab = space.Slice(Count, Count);
        factors = space.Slice(2 * Count, Count);
        weights = space.Slice(3 * Count, Count);
    }

    /// <summary>The posterior weights of the nodes, not normalized.</summary>
    public ReadOnlySpan<double> Weights => weights;

    /// <summary>The first and the last page that matter to an observation of z = u / s, for the ratio T / s.</summary>
    public static (int First, int Last) Pages(double z, double ratio)
    {
        var turn = -double.Log(ratio);
        var low = double.Min(0, turn) - MarginLeft;
        var high = double.Max(0, turn + double.Log(double.Clamp(double.Abs(z), 1, double.MaxValue))) + MarginRight;
        return ((int)double.Floor((low - First) / Width), (int)double.Floor((high - First) / Width));
    }

    /// <summary>A node's lambda and prior weight, for page 0.</summary>
    public static (double Lambda, double Weight) Prior(int node) => (Lambdas[node], Priors[node]);

    /// <summary>T lambda_j / sqrt(s^2 + T^2 lambda_j^2).</summary>
    public double Slab(int node) => slab[node];

    /// <summary>
    /// Takes the nodes of a page, or the middles between them, for one ratio T / s: the marginal of x over N(x; 0, s^2) exp(x^2 / (2 s^2))
    /// is the sum over all pages of w_j c_j exp(-c_j^2 z^2 / 2), c_j = s / sqrt(s^2 + T^2 lambda_j^2), w_j the prior weights.
    /// </summary>
    public void Take(int page, bool between, double ratio)
    {
        if (page == 0)
        {
            Fill(between ? LambdasBetween : Lambdas, between ? PriorsBetween : Priors, ratio);
            return;
        }

        // lambda may be out of range where T lambda / s is not: the latter is what is taken, beside a ratio of 1.
        var logRatio = double.Log(ratio);
        for (var j = 0; j < Count; j++)
        {
            var t = First + (page * Width) + (Step * (j + (between ? 0.5 : 0)));
            slab[j] = double.Exp(double.Min(t + logRatio, LargestLog));
            factors[j] = Density(t);
        }

        Fill(slab, factors, 1);
    }

    /// <summary>Weights the nodes by an observation z = u / s; returns the sum of the weights.</summary>
    public double Weigh(double z)
    {
        var one = Vector512.Create(z);
        var half = Vector512.Create(-0.5);
        var sum = Vector512<double>.Zero;
        for (var j = 0; j < Count; j += VectorNormal.Lanes)
        {
            var distance = one * Vector512.Create<double>(noise[j..]);
            var p = Vector512.Create<double>(factors[j..]) * VectorExp.OrZero(half * distance * distance);
            p.CopyTo(weights[j..]);
            sum += p;
        }

        return Vector512.Sum(sum);
    }

    /// <summary>Adds the sums over the weighted nodes, for the observation they were weighted by.</summary>
    public void Add(double z, ref HorseshoeSums sums)
    {
        var one = Vector512<double>.One;
        var two = Vector512.Create(2.0);
        var zs = Vector512.Create(z);
        var farthest = Vector512.Create(Farthest);
        Vector512<double> total = default, slabs = default, slabSquares = default, noises = default, noiseSquares = default;
        Vector512<double> score = default, curvature = default, scaled = default;
        for (var j = 0; j < Count; j += VectorNormal.Lanes)
        {
            var p = Vector512.Create<double>(weights[j..]);
            var c = Vector512.Create<double>(noise[j..]);
            var q = Vector512.Create<double>(slab[j..]);
            var distance = Vector512.Min(Vector512.Abs(c * zs), farthest);
            var move = q * distance;
            var square = distance * distance;
            c *= c;
            var t = q * q;
            var d = t * (square - one);
            total += p;
            slabs += p * t;
            slabSquares += p * t * t;
            noises += p * c;
            noiseSquares += p * c * c;
            score += p * d;
            curvature += p * ((two * (d + (t * t * (one - (two * square))))) + (d * d));
            scaled += p * (c + (move * move));
        }

        sums.Total += Vector512.Sum(total);
        sums.Slab += Vector512.Sum(slabs);
        sums.SlabSquare += Vector512.Sum(slabSquares);
        sums.Noise += Vector512.Sum(noises);
        sums.NoiseSquare += Vector512.Sum(noiseSquares);
        sums.Score += Vector512.Sum(score);
        sums.Curvature += Vector512.Sum(curvature);
        sums.Scaled += Vector512.Sum(scaled);
    }

    /// <summary>
    /// The sums over the weighted nodes of weight times P(eta &lt;= c) and P(eta &gt;= c), eta of a node N(q^2 u, q^2 s^2) with q as in
    /// <see cref="Slab"/>; <paramref name="cs"/> = c / s.
    /// </summary>
    public (double Below, double Above) Probabilities(double z, double cs)
    {
        Vector512<double> below = default, above = default;
        for (var j = 0; j < Count; j += VectorNormal.Lanes)
        {
            var q = Vector512.Create<double>(slab[j..]);
            var y = -q * Vector512.Create(z);
            y += cs == 0 ? Vector512<double>.Zero : Vector512.Create(cs) / Vector512.Max(q, Vector512.Create(1 / LargestSquared));
            var p = Vector512.Create<double>(weights[j..]);
            below += p * VectorNormal.Cdf(y);
            above += p * VectorNormal.Cdf(-y);
        }

        return (Vector512.Sum(below), Vector512.Sum(above));
    }

    private void Fill(ReadOnlySpan<double> lambdas, ReadOnlySpan<double> priors, double ratio)
    {
        var one = Vector512<double>.One;
        var large = Vector512.Create(LargestSquared);
        for (var j = 0; j < Count; j += VectorNormal.Lanes)
        {
            var g = Vector512.Min(Vector512.Create(ratio) * Vector512.Create(lambdas[j..]), Vector512.Create(double.MaxValue));
            var c = one / Vector512.Sqrt(Vector512.FusedMultiplyAdd(g, g, one));
            if (Vector512.GreaterThanAny(g, large))
            {
                c = Vector512.ConditionalSelect(Vector512.GreaterThan(g, large), one / g, c);
            }

            var w = Vector512.Create(priors[j..]);
            c.CopyTo(noise[j..]);
            (g * c).CopyTo(slab[j..]);
            (w * c).CopyTo(factors[j..]);
        }
    }

    // The share of a node: the density sech(t) / pi times the step.
    private static double Density(double t) => Step / (double.Pi * double.Cosh(t));

    private static double[] AtNodes(double shift, Func<double, double> f) =>
        [.. Enumerable.Range(0, Count).Select(j => f(First + (Step * (j + shift))))];
}
