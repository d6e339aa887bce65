namespace FitCluster.Math.Svi;

/// <summary>
/// Learning rates that fall with the steps, whatever the loss does: rate(step) = rate(0) factor^(step / steps), as
/// torch's ExponentialLR and Pyro's lrd have it for one step.
/// </summary>
/// <param name="Factor">What rates are multiplied by over so many steps, above 0 and at most 1; 1: never.</param>
/// <param name="Steps">The steps, 1 or more.</param>
/// <param name="IsStaircase">Whether rates stay the same between multiples of the steps.</param>
/// <param name="Least">The least that rates are multiplied by, 0 or more.</param>
public readonly record struct DecaySchedule(double Factor, long Steps, bool IsStaircase = false, double Least = 0)
{
    /// <summary>What rates are multiplied by in a step.</summary>
    /// <param name="step">The steps that were taken before it, 0 or more.</param>
    public double RateFactor(long step) => double.Max(Least, double.Pow(Factor, IsStaircase ? step / Steps : step / (double)Steps));
}
