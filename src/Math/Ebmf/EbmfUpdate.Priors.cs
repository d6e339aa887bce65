using FitCluster.Math.Ebnm;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

internal sealed partial class EbmfUpdate
{
    // A cold start of loadings priors: steps at fixed pseudo-data until a step gains less than this, or so many rounds. Each costs
    // n evaluations and no pass over the data; the sweeps that follow refine the priors further.
    private const double PriorTolerance = 1e-3;
    private const int MostPriorRounds = 20;

    // A prior to stand in where no observation has any information.
    private static readonly ObservationSummary NothingObserved = new(1, 0, 1, 1, -1, 1, 1, 1, 0);

    private void AfterPrepare(ArraySet partial)
    {
        for (var t = 0; t < state.Active.Length; t++)
        {
            var factor = state.Factors[state.Active[t]];
            var summary = Summaries.Read(partial, t);
            var family = EbnmFamilies.Get(factor.LoadingsFamily);
            if (state.Stage is EbmfStage.Backfit or EbmfStage.Final && factor.LoadingsPriorEm is { } warm && PriorGrid.Covers(warm, summary))
            {
                factor.LoadingsPrior = warm;
                continue;
            }

            factor.LoadingsPrior = family.ColdStart(summary.Count > 0 ? summary : NothingObserved, _ebnm);
        }

        state.Passes = 0;
        state.PriorValues = [];
        state.Step = EbmfStep.Prior;
    }

    private void AfterPrior(ArraySet partial)
    {
        if (state.K == 0)
        {
            (state.Stage, state.Step) = (EbmfStage.Done, EbmfStep.Done);
            state.HasNewElbo = true;
            return;
        }

        state.Passes++;
        var isFirst = state.PriorValues.Length == 0;
        var values = isFirst ? new double[state.Active.Length] : (double[])state.PriorValues.Clone();
        var largestGain = 0.0;
        for (var t = 0; t < state.Active.Length; t++)
        {
            var factor = state.Factors[state.Active[t]];
            var statistics = partial[$"statistics.{t}"];
            var family = EbnmFamilies.Get(factor.LoadingsFamily);
            var gain = isFirst ? double.PositiveInfinity : statistics[1] - values[t];
            if (gain >= 0)
            {
                values[t] = statistics[1];
                factor.BestPriorEm = family.Step(factor.LoadingsPrior!, statistics, PriorStep.Expectation, _ebnm);
                factor.LoadingsPrior = family.Step(factor.LoadingsPrior!, statistics, PriorStep.Newton, _ebnm);
            }
            else
            {
                // The Newton step overshot: the EM step from the best prior so far cannot.
                gain = double.PositiveInfinity;
                factor.LoadingsPrior = factor.BestPriorEm;
            }

            largestGain = double.Max(largestGain, gain);
        }

        state.PriorValues = values;
        if (largestGain <= PriorTolerance || state.Passes >= MostPriorRounds || state.EndedEarly)
        {
            state.PriorValues = [];
            foreach (var k in state.Active)
            {
                // An EM step from the best is never worse than the best.
                (state.Factors[k].LoadingsPrior, state.Factors[k].BestPriorEm) = (state.Factors[k].BestPriorEm, null);
            }

            if (state.Active.Any(HasGrid))
            {
                state.Step = EbmfStep.Sweep;
                return;
            }

            foreach (var k in state.Active)
            {
                (state.Factors[k].LoadingsPriorEm, state.Factors[k].LoadingsPriorNewton) = (state.Factors[k].LoadingsPrior, null);
            }

            ScheduleSweep(isProposal: false);
        }
    }
}
