namespace FitCluster.Math.Ebmf;

/// <summary>
/// The variance sigma^2 &gt;= 0 that minimizes sum_e log(S_e^2 + sigma^2) + r_e / (S_e^2 + sigma^2), for known S_e^2 and expected squared
/// residuals r_e: the noise of one group (docs/ebmf.md, "Residual variances"). The minimum lies in [0, max(r_e - S_e^2)].
/// </summary>
internal static class AddedVariance
{
    private const int Steps = 60;

    /// <summary>The minimizing variance, to about 1e-10 of its scale; of several local minima, the best on a grid.</summary>
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

        const int Grid = 16;
        var (best, bestValue) = (0.0, Objective(known, squares, 0));
        for (var g = 1; g <= Grid; g++)
        {
            var at = high * g / Grid;
            var value = Objective(known, squares, at);
            if (value < bestValue)
            {
                (best, bestValue) = (at, value);
            }
        }

        // Golden section between the grid neighbours of the best point.
        var (low, up) = (double.Max(0, best - (high / Grid)), double.Min(high, best + (high / Grid)));
        var ratio = (double.Sqrt(5) - 1) / 2;
        var (a, b) = (up - (ratio * (up - low)), low + (ratio * (up - low)));
        var (fa, fb) = (Objective(known, squares, a), Objective(known, squares, b));
        for (var step = 0; step < Steps && up - low > 1e-10 * high; step++)
        {
            if (fa < fb)
            {
                (up, b, fb) = (b, a, fa);
                a = up - (ratio * (up - low));
                fa = Objective(known, squares, a);
            }
            else
            {
                (low, a, fa) = (a, b, fb);
                b = low + (ratio * (up - low));
                fb = Objective(known, squares, b);
            }
        }

        var middle = (low + up) / 2;
        return Objective(known, squares, middle) <= bestValue ? middle : best;
    }

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
