namespace FitCluster.Math.Svi;

/// <summary>
/// Learning rates fall by a factor when the loss has not fallen for longer than the patience: torch.optim.lr_scheduler.ReduceLROnPlateau
/// (mode min, relative threshold, no cooldown), whose numbers it has.
/// </summary>
/// <param name="Factor">What rates are multiplied by on a plateau, above 0 and at most 1; 1: never.</param>
/// <param name="Patience">Epochs without a lower loss that are borne, 0 or more.</param>
/// <param name="Threshold">By what share of itself a loss must be below the lowest to count as lower, from 0 to below 1.</param>
public readonly record struct PlateauSchedule(double Factor, int Patience, double Threshold)
{
    // A rate is left alone where the change is smaller.
    private const double LeastChange = 1e-8;

    /// <summary>The state after an epoch.</summary>
    /// <param name="state">The state before it.</param>
    /// <param name="loss">Its mean loss, finite.</param>
    /// <param name="greatestRate">The greatest of the learning rates, before they are multiplied by the state's factor.</param>
    public PlateauState Next(PlateauState state, double loss, double greatestRate)
    {
        if (double.IsInfinity(state.Lowest) || loss < state.Lowest * (1 - Threshold))
        {
            return state with { Lowest = loss, Epochs = 0 };
        }

        if (state.Epochs + 1 <= Patience)
        {
            return state with { Epochs = state.Epochs + 1 };
        }

        var changes = greatestRate * state.RateFactor * (1 - Factor) > LeastChange;
        return state with { Epochs = 0, RateFactor = changes ? state.RateFactor * Factor : state.RateFactor };
    }
}
