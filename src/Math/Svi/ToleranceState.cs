namespace FitCluster.Math.Svi;

/// <summary>Where a <see cref="ToleranceStop"/> stands.</summary>
/// <param name="Lowest">The lowest loss that counted; infinite before the first.</param>
/// <param name="Epochs">Epochs since.</param>
public readonly record struct ToleranceState(double Lowest, double Epochs)
{
    /// <summary>Before the first epoch.</summary>
    public static ToleranceState Start => new(double.PositiveInfinity, 0);
}
