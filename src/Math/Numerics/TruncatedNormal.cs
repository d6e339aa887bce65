namespace FitCluster.Math.Numerics;

/// <summary>The standard normal distribution truncated to an interval [a, b].</summary>
public static class TruncatedNormal
{
    // An interval of half-width h about c is narrow when h max(1, |c|) is below this; then 7 terms of the Hermite series are exact.
    private const double Narrow = 0.5;
    private const int SeriesTerms = 8;

    /// <summary>
    /// log(Phi(b) - Phi(a)), the mean, and the mean square of N(0, 1) truncated to [a, b], a &lt;= b, either end may be infinite.
    /// No cancellation: about 1e-14 relative in mass and mean square, and in the mean unless the interval straddles 0 (there: absolute).
    /// For a = b: -infinity, a, a^2.
    /// </summary>
    public static (double LogMass, double Mean, double MeanSquare) Moments(double a, double b)
    {
        if (a == b)
        {
            return (double.NegativeInfinity, a, a * a);
        }

        if (a + b < 0)
        {
            var (mass, mean, square) = Moments(-b, -a);
            return (mass, -mean, square);
        }

        var centre = 0.5 * (a + b);
        if (0.5 * (b - a) * double.Max(1, centre) < Narrow)
        {
            return Series(centre, 0.5 * (b - a));
        }

        return a >= 0 ? Tail(a, b) : Straddling(a, b);
    }

    // phi(c + u) = phi(c) sum_n He_n(c) (-u)^n / n!, integrated over [-h, h] against 1, u, u^2.
    private static (double LogMass, double Mean, double MeanSquare) Series(double c, double h)
    {
        double zeroth = 0, first = 0, second = 0;
        double even = 1, odd = c, evenPower = 1;
        for (var k = 0; k < SeriesTerms; k++)
        {
            // evenPower = h^(2k) / (2k)!
            zeroth += even * evenPower / ((2 * k) + 1);
            second += even * evenPower / ((2 * k) + 3);
            first -= odd * evenPower / (((2 * k) + 1) * ((2 * k) + 3.0));
            var n = 2 * k;
            var nextEven = (c * odd) - ((n + 1) * even);
            odd = (c * nextEven) - ((n + 2) * odd);
            even = nextEven;
            evenPower *= h * h / ((n + 1) * (n + 2.0));
        }

        var offset = first * h * h / zeroth;
        var square = second * h * h / zeroth;
        return (
            (-0.5 * c * c) - NormalDistribution.LogRootTwoPi + double.Log(2 * h * zeroth),
            c + offset,
            (c * c) + (2 * c * offset) + square);
    }

    // 0 <= a < b: with theta = a + t, exp(a^2 / 2) times the integrals of t^k is J_k(a) minus the part beyond b.
    private static (double LogMass, double Mean, double MeanSquare) Tail(double a, double b)
    {
        var (mass, first, second) = MillsRatio.Scaled(a);
        var w = b - a;
        var beyond = double.Exp(-0.5 * w * (a + b));
        if (beyond > 0)
        {
            var (j0, j1, j2) = MillsRatio.Scaled(b);
            mass -= beyond * j0;
            first -= beyond * ((w * j0) + j1);
            second -= beyond * ((w * ((w * j0) + (2 * j1))) + j2);
        }

        var t = first / mass;
        return ((-0.5 * a * a) - NormalDistribution.LogRootTwoPi + double.Log(mass), a + t, (a * a) + (2 * a * t) + (second / mass));
    }

    // a < 0 < b with |a| <= b and a width of the order of 1 or more.
    private static (double LogMass, double Mean, double MeanSquare) Straddling(double a, double b)
    {
        var below = NormalDistribution.Density(a);
        var above = NormalDistribution.Density(b);
        var outside = (below * MillsRatio.Value(-a)) + (above * MillsRatio.Value(b));
        var mass = 1 - outside;
        var belowTerm = below > 0 ? a * below : 0;
        var aboveTerm = above > 0 ? b * above : 0;
        return (NormalDistribution.LogOneMinus(outside), (below - above) / mass, 1 + ((belowTerm - aboveTerm) / mass));
    }
}
