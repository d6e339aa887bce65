namespace FitCluster.Math.Svi;

/// <summary>Where a <see cref="PlateauSchedule"/> stands.</summary>
/// <param name="Lowest">The lowest loss that counted; infinite before the first.</param>
/// <param name="Epochs">Epochs since.</param>
/// <param name="RateFactor">What all learning rates are multiplied by.</param>
public readonly record struct PlateauState(double Lowest, double Epochs, double RateFactor)
{
    /// <summary>Before the first epoch.</summary>
    public static PlateauState Start => new(double.PositiveInfinity, 0, 1);
}
