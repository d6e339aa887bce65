using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Rows under frozen columns and a frozen prior, and their moments: the rows of a restart at its end, held-out rows, and rows that are new
/// to a finished fit.
/// </summary>
internal static class ConjugateRowFits
{
    /// <summary>Updates at most of a row under frozen columns, from each start.</summary>
    public static int ProjectionSteps(TwinEbOptions options) => options.ProjectionSteps ?? ConjugateSettings.ProjectionSteps;

    /// <summary>
    /// Fits the rows that are held out, or the others, which a sweep has seen or not (are new), and notes their moments, rows x factors
    /// each; returns the first whose moments are not finite (they become NaN), or -1.
    /// </summary>
    public static int FitRows(
        ArraySet shard, IConjugateRowFitter fitter, HeldOutCells cells, bool heldOut, bool areNew, int steps, double[] mean, double[] sd)
    {
        var factors = mean.Length / cells.Rows;
        var failedRow = -1;
        for (var i = 0; i < cells.Rows; i++)
        {
            if (cells.IsHeldOutRow(i) == heldOut)
            {
                var isFinite = areNew
                    ? fitter.FitNew(shard, i, steps, ConjugateSettings.RowTolerance)
                    : fitter.Fit(shard, i, steps, ConjugateSettings.RowTolerance);
                var means = mean.AsSpan(i * factors, factors);
                var deviations = sd.AsSpan(i * factors, factors);
                fitter.Moments(means, deviations);
                if (!isFinite || !IsFinite(means) || !IsFinite(deviations))
                {
                    means.Fill(double.NaN);
                    deviations.Fill(double.NaN);
                    failedRow = failedRow < 0 ? i : failedRow;
                }
            }
        }

        return failedRow;
    }

    private static bool IsFinite(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if (!double.IsFinite(value))
            {
                return false;
            }
        }

        return true;
    }
}
