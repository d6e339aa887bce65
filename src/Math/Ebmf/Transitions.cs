using static FitCluster.Math.Ebmf.EbmfAnswer;
using static FitCluster.Math.Ebmf.EbmfStep;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The order of a fit, as one table: which step follows at which stage upon which answer. docs/ebmf.md draws it. Whatever decides between
/// two answers is in the
/// step that gives them (one verb a file); nothing else chooses a next step.
/// </summary>
internal static class Transitions
{
    /// <summary>The whole table.</summary>
    public static IReadOnlyList<Transition> All { get; } =
    [
        // The model without factors.
        new(EbmfStage.Null, Describe, Again, EbmfStage.Null, Describe),
        new(EbmfStage.Null, Describe, NeedsResiduals, EbmfStage.Null, Evaluate),
        new(EbmfStage.Null, Describe, HasResiduals, EbmfStage.Null, Judge),
        .. Evaluation(EbmfStage.Null),
        new(EbmfStage.Null, Judge, Ended, EbmfStage.Fixed, Begin),

        // Factors with fixed entries, one after the other.
        new(EbmfStage.Fixed, Begin, NeedsPriors, EbmfStage.Fixed, Prepare),
        new(EbmfStage.Fixed, Begin, AllTogether, EbmfStage.Together, Begin),
        new(EbmfStage.Fixed, Begin, Ended, EbmfStage.Greedy, Begin),
        .. Sweeps(EbmfStage.Fixed),
        new(EbmfStage.Fixed, Judge, Ended, EbmfStage.Fixed, Begin),

        // All factors at once.
        new(EbmfStage.Together, Begin, NeedsVectors, EbmfStage.Together, Subspace),
        new(EbmfStage.Together, Begin, NeedsResiduals, EbmfStage.Together, Evaluate),
        new(EbmfStage.Together, Begin, Ended, EbmfStage.Backfit, Begin),
        new(EbmfStage.Together, Subspace, Again, EbmfStage.Together, Subspace),
        new(EbmfStage.Together, Subspace, NeedsLoadings, EbmfStage.Together, Project),
        new(EbmfStage.Together, Subspace, NoFactors, EbmfStage.Greedy, Begin),
        new(EbmfStage.Together, Subspace, Ended, EbmfStage.Backfit, Begin),
        new(EbmfStage.Together, Project, Again, EbmfStage.Together, Project),
        new(EbmfStage.Together, Project, NeedsResiduals, EbmfStage.Together, Evaluate),
        .. Evaluation(EbmfStage.Together),
        new(EbmfStage.Together, Judge, NeedsPriors, EbmfStage.Backfit, Prepare),
        new(EbmfStage.Together, Judge, Resumes, EbmfStage.Resume, Begin),

        // The factors of a finished fit; then more.
        new(EbmfStage.Resume, Begin, Ready, EbmfStage.Resume, Sweep),
        new(EbmfStage.Resume, Begin, NeedsPriors, EbmfStage.Resume, Prepare),
        .. Sweeps(EbmfStage.Resume),
        .. SweepsInTurn(EbmfStage.Resume),
        new(EbmfStage.Resume, Judge, Ended, EbmfStage.Greedy, Begin),

        // One new factor after the other.
        new(EbmfStage.Greedy, Begin, NeedsVectors, EbmfStage.Greedy, Subspace),
        new(EbmfStage.Greedy, Begin, NeedsLeastSquares, EbmfStage.Greedy, Power),
        new(EbmfStage.Greedy, Begin, NeedsPriors, EbmfStage.Greedy, Prepare),
        new(EbmfStage.Greedy, Begin, Ended, EbmfStage.Backfit, Begin),
        new(EbmfStage.Greedy, Subspace, Again, EbmfStage.Greedy, Subspace),
        new(EbmfStage.Greedy, Subspace, HasStarts, EbmfStage.Greedy, Begin),
        new(EbmfStage.Greedy, Subspace, NeedsLeastSquares, EbmfStage.Greedy, Power),
        new(EbmfStage.Greedy, Subspace, NeedsPriors, EbmfStage.Greedy, Prepare),
        new(EbmfStage.Greedy, Subspace, Ended, EbmfStage.Backfit, Begin),
        new(EbmfStage.Greedy, Power, Again, EbmfStage.Greedy, Power),
        new(EbmfStage.Greedy, Power, NeedsPriors, EbmfStage.Greedy, Prepare),
        .. Sweeps(EbmfStage.Greedy),
        new(EbmfStage.Greedy, Judge, Ended, EbmfStage.Greedy, Settle),
        new(EbmfStage.Greedy, Settle, Kept, EbmfStage.Greedy, Begin),
        new(EbmfStage.Greedy, Settle, NeedsLeastSquares, EbmfStage.Greedy, Power),
        new(EbmfStage.Greedy, Settle, NeedsVectors, EbmfStage.Greedy, Subspace),
        new(EbmfStage.Greedy, Settle, Dropped, EbmfStage.Backfit, Begin),
        new(EbmfStage.Greedy, Settle, NeedsResiduals, EbmfStage.Restore, Evaluate),
        .. Evaluation(EbmfStage.Restore),
        new(EbmfStage.Restore, Judge, NeedsLeastSquares, EbmfStage.Greedy, Power),
        new(EbmfStage.Restore, Judge, NeedsVectors, EbmfStage.Greedy, Subspace),
        new(EbmfStage.Restore, Judge, Begun, EbmfStage.Greedy, Begin),
        new(EbmfStage.Restore, Judge, AllTogether, EbmfStage.Together, Begin),
        new(EbmfStage.Restore, Judge, Ended, EbmfStage.Backfit, Begin),

        // All factors together.
        new(EbmfStage.Backfit, Begin, Ready, EbmfStage.Backfit, Sweep),
        new(EbmfStage.Backfit, Begin, NeedsPriors, EbmfStage.Backfit, Prepare),
        new(EbmfStage.Backfit, Begin, Ended, EbmfStage.Nullcheck, Begin),
        .. Sweeps(EbmfStage.Backfit),
        .. SweepsInTurn(EbmfStage.Backfit),
        new(EbmfStage.Backfit, Judge, Ended, EbmfStage.Nullcheck, Begin),

        // Without each factor.
        new(EbmfStage.Nullcheck, Begin, Begun, EbmfStage.Nullcheck, Next),
        new(EbmfStage.Nullcheck, Begin, Ended, EbmfStage.Look, Begin),
        new(EbmfStage.Nullcheck, Next, NeedsResiduals, EbmfStage.Nullcheck, Evaluate),
        new(EbmfStage.Nullcheck, Next, HasResiduals, EbmfStage.Nullcheck, Judge),
        new(EbmfStage.Nullcheck, Next, Removed, EbmfStage.Backfit, Begin),
        new(EbmfStage.Nullcheck, Next, Ended, EbmfStage.Look, Begin),
        .. Evaluation(EbmfStage.Nullcheck),
        new(EbmfStage.Nullcheck, Judge, Ended, EbmfStage.Nullcheck, Next),

        // A second look at all factors, or at one.
        new(EbmfStage.Look, Begin, Begun, EbmfStage.Greedy, Begin),
        new(EbmfStage.Look, Begin, AllTogether, EbmfStage.Together, Begin),
        new(EbmfStage.Look, Begin, NeedsResiduals, EbmfStage.Restore, Evaluate),
        new(EbmfStage.Look, Begin, Resumes, EbmfStage.Resume, Begin),
        new(EbmfStage.Look, Begin, Ended, EbmfStage.Final, Begin),

        // One more sweep.
        new(EbmfStage.Final, Begin, Ready, EbmfStage.Final, Sweep),
        new(EbmfStage.Final, Begin, NeedsPriors, EbmfStage.Final, Prepare),
        new(EbmfStage.Final, Begin, NoFactors, EbmfStage.Final, Forget),
        .. SweepOnce(EbmfStage.Final),
        .. SweepsInTurn(EbmfStage.Final),
        new(EbmfStage.Final, Judge, Ended, EbmfStage.Done, Done),
        new(EbmfStage.Final, Forget, Ended, EbmfStage.Done, Done),
    ];

    private static readonly Dictionary<(EbmfStage, EbmfStep, EbmfAnswer), Transition> ByAnswer =
        All.ToDictionary(t => (t.Stage, t.Step, t.Answer));

    /// <summary>Whether a step is the coordinator's alone, so that no round of the shards comes before it.</summary>
    public static bool IsAtCoordinator(EbmfStep step) => step > Done;

    /// <summary>The transition that an answer takes.</summary>
    /// <exception cref="InvalidOperationException">The step has no such answer.</exception>
    public static Transition Of(EbmfStage stage, EbmfStep step, EbmfAnswer answer) =>
        ByAnswer.TryGetValue((stage, step, answer), out var transition)
        ? transition
        : throw new InvalidOperationException($"the step {step} of stage {stage} cannot be answered by {answer}");

    // Squared residuals, in one round or in several.
    private static Transition[] Evaluation(EbmfStage stage) =>
    [
        new(stage, Evaluate, Again, stage, Evaluate),
        new(stage, Evaluate, HasResiduals, stage, Judge),
    ];

    // One sweep: priors where they are wanted, the sweep, its residuals.
    private static Transition[] SweepOnce(EbmfStage stage) =>
    [
        new(stage, Prepare, HasPseudoData, stage, Prior),
        new(stage, Prior, Again, stage, Prior),
        new(stage, Prior, Ready, stage, Sweep),
        new(stage, Sweep, NeedsResiduals, stage, Evaluate),
        new(stage, Sweep, HasResiduals, stage, Judge),
        .. Evaluation(stage),
    ];

    // Sweeps until the judge ends them.
    private static Transition[] Sweeps(EbmfStage stage) =>
    [
        .. SweepOnce(stage),
        new(stage, Judge, Ready, stage, Sweep),
        new(stage, Judge, NeedsPriors, stage, Prepare),
    ];

    // A sweep over factors in turn: on to the next factor.
    private static Transition[] SweepsInTurn(EbmfStage stage) =>
    [
        new(stage, Sweep, Ready, stage, Sweep),
        new(stage, Sweep, NeedsPriors, stage, Prepare),
    ];
}
