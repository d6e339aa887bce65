using System.Numerics.Tensors;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Moments of an entry y_ij = sum_k l_ik f_jk + e_ij under a fit's posterior, in which all l_ik and f_jk are independent (docs/ebmf.md,
/// "Using a fit"). Variances are sums
/// of terms that are never below 0, so that nothing cancels.
/// </summary>
public static class EbmfPrediction
{
    /// <summary>E y_ij = sum_k E l_ik E f_jk.</summary>
    /// <param name="row">E l_i, K numbers.</param>
    /// <param name="column">E f_j, K numbers.</param>
    public static double Mean(ReadOnlySpan<double> row, ReadOnlySpan<double> column) => TensorPrimitives.Dot(row, column);

    /// <summary>
    /// The variance of sum_k l_ik f_jk, without that of the residual: sum_k (Var l Var f + Var l (E f)^2 + (E l)^2 Var f).
    /// </summary>
    /// <param name="row">E l_i, K numbers.</param>
    /// <param name="rowSd">Standard deviations of l_i.</param>
    /// <param name="column">E f_j, K numbers.</param>
    /// <param name="columnSd">Standard deviations of f_j.</param>
    public static double FittedVariance(
        ReadOnlySpan<double> row, ReadOnlySpan<double> rowSd, ReadOnlySpan<double> column, ReadOnlySpan<double> columnSd)
    {
        var sum = 0.0;
        for (var k = 0; k < row.Length; k++)
        {
            var (rowVariance, columnVariance) = (rowSd[k] * rowSd[k], columnSd[k] * columnSd[k]);
            sum += (rowVariance * (columnVariance + (column[k] * column[k]))) + (row[k] * row[k] * columnVariance);
        }

        return sum;
    }

    /// <summary>
    /// The standard deviation of y_ij: that of the fitted value and of the residual (<see cref="EbmfResidual"/>) together.
    /// </summary>
    /// <param name="row">E l_i, K numbers.</param>
    /// <param name="rowSd">Standard deviations of l_i.</param>
    /// <param name="column">E f_j, K numbers.</param>
    /// <param name="columnSd">Standard deviations of f_j.</param>
    /// <param name="residualVariance">The variance of e_ij.</param>
    public static double Sd(
        ReadOnlySpan<double> row, ReadOnlySpan<double> rowSd, ReadOnlySpan<double> column, ReadOnlySpan<double> columnSd,
        double residualVariance) =>
        double.Sqrt(FittedVariance(row, rowSd, column, columnSd) + residualVariance);
}
