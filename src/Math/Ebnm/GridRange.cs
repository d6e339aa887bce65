namespace FitCluster.Math.Ebnm;

/// <summary>
/// What a grid depends on: of the observations with finite s, their number, the ends of x, the least s, and max((x - mode)^2 - s^2).
/// </summary>
internal readonly record struct GridRange(double Count, double MinX, double MaxX, double MinS, double MaxX2MinusS2, double Mode)
{
    private const double LeastS = 1e-100;

    /// <summary>max |x - mode|.</summary>
    public double Extent => double.Max(double.Abs(MaxX - Mode), double.Abs(MinX - Mode));

    /// <summary>The range of some observations.</summary>
    public static GridRange Of(ReadOnlySpan<double> x, ReadOnlySpan<double> s, double mode)
    {
        double count = 0, minX = double.PositiveInfinity, maxX = double.NegativeInfinity, minS = minX, excess = maxX;
        for (var i = 0; i < x.Length; i++)
        {
            if (double.IsFinite(s[i]))
            {
                count++;
                minX = double.Min(minX, x[i]);
                maxX = double.Max(maxX, x[i]);
                minS = double.Min(minS, s[i]);
                excess = double.Max(excess, ((x[i] - mode) * (x[i] - mode)) - (s[i] * s[i]));
            }
        }

        return Checked(new GridRange(count, minX, maxX, minS, excess, mode));
    }

    /// <summary>The range from a summary; away from mode 0, max((x - mode)^2 - s^2) is bounded by the extent and the least s.</summary>
    public static GridRange Of(in ObservationSummary summary, double mode)
    {
        var range = new GridRange(summary.Count, summary.MinX, summary.MaxX, summary.MinS, summary.MaxX2MinusS2, mode);
        return Checked(mode == 0 ? range : range with { MaxX2MinusS2 = (range.Extent * range.Extent) - (range.MinS * range.MinS) });
    }

    private static GridRange Checked(GridRange range) => range.Count > 0
        ? range with { MinS = double.Max(range.MinS, LeastS) }
        : new GridRange(1, range.Mode, range.Mode, 1, 0, range.Mode);
}
