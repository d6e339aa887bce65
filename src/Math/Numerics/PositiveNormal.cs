namespace FitCluster.Math.Numerics;

/// <summary>
/// N(-y, 1) truncated to t &gt; 0, of density exp(-y t - t^2 / 2) / J_0(y) with J_0 Mills' ratio: probabilities and quantiles, each
/// accurate (about 1e-13 relative) where it is small, however far y is in either tail.
/// </summary>
public static class PositiveNormal
{
    // An interval over which the logarithm of the density changes by less than about this is integrated by Gauss and Legendre's rule.
    private const double Narrow = 0.5;

    // Newton steps for a quantile: they double the digits, from a start that is right to its first.
    private const int MostSteps = 60;

    // Gauss and Legendre's nodes in (0, 1) and weights, of 10 points.
    private static readonly (double Node, double Weight)[] Rule =
    [
        (0.1488743389816312, 0.2955242247147529), (0.4333953941292472, 0.2692667193099963), (0.6794095682990244, 0.2190863625159820),
        (0.8650633666889845, 0.1494513491505806), (0.9739065285171717, 0.0666713443086881),
    ];

    /// <summary>P(t &gt;= c), c &gt;= 0.</summary>
    public static double Above(double y, double c)
    {
        if (y >= 0)
        {
            return double.Exp(-c * (y + (0.5 * c))) * (MillsRatio.Value(y + c) / MillsRatio.Value(y));
        }

        return NormalDistribution.Cdf(-y - c) / NormalDistribution.Cdf(-y);
    }

    /// <summary>P(t &lt;= c), c &gt;= 0.</summary>
    public static double Below(double y, double c)
    {
        if (c == 0)
        {
            return 0;
        }

        if (c * double.Max(1, double.Abs(y)) < Narrow)
        {
            var sum = 0.0;
            foreach (var (node, weight) in Rule)
            {
                sum += weight * (Density(y, 0.5 * c * (1 - node)) + Density(y, 0.5 * c * (1 + node)));
            }

            return 0.5 * c * sum;
        }

        if (y >= 0 || c >= -y)
        {
            return 1 - Above(y, c);
        }

        // Both ends in the lower tail of the normal: Phi(c + y) less the part below 0.
        var end = -y - c;
        var beyond = double.Exp(-0.5 * c * (end - y)) * MillsRatio.Value(-y);
        return NormalDistribution.Density(end) * (MillsRatio.Value(end) - beyond) / NormalDistribution.Cdf(-y);
    }

    /// <summary>The t with P(T &gt;= t) = p, 0 &lt; p &lt;= 1.</summary>
    public static double UpperQuantile(double y, double p)
    {
        if (y < 0)
        {
            var z = NormalDistribution.QuantileOfLog(double.Log(p) + NormalDistribution.LogCdf(-y));
            return double.Max(0, -y - z);
        }

        // log P(T >= t) is concave in t: Newton's steps from above 0 come from one side.
        var (logP, logJ) = (double.Log(p), double.Log(MillsRatio.Value(y)));
        var t = 0.0;
        for (var step = 0; step < MostSteps; step++)
        {
            var j = MillsRatio.Value(y + t);
            var move = (double.Log(j) - logJ - (t * (y + (0.5 * t))) - logP) * j;
            t = double.Max(0, t + move);
            if (double.Abs(move) <= 1e-15 * t)
            {
                break;
            }
        }

        return t;
    }

    // At t in [0, c] with c small beside 1 and 1 / |y|.
    private static double Density(double y, double t) => y >= 0
        ? double.Exp(-t * (y + (0.5 * t))) / MillsRatio.Value(y)
        : NormalDistribution.Density(y + t) / NormalDistribution.Cdf(-y);
}
