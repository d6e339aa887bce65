namespace FitCluster.Math.Svi;

/// <summary>
/// Convergence of a noisy loss: a fit ends when so many epochs did not lower the lowest loss by a share of its magnitude. One epoch's loss
/// is as noisy as its draws.
/// </summary>
/// <param name="Tolerance">The share, 0 or more.</param>
/// <param name="Epochs">The epochs, 1 or more.</param>
public readonly record struct ToleranceStop(double Tolerance, int Epochs)
{
    /// <summary>The state after an epoch.</summary>
    public ToleranceState Next(ToleranceState state, double loss) =>
        double.IsInfinity(state.Lowest) || loss < state.Lowest - (Tolerance * double.Abs(state.Lowest))
            ? new ToleranceState(loss, 0)
            : state with { Epochs = state.Epochs + 1 };

    /// <summary>Whether the fit ends.</summary>
    public bool IsReached(ToleranceState state) => state.Epochs >= Epochs;
}
