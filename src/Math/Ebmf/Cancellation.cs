namespace FitCluster.Math.Ebmf;

/// <summary>
/// When sums of squared residuals come of sums (sum y^2 - 2 (X'L)'f + f'L'L f) too little is left of their digits if the residuals are far
/// below the data: rounding leaves about 1e-15 of sum y^2, and where that is more than 1e-11 of the residuals, they are formed one by one.
/// The rule looks at sums alone, so that it does not depend on threads or shards (docs/ebmf.md, "Numerical notes").
/// </summary>
internal static class Cancellation
{
    private const double MostRatio = 1e4;

    /// <summary>Whether residuals must be formed one by one; both sums are weighted by the precisions.</summary>
    public static bool LosesDigits(double squares, double residual) => !(squares <= MostRatio * residual);
}
