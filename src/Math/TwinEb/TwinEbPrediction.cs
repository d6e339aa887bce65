using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Moments of u . v for independent u and v, from what a fit's results say of them. The entries of u count as uncorrelated; exact for the
/// reference optimizer and for Poisson posteriors that are in one component, else an approximation; how good is measured in docs/twineb.md,
/// "Using a fit".
/// </summary>
public static class TwinEbPrediction
{
    /// <summary>E u . v = sum_l E u_l E v_l.</summary>
    /// <param name="row">E u, L numbers.</param>
    /// <param name="column">E v, L numbers.</param>
    public static double Mean(ReadOnlySpan<double> row, ReadOnlySpan<double> column) => FactorKernel.Dot(row, column);

    /// <summary>Var(u . v) = sum_l (E u_l^2 E v_l^2 - (E u_l)^2 (E v_l)^2), entries of v uncorrelated as well.</summary>
    /// <param name="row">E u.</param>
    /// <param name="rowSd">Standard deviations of u.</param>
    /// <param name="column">E v.</param>
    /// <param name="columnSd">Standard deviations of v.</param>
    public static double Variance(
        ReadOnlySpan<double> row, ReadOnlySpan<double> rowSd, ReadOnlySpan<double> column, ReadOnlySpan<double> columnSd)
    {
        var sum = 0.0;
        for (var l = 0; l < row.Length; l++)
        {
            var (rowVariance, columnVariance) = (rowSd[l] * rowSd[l], columnSd[l] * columnSd[l]);
            sum += (rowVariance * ((column[l] * column[l]) + columnVariance)) + (row[l] * row[l] * columnVariance);
        }

        return sum;
    }

    /// <summary>Var(u . v) = E u' Cov(v) E u + sum_l Var(u_l) E v_l^2, with all correlations of v.</summary>
    /// <param name="row">E u.</param>
    /// <param name="rowSd">Standard deviations of u.</param>
    /// <param name="column">E v.</param>
    /// <param name="columnSecond">E v v', its lower triangle row by row: (0,0), (1,0), (1,1), ...</param>
    public static double VarianceOfCorrelated(
        ReadOnlySpan<double> row, ReadOnlySpan<double> rowSd, ReadOnlySpan<double> column, ReadOnlySpan<double> columnSecond)
    {
        var (sum, at) = (0.0, 0);
        for (var i = 0; i < row.Length; i++)
        {
            for (var l = 0; l < i; l++)
            {
                sum += 2 * row[i] * row[l] * (columnSecond[at++] - (column[i] * column[l]));
            }

            // A variance below 0 is rounding.
            sum += row[i] * row[i] * double.Max(0, columnSecond[at] - (column[i] * column[i]));
            sum += rowSd[i] * rowSd[i] * columnSecond[at++];
        }

        return double.Max(0, sum);
    }
}
