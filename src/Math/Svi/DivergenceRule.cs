namespace FitCluster.Math.Svi;

/// <summary>When a fit has diverged, and how often it may go back to its last good state.</summary>
/// <param name="Factor">A loss whose magnitude is more than this many times that of the epoch before is divergence; above 1.</param>
/// <param name="Retries">How often it may go back, 0 or more.</param>
public readonly record struct DivergenceRule(double Factor, int Retries)
{
    /// <summary>What learning rates are multiplied by each time.</summary>
    public const double RetryRateFactor = 0.5;

    /// <summary>Whether an epoch's mean loss is divergence.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="previous">That of the epoch before; infinite where there is none to compare with.</param>
    public bool IsDivergence(double loss, double previous) =>
        !double.IsFinite(loss) || (double.IsFinite(previous) && double.Abs(loss) > Factor * double.Abs(previous));

    /// <summary>Whether a fit that went back so often, the present time included, goes on.</summary>
    public bool MayGoOn(double retries) => retries <= Retries;
}
