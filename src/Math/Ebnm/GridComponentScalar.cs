using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>The slow twin of <see cref="GridComponent"/>, for one observation; and draws from a component's posterior.</summary>
internal static class GridComponentScalar
{
    /// <summary>The log-likelihood of x under a component, and the mean and variance of theta given x and it.</summary>
    public static (double LogLikelihood, double Mean, double Variance) Posterior(in PriorComponent component, double x, double s)
    {
        var (m, d, low, high, log) = Gaussian(component, x, s);
        if (d == 0)
        {
            return (log, m, 0);
        }

        if (double.IsNegativeInfinity(low) && double.IsPositiveInfinity(high))
        {
            return (log, m, d * d);
        }

        var (mass, mean, variance) = TruncatedNormal.Moments((low - m) / d, (high - m) / d);
        return (log + mass, m + (d * mean), d * d * variance);
    }

    /// <summary>P(theta &lt; 0) and P(theta = 0) given x and a component.</summary>
    public static (double Negative, double Zero) Signs(in PriorComponent component, double x, double s)
    {
        var (m, d, low, high, _) = Gaussian(component, x, s);
        if (d == 0)
        {
            return (m < 0 ? 1 : 0, m == 0 ? 1 : 0);
        }

        if (low >= 0 || high <= 0)
        {
            return (low >= 0 ? 0 : 1, 0);
        }

        var all = NormalDistribution.LogIntervalProbability((low - m) / d, (high - m) / d);
        return (double.Exp(NormalDistribution.LogIntervalProbability((low - m) / d, -m / d) - all), 0);
    }

    /// <summary>The quantile u in (0, 1) of theta given x and a component.</summary>
    public static double Quantile(in PriorComponent component, double x, double s, double u)
    {
        var (m, d, low, high, _) = double.IsInfinity(s) ? Unconditional(component) : Gaussian(component, x, s);
        if (d == 0)
        {
            return m;
        }

        if (double.IsInfinity(d))
        {
            return low + (u * (high - low));
        }

        double a = (low - m) / d, b = (high - m) / d;
        if (a + b > 0)
        {
            // The mirror image: quantiles are found in the lower tail, where log Phi resolves them.
            return double.Clamp(m - (d * LowerQuantile(-b, -a, 1 - u)), low, high);
        }

        return double.Clamp(m + (d * LowerQuantile(a, b, u)), low, high);
    }

    private static double LowerQuantile(double a, double b, double u)
    {
        // log(Phi(a) + u (Phi(b) - Phi(a))), b the end nearer to the centre.
        var logB = NormalDistribution.LogCdf(b);
        var ratio = double.IsNegativeInfinity(a) ? 0 : double.Exp(NormalDistribution.LogCdf(a) - logB);
        var log = logB + double.Log(ratio + (u * (1 - ratio)));
        return log >= 0 ? b : NormalDistribution.QuantileOfLog(log);
    }

    private static (double M, double D, double Low, double High, double Log) Unconditional(in PriorComponent c)
    {
        var (low, high) = c.Kind == ComponentKind.Normal ? (double.NegativeInfinity, double.PositiveInfinity) : (c.Low, c.High);
        return c.Kind switch
        {
            ComponentKind.Point => (c.Location, 0, 0, 0, 0),
            ComponentKind.Uniform => c.Low == c.High ? (c.Low, 0, 0, 0, 0) : (0, double.PositiveInfinity, low, high, 0),
            _ => (c.Location, c.Scale, low, high, 0),
        };
    }

    // theta given x is N(m, d^2) truncated to [low, high]; the likelihood is exp(log) times the mass of that interval.
    private static (double M, double D, double Low, double High, double Log) Gaussian(in PriorComponent c, double x, double s)
    {
        if (c.Kind == ComponentKind.Uniform && c.Low < c.High)
        {
            return (x, s, c.Low, c.High, -double.Log(c.High - c.Low));
        }

        var location = c.Kind == ComponentKind.Uniform ? c.Low : c.Location;
        var scale = c.Kind is ComponentKind.Point or ComponentKind.Uniform ? 0 : c.Scale;
        var total = double.Hypot(s, scale);
        var log = NormalDistribution.LogDensity(x - location, total);
        if (scale == 0)
        {
            return (location, 0, 0, 0, log);
        }

        var root = scale / total;
        var (m, d) = (location + (root * root * (x - location)), root * s);
        return c.Kind == ComponentKind.TruncatedNormal
            ? (m, d, c.Low, c.High,
                log - NormalDistribution.LogIntervalProbability((c.Low - location) / c.Scale, (c.High - location) / c.Scale))
            : (m, d, double.NegativeInfinity, double.PositiveInfinity, log);
    }
}
