using System.Numerics.Tensors;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The variance sigma^2 &gt;= 0 that minimizes sum_e log(S_e^2 + sigma^2) + r_e / (S_e^2 + sigma^2), for known S_e^2 and expected squared
/// residuals r_e: the noise of one group (docs/ebmf.md, "Residual variances"). The minimum lies in [0, max(r_e - S_e^2)].
/// </summary>
internal static class AddedVariance
{
    private const int Steps = 60;
    private const int Grid = 16;
    private const double LeastOfKnown = 1e-3;
    private const double LeastOfHigh = 1e-40;

    /// <summary>The minimizing variance, to about 1e-8 of itself; of several local minima, the best on a grid.</summary>
    public static double Minimize(ReadOnlySpan<double> known, ReadOnlySpan<double> squares)
    {
        var high = 0.0;
        for (var e = 0; e < known.Length; e++)
        {
            high = double.Max(high, squares[e] - known[e]);
        }

        if (high <= 0)
        {
            return 0;
        }

        // On a grid of logarithms, as known errors may span many orders. Far below the smallest of them a variance changes nothing.
        var lowest = double.Max(LeastOfKnown * TensorPrimitives.Min(known), LeastOfHigh * high);
        var (from, to) = (double.Log(double.Min(lowest, high)), double.Log(high));
        var width = (to - from) / Grid;
        var (best, bestValue) = (double.NegativeInfinity, Objective(known, squares, 0));
        for (var g = 0; g <= Grid; g++)
        {
            var at = g == Grid ? to : from + (g * width);
            var value = Objective(known, squares, double.Exp(at));
            if (value < bestValue)
            {
                (best, bestValue) = (at, value);
            }
        }

        if (double.IsInfinity(best))
        {
            return 0;
        }

        // Golden section between the grid neighbours of the best point.
        var (low, up) = (best - width, double.Min(to, best + width));
        var ratio = (double.Sqrt(5) - 1) / 2;
        var (a, b) = (up - (ratio * (up - low)), low + (ratio * (up - low)));
        var (fa, fb) = (At(known, squares, a), At(known, squares, b));
        for (var step = 0; step < Steps && up - low > 1e-10; step++)
        {
            if (fa < fb)
            {
                (up, b, fb) = (b, a, fa);
                a = up - (ratio * (up - low));
                fa = At(known, squares, a);
            }
            else
            {
                (low, a, fa) = (a, b, fb);
                b = low + (ratio * (up - low));
                fb = At(known, squares, b);
            }
        }

        var middle = (low + up) / 2;
        return double.Exp(At(known, squares, middle) <= bestValue ? middle : best);
    }

    private static double At(ReadOnlySpan<double> known, ReadOnlySpan<double> squares, double logAdded) =>
        Objective(known, squares, double.Exp(logAdded));

    private static double Objective(ReadOnlySpan<double> known, ReadOnlySpan<double> squares, double added)
    {
        var sum = 0.0;
        for (var e = 0; e < known.Length; e++)
        {
            var variance = known[e] + added;
            sum += double.Log(variance) + (squares[e] / variance);
        }

        return sum;
    }
}
