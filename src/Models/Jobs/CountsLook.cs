using FitCluster.Data;

namespace FitCluster.Models.Jobs;

/// <summary>What data that are no counts look like: most were counts before they were transformed.</summary>
internal static class CountsLook
{
    private const int Probed = 20;
    private const double Tolerance = 1e-4;

    /// <summary>
    /// ", and these look like log(1 + count)", "... like log(1 + 10,000 count / total of the row)", or "... as if each row was scaled to
    /// one
    /// total"; empty where they look like nothing of that. Looks at the first rows.
    /// </summary>
    public static string Words(MatrixSource data)
    {
        if (data.Facts.NegativeCount > 0)
        {
            return "";
        }

        var (whole, sums, logSums) = (true, new List<double>(), new List<double>());
        for (var row = 0L; row < data.Rows && sums.Count < Probed; row++)
        {
            var block = data.RowBlock(row, 1);
            var (sum, logSum) = (0.0, 0.0);
            foreach (var value in block.IsSparse ? block.RowValues(0) : block.DenseRows(0, 1))
            {
                var count = double.Exp(value) - 1;
                whole &= double.Abs(count - double.Round(count)) <= Tolerance * (1 + count);
                (sum, logSum) = (sum + value, logSum + count);
            }

            block.KeepAlive();
            if (sum > 0)
            {
                sums.Add(sum);
                logSums.Add(logSum);
            }
        }

        return sums.Count < 2 ? ""
            : whole ? ", and these look like log(1 + count)"
            : AreAlike(logSums) ? FormattableString.Invariant(
                $", and these look like log(1 + {logSums[0]:F0} count / total of the row)")
            : AreAlike(sums) ? FormattableString.Invariant($", and these look as if each row was scaled to the total {sums[0]:G6}")
            : "";
    }

    private static bool AreAlike(List<double> sums) => sums.TrueForAll(sum => double.Abs(sum - sums[0]) <= 1e-3 * sums[0]);
}
