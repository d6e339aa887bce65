using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The coordinator's side of a round: the pending step makes an answer of what the shards sent, and <see cref="Transitions"/> the next step
/// of that; steps that are
/// the coordinator's alone follow at once, until one wants the shards again.
/// </summary>
internal static class EbmfUpdate
{
    /// <summary>Brings a state, in place, to the next step of the shards. Returns the transitions that were taken.</summary>
    public static IReadOnlyList<Transition> Apply(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        // The shards did what was asked of them before the round.
        (state.Promoted, state.PromotesNoise, state.Keep, state.Adopts, state.FirstAdopted) = ([], false, null, false, 0);
        (state.Saves, state.GoesBack) = (false, false);
        state.HasNewElbo = false;
        (state.ElboStage, state.ElboFactor) = (state.Stage, EbmfReport.FactorOf(state));
        var taken = new List<Transition>();
        while (state.Step != EbmfStep.Done)
        {
            var transition = Transitions.Of(state.Stage, state.Step, Answer(problem, state, partial));
            taken.Add(transition);
            (state.Stage, state.Step) = (transition.NextStage, transition.NextStep);
            if (!Transitions.IsAtCoordinator(state.Step))
            {
                break;
            }
        }

        // A look counts from where it is better than the best fit so far by more than rounding could take back: so the trace never falls.
        state.HasNewElbo &= state.Best is null || state.Elbo > state.BestElbo + problem.Tolerance;
        return taken;
    }

    private static EbmfAnswer Answer(EbmfProblem problem, EbmfState state, ArraySet partial) => (state.Stage, state.Step) switch
    {
        (_, EbmfStep.Describe) => NullStep.Describe(problem, state, partial),
        (_, EbmfStep.Subspace) => SubspaceStep.Run(problem, state, partial),
        (_, EbmfStep.Power) => PowerStep.Run(problem, state, partial),
        (_, EbmfStep.Project) => TogetherStep.Project(problem, state, partial),
        (_, EbmfStep.Prepare) => PriorStep.Prepare(problem, state, partial),
        (_, EbmfStep.Prior) => PriorStep.Run(problem, state, partial),
        (_, EbmfStep.Sweep) => SweepStep.Run(problem, state, partial),
        (_, EbmfStep.Evaluate) => NoiseStep.Run(problem, state, partial),
        (_, EbmfStep.Forget) => FinalStep.Forget(state),
        (EbmfStage.Fixed, EbmfStep.Begin) => FixedStep.Begin(problem, state),
        (EbmfStage.Together, EbmfStep.Begin) => TogetherStep.Begin(problem, state),
        (EbmfStage.Resume, EbmfStep.Begin) => ResumeStep.Begin(state),
        (EbmfStage.Greedy, EbmfStep.Begin) => GreedyStep.Begin(problem, state),
        (EbmfStage.Greedy, EbmfStep.Settle) => GreedyStep.Settle(problem, state),
        (EbmfStage.Backfit, EbmfStep.Begin) => BackfitStep.Begin(problem, state),
        (EbmfStage.Nullcheck, EbmfStep.Begin) => NullcheckStep.Begin(problem, state),
        (EbmfStage.Nullcheck, EbmfStep.Next) => NullcheckStep.Next(problem, state),
        (EbmfStage.Look, EbmfStep.Begin) => LookStep.Begin(problem, state),
        (EbmfStage.Final, EbmfStep.Begin) => FinalStep.Begin(problem, state),
        (EbmfStage.Null, EbmfStep.Judge) => NullStep.Judge(problem, state),
        (EbmfStage.Together, EbmfStep.Judge) => TogetherStep.Judge(problem, state),
        (EbmfStage.Restore, EbmfStep.Judge) => GreedyStep.Restore(problem, state),
        (EbmfStage.Nullcheck, EbmfStep.Judge) => NullcheckStep.Judge(problem, state),
        (_, EbmfStep.Judge) => JudgeStep.Run(problem, state),
        _ => throw new InvalidOperationException($"stage {state.Stage} has no step {state.Step}"),
    };
}
