namespace FitCluster.Models.Comparison;

/// <summary>
/// Compares two groups column by column over paired draws: the difference of a draw is log a - log b less the reference of the same draw.
/// Memory grows with the columns, not with the draws; equal seeds give equal bits.
/// </summary>
public static class GroupComparison
{
    /// <summary>Compares.</summary>
    /// <param name="draws">The groups' draws.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="count">How many draws are taken, at least 2.</param>
    /// <param name="reference">What differences are taken from.</param>
    /// <param name="threshold">t of <see cref="ComparedColumn.LfsrBeyond"/>, at least 0, in natural logarithms.</param>
    /// <returns>By column.</returns>
    public static ComparedColumn[] Of(IGroupDraws draws, int columns, int count, ComparisonReference reference, double threshold)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(threshold);
        var (a, b, sorted) = (new double[columns], new double[columns], new double[columns]);
        var within = reference.Kind switch
        {
            ReferenceKind.Iqlr => Middling(draws, columns, count),
            ReferenceKind.Named => [.. reference.Columns],
            _ => [.. Enumerable.Range(0, columns)],
        };
        var (mean, square) = (new double[columns], new double[columns]);
        var (above, below, farAbove, farBelow) = (new int[columns], new int[columns], new int[columns], new int[columns]);
        for (var s = 0; s < count; s++)
        {
            draws.Fill(s, a, b);
            for (var j = 0; j < columns; j++)
            {
                a[j] -= b[j];
            }

            var centre = reference.Kind == ReferenceKind.Median ? Median(a, sorted) : Mean(a, within);
            for (var j = 0; j < columns; j++)
            {
                var difference = a[j] - centre;
                above[j] += difference > 0 ? 1 : 0;
                below[j] += difference < 0 ? 1 : 0;
                farAbove[j] += difference > threshold ? 1 : 0;
                farBelow[j] += difference < -threshold ? 1 : 0;
                var step = difference - mean[j];
                mean[j] += step / (s + 1);
                square[j] += step * (difference - mean[j]);
            }
        }

        double[] rates = [.. Enumerable.Range(0, columns).Select(j => Rate(farAbove[j], farBelow[j], count))];
        var expected = FalsePositives.Expected(rates);
        return [.. Enumerable.Range(0, columns).Select(j => new ComparedColumn(
            mean[j], double.Sqrt(square[j] / (count - 1)), Rate(above[j], below[j], count), rates[j], expected[j]))];
    }

    // A column that is the same in both groups in every draw has neither sign, and the rate 1.
    private static double Rate(int above, int below, int count) => 1 - ((double)int.Max(above, below) / count);

    /// <summary>The columns whose centred log-ratios, over the draws of both groups, have variances between the quartiles.</summary>
    private static int[] Middling(IGroupDraws draws, int columns, int count)
    {
        var (mean, square) = (new double[columns], new double[columns]);
        double[][] groups = [new double[columns], new double[columns]];
        int[] all = [.. Enumerable.Range(0, columns)];
        var seen = 0;
        for (var s = 0; s < count; s++)
        {
            draws.Fill(s, groups[0], groups[1]);
            foreach (var group in groups)
            {
                seen++;
                var centre = Mean(group, all);
                for (var j = 0; j < columns; j++)
                {
                    var step = group[j] - centre - mean[j];
                    mean[j] += step / seen;
                    square[j] += step * (group[j] - centre - mean[j]);
                }
            }
        }

        double[] sorted = [.. square.Order()];
        var (low, high) = (sorted[int.Min((columns + 2) / 4, 3 * (columns - 1) / 4)], sorted[3 * (columns - 1) / 4]);
        return [.. all.Where(j => square[j] >= low && square[j] <= high)];
    }

    private static double Median(double[] values, double[] sorted)
    {
        values.CopyTo(sorted, 0);
        Array.Sort(sorted);
        var half = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[half] : 0.5 * (sorted[half - 1] + sorted[half]);
    }

    private static double Mean(double[] values, int[] of)
    {
        var sum = 0.0;
        foreach (var j in of)
        {
            sum += values[j];
        }

        return sum / of.Length;
    }
}
