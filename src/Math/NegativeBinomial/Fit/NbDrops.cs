using FitCluster.Math.Models;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Tries to do without components. One too many is a part of another's cells, kept apart by what noise they happen to have: without it the
/// bound may be higher. One after the other is taken from the weights; its cells go to the others, and some rounds later the bounds are
/// compared.
/// </summary>
internal sealed class NbDrops(NbOptions options, NbShape shape)
{
    private const int Rounds = 4;
    private const double LeastCells = 0.5;
    private const double DroppedConcentration = 1e-6;

    /// <summary>Whether a try is under way: what is broadcast is without a component; if that is lower, the state's best goes on.</summary>
    public static bool IsTrying(StateSet<NbField> state) => state[NbField.DropRounds] > 0;

    /// <summary>Begins the next try; false where all components that have cells were tried.</summary>
    public bool Begin(StateSet<NbField> state)
    {
        var parameters = state.Parameters(NbFitState.Current);
        var (k, concentration) = (shape.Components, parameters.Concentration);
        double Cells(int component) => Enumerable.Range(0, concentration.Length / k).Sum(
            row => concentration[(row * k) + component] - options.WeightConcentration);
        for (; k > 1 && state[NbField.Dropped] < k; state[NbField.Dropped]++)
        {
            var component = state.Whole(NbField.Dropped);
            if (Cells(component) < LeastCells)
            {
                continue;
            }

            state.Put(NbFitState.Best, parameters);
            state[NbField.BestElbo] = state[NbField.Elbo];
            double[] without = [.. concentration];
            for (var row = 0; row < without.Length / k; row++)
            {
                without[(row * k) + component] = DroppedConcentration;
            }

            state.Put(NbFitState.Current, parameters.With(without));
            (state[NbField.DropRounds], state[NbField.Quiet], state[NbField.Proposal]) = (Rounds, 0, 0);
            (state[NbField.RidgeStep], state[NbField.History]) = (0, 0);
            state[NbField.Dropped]++;
            return true;
        }

        return false;
    }

    /// <summary>Counts a round of a try; whether it was the last, after which the higher bound goes on.</summary>
    public static bool HasEnded(StateSet<NbField> state)
    {
        state[NbField.DropRounds]--;
        (state[NbField.Proposal], state[NbField.RidgeStep]) = (0, 0);
        if (IsTrying(state) && !state.Is(NbField.EndEarly))
        {
            return false;
        }

        if (!(state[NbField.Elbo] > state[NbField.BestElbo]))
        {
            state.Put(NbFitState.Current, state.Parameters(NbFitState.Best));
            (state[NbField.Elbo], state[NbField.Gain]) = (state[NbField.BestElbo], 0);
            state[NbField.Refused]++;
            state[NbField.Quiet] = state.Is(NbField.EndEarly) ? 0 : 1;
        }

        state[NbField.DropRounds] = 0;
        return true;
    }
}
