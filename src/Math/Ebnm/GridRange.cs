namespace FitCluster.Math.Ebnm;

/// <summary>
/// What a grid depends on: of the observations with finite s, their number, the ends of x, and the least s.
/// </summary>
internal readonly record struct GridRange(double Count, double MinX, double MaxX, double MinS, double Mode)
{
    private const double LeastS = 1e-300;

    /// <summary>max |x - mode|.</summary>
    public double Extent => double.Max(double.Abs(MaxX - Mode), double.Abs(MinX - Mode));

    /// <summary>The range of some observations.</summary>
    public static GridRange Of(ReadOnlySpan<double> x, ReadOnlySpan<double> s, double mode)
    {
        double count = 0, minX = double.PositiveInfinity, maxX = double.NegativeInfinity, minS = minX;
        for (var i = 0; i < x.Length; i++)
        {
            if (double.IsFinite(s[i]))
            {
                count++;
                minX = double.Min(minX, x[i]);
                maxX = double.Max(maxX, x[i]);
                minS = double.Min(minS, s[i]);
            }
        }

        return Checked(new GridRange(count, minX, maxX, minS, mode));
    }

    /// <summary>The range from a summary.</summary>
    public static GridRange Of(in ObservationSummary summary, double mode) =>
        Checked(new GridRange(summary.Count, summary.MinX, summary.MaxX, summary.MinS, mode));

    private static GridRange Checked(GridRange range) => range.Count > 0
        ? range with { MinS = double.Max(range.MinS, LeastS) }
        : new GridRange(1, range.Mode, range.Mode, 1, range.Mode);
}
