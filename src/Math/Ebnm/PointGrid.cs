namespace FitCluster.Math.Ebnm;

/// <summary>
/// The grid of nonparametric maximum likelihood: points from the least to the largest x, no more than s (64 / n)^(1/4) apart (s the least
/// standard error), so that the best mixture on it is within about 1/n in KL of the best without a grid; at most 300.
/// </summary>
internal static class PointGrid
{
    private const int Most = 300;

    // Where even 300 points are this many standard errors apart, Gaussians take the place of points.
    private const double WideInS = 3;

    /// <summary>The step between points; the whole range where min = max.</summary>
    public static double[] Points(double min, double max, double step)
    {
        var intervals = (int)double.Clamp(double.Ceiling((max - min) / step), 0, Most - 1);
        var points = new double[intervals + 1];
        for (var k = 0; k <= intervals; k++)
        {
            points[k] = k == intervals ? max : min + (k * ((max - min) / double.Max(intervals, 1)));
        }

        return points;
    }

    /// <summary>The points' spacing for n observations.</summary>
    public static double PointStep(double n, double s) => s * double.Sqrt(double.Sqrt(64 / n));

    /// <summary>The spacing of Gaussians of standard deviation step / 2: 2 s sqrt(e^(2/n) - 1).</summary>
    public static double GaussianStep(double n, double s) => 2 * s * double.Sqrt(double.ExpM1(2 / n));

    /// <summary>Whether the range asks for Gaussians.</summary>
    public static bool IsWide(double min, double max, double s) => (max - min) / Most >= WideInS * s;
}
