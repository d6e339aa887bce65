using System.Globalization;
using FitCluster.Data;

namespace FitCluster.Models.TwinEb;

/// <summary>
/// Tells data that look like ratings, where counts were asked for: few whole numbers, of which 1 is not the most frequent.
/// </summary>
internal static class RatingScale
{
    private const int Highest = 10;
    private const int LeastDistinct = 3;
    private const long LeastEntries = 100;
    private const long MostEntries = 100_000;

    /// <summary>What a user should be told, or null.</summary>
    public static string? Describe(MatrixSource data)
    {
        var counts = new long[Highest + 1];
        var seen = 0L;
        for (var row = 0L; row < data.Rows && seen < MostEntries; row++)
        {
            var entries = new TwinEbRow(data.RowBlock(row, 1), isCounts: true, threshold: null);
            entries.Read(0);
            foreach (var value in entries.Values)
            {
                if (value is < 0 or > Highest || value != double.Floor(value))
                {
                    return null;
                }

                counts[(int)value]++;
                seen += value > 0 ? 1 : 0;
            }
        }

        var positive = counts.AsSpan(1);
        var mode = 1;
        for (var value = 2; value <= Highest; value++)
        {
            mode = counts[value] > counts[mode] ? value : mode;
        }

        return seen < LeastEntries || mode == 1 || positive.Length - positive.Count(0L) < LeastDistinct ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"warning: entries are whole numbers up to {Highest} at most and {mode} is the most frequent, as on a rating scale; they " +
            $"are fitted as counts, as asked: twineb.binarize: 0 models which entries are above 0");
    }
}
