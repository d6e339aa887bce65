using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// The generalized inverse Gaussian distribution: density proportional to x^(g - 1) exp(-r x - t / x) for x > 0, with g > 0, r > 0, t >= 0
/// (t = 0: Gamma(g, r)). Its normalizer is 2 (t / r)^(g / 2) K_g(2 sqrt(r t)); here all moments come from one sum instead, the trapezoidal
/// rule in log x, where the density is analytic and log-concave: with d = log x - log(mode), A = r mode, B = t / mode, A - B = g, it is
/// exp(-A p(d) - B p(-d)), p(d) = exp(d) - 1 - d. The step resolves it to about 1e-13, the range to exp(-36): relative errors are below
/// 1e-10 (of log x: absolute), for g from 0.01.
/// </summary>
internal static class GeneralizedInverseGaussian
{
    // exp(-36) = 2e-16; a few more for exp(d) and exp(2 d), or exp(-d), times the density.
    private const double RightDrop = 44;
    private const double LeftDrop = 46;

    // Error exp(-2 pi^2 / 0.65^2) = 5e-21 of a normal density, and exp(-pi^2 / 0.24) = 1e-18, times what a power of the cosine in it gives,
    // some 1e4, where it is wider than the strip in which it is analytic and small.
    private const double StepOfDeviation = 0.65;
    private const double GreatestStep = 0.24;

    // From here |d| < 0.1 wherever the density counts, and p(d) is summed as a series: exp(d) - 1 - d would cancel.
    private const double NarrowFrom = 2e4;

    /// <summary>A smaller B acts where the density is below exp(-600) only: such a distribution counts as a Gamma.</summary>
    public const double LeastInverse = 1e-290;


    /// <summary>The log of the integral of the density's kernel, and the means of x, 1 / x and log x.</summary>
    /// <param name="Log">log of the integral of x^(g - 1) exp(-r x - t / x).</param>
    /// <param name="Mean">E x.</param>
    /// <param name="InverseMean">E 1 / x; infinite for t = 0 and g of at most 1.</param>
    /// <param name="LogMean">E log x.</param>
    public readonly record struct Moments(double Log, double Mean, double InverseMean, double LogMean);

    /// <summary>The moments.</summary>
    public static Moments Of(double g, double r, double t)
    {
        var (mode, a, b) = Shape(g, r, t);
        if (b < LeastInverse)
        {
            var logRate = double.Log(r);
            return new(
                GammaFunctions.LogGamma(g) - (g * logRate), g / r, g > 1 ? r / (g - 1) : double.PositiveInfinity,
                GammaFunctions.Digamma(g) - logRate);
        }

        var (sum, ups, downs, logs) =
            (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
        var range = new Range(a, b);
        for (var i = 0; i < range.Vectors; i++)
        {
            var f = range.Density(out var d, out var up, out var down);
            sum += f;
            ups = Vector256.FusedMultiplyAdd(f, up, ups);
            downs = Vector256.FusedMultiplyAdd(f, down, downs);
            logs = Vector256.FusedMultiplyAdd(f, d, logs);
        }

        var (total, logMode) = (Vector256.Sum(sum), double.Log(mode));
        return new(
            (g * logMode) - a - b + double.Log(total * range.Step), mode * Vector256.Sum(ups) / total,
            Vector256.Sum(downs) / total / mode, logMode + (Vector256.Sum(logs) / total));
    }

    /// <summary>The variance of x, whose mean is known: a sum of squares, which nothing cancels in.</summary>
    public static double Variance(double g, double r, double t, double mean)
    {
        var (mode, a, b) = Shape(g, r, t);
        if (b < LeastInverse)
        {
            return g / (r * r);
        }

        var (sum, squares, centre) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256.Create(mean / mode));
        var range = new Range(a, b);
        for (var i = 0; i < range.Vectors; i++)
        {
            var f = range.Density(out _, out var up, out _);
            sum += f;
            squares = Vector256.FusedMultiplyAdd(f * (up - centre), up - centre, squares);
        }

        return mode * mode * (Vector256.Sum(squares) / Vector256.Sum(sum));
    }

    /// <summary>
    /// The log of the integral by Laplace's method, for which a few operations do: above or below the exact one by some tenths, and by
    /// more where A + B is small.
    /// </summary>
    public static double RoughLog(double g, double r, double t)
    {
        var (mode, a, b) = Shape(g, r, t);
        return (g * double.Log(mode)) - a - b - (0.5 * double.Log((a + b) / (2 * double.Pi)));
    }

    /// <summary>The mode in log x, and A = r mode, B = t / mode.</summary>
    public static (double Mode, double A, double B) Shape(double g, double r, double t)
    {
        var mode = (g + double.Sqrt((g * g) + (4 * r * t))) / (2 * r);
        return (mode, r * mode, t / mode);
    }

    /// <summary>p(d) = exp(d) - 1 - d, without cancellation.</summary>
    public static double Excess(double d)
    {
        if (double.Abs(d) > 0.5)
        {
            return double.Exp(d) - 1 - d;
        }

        // d^16 / 16! is 1e-18 of d^2 / 2.
        var sum = 0.0;
        for (var n = 15; n >= 2; n--)
        {
            sum = (sum + 1) * d / n;
        }

        return sum * d;
    }

    // The points of the rule, four after another.
    private ref struct Range
    {
        private readonly Vector256<double> _a;
        private readonly Vector256<double> _b;
        private readonly Vector256<double> _next;
        private readonly Vector256<double> _nextDown;
        private readonly Vector256<double> _advance;
        private readonly bool _isNarrow;
        private Vector256<double> _d;
        private Vector256<double> _up;
        private Vector256<double> _down;

        public Range(double a, double b)
        {
            var (kappa, c) = (a + b, RightDrop / a);
            var right = double.Min(double.Sqrt(2 * c), double.Log(1 + (2 * c)) + 0.5);

            // The drop to the left is at least B (exp(-d) - 1) - A, and at least kappa p(-|d|), which is enough for exp(-d) times the
            // density too where kappa is not small.
            var left = double.Log(1 + (((2 * LeftDrop) + a + double.Log(1 + (((2 * LeftDrop) + a) / b))) / b)) + 1;
            if (kappa >= 4)
            {
                var l = LeftDrop / kappa;
                left = double.Min(left, double.Sqrt(2 * l) + l);
            }

            Step = double.Min(StepOfDeviation / double.Sqrt(kappa), GreatestStep);
            Vectors = (int)double.Ceiling((left + right) / Step / Vector256<double>.Count) + 1;
            (_a, _b) = (Vector256.Create(-a), Vector256.Create(-b));
            _d = Vector256.Create(-left) + (Vector256.Create(Step) * Vector256.Create(0.0, 1, 2, 3));
            _advance = Vector256.Create(Step * Vector256<double>.Count);
            (_up, _down) = (Vector256.Exp(_d), Vector256.Exp(-_d));
            (_next, _nextDown) = (Vector256.Exp(_advance), Vector256.Exp(-_advance));
            _isNarrow = kappa >= NarrowFrom;
        }

        public double Step { get; }

        public int Vectors { get; }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<double> Density(out Vector256<double> d, out Vector256<double> up, out Vector256<double> down)
        {
            (d, up, down) = (_d, _up, _down);
            var one = Vector256<double>.One;
            var exponent = _isNarrow ? (_a * Series(d)) + (_b * Series(-d)) : (_a * (up - one - d)) + (_b * (down - one + d));
            (_d, _up, _down) = (_d + _advance, _up * _next, _down * _nextDown);
            return Vector256.Exp(Vector256.Max(exponent, Vector256.Create(-700.0)));
        }

        // p(d) to d^9: the next term is below 1e-16 of it where |d| < 0.1.
        private static Vector256<double> Series(Vector256<double> d)
        {
            var sum = Vector256.FusedMultiplyAdd(Vector256.Create(1.0 / 362880), d, Vector256.Create(1.0 / 40320));
            sum = Vector256.FusedMultiplyAdd(sum, d, Vector256.Create(1.0 / 5040));
            sum = Vector256.FusedMultiplyAdd(sum, d, Vector256.Create(1.0 / 720));
            sum = Vector256.FusedMultiplyAdd(sum, d, Vector256.Create(1.0 / 120));
            sum = Vector256.FusedMultiplyAdd(sum, d, Vector256.Create(1.0 / 24));
            sum = Vector256.FusedMultiplyAdd(sum, d, Vector256.Create(1.0 / 6));
            return Vector256.FusedMultiplyAdd(sum, d, Vector256.Create(0.5)) * d * d;
        }
    }
}
