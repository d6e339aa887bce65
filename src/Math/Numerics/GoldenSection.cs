namespace FitCluster.Math.Numerics;

/// <summary>
/// The maximum of a function of one variable by golden section: sure where the function is unimodal, a local maximum elsewhere.
/// </summary>
internal static class GoldenSection
{
    private const double Golden = 0.61803398874989484820;

    /// <summary>
    /// Narrows [low, high] until it is no wider than the tolerance, or for so many steps. Returns the better of the two inner points, and
    /// its value.
    /// </summary>
    public static (double At, double Value) Maximize(
        double low, double high, Func<double, double> f, double tolerance, int steps = int.MaxValue)
    {
        var (a, b) = (low, high);
        var (x1, x2) = (b - (Golden * (b - a)), a + (Golden * (b - a)));
        var (y1, y2) = (f(x1), f(x2));
        for (var step = 0; step < steps && b - a > tolerance; step++)
        {
            if (y1 > y2)
            {
                (b, x2, y2) = (x2, x1, y1);
                x1 = b - (Golden * (b - a));
                y1 = f(x1);
            }
            else
            {
                (a, x1, y1) = (x1, x2, y2);
                x2 = a + (Golden * (b - a));
                y2 = f(x2);
            }
        }

        return y1 > y2 ? (x1, y1) : (x2, y2);
    }
}
