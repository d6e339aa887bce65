namespace FitCluster.Math.TwinEb;

/// <summary>
/// What follows a round. The answers <see cref="ConjugateAnswer.Begins"/>, <see cref="ConjugateAnswer.NoneLeft"/>,
/// <see cref="ConjugateAnswer.FallsBack"/> and <see cref="ConjugateAnswer.NothingToKeep"/> come where a restart is over: at its
/// score, at the first round, and at once where it diverged and another one is already kept.
/// </summary>
internal static class ConjugateTransitions
{
    /// <summary>The phase after a phase and its answer.</summary>
    /// <exception cref="InvalidOperationException">The phase has no such answer.</exception>
    public static ConjugatePhase Next(ConjugatePhase phase, ConjugateAnswer answer) => (phase, answer) switch
    {
        (ConjugatePhase.Describe, ConjugateAnswer.Begins) => ConjugatePhase.Sweep,
        (ConjugatePhase.Describe, ConjugateAnswer.NothingToKeep) => ConjugatePhase.Done,

        (ConjugatePhase.Sweep, ConjugateAnswer.RowsUpdated) => ConjugatePhase.Columns,
        (ConjugatePhase.Columns, ConjugateAnswer.Swept) => ConjugatePhase.Sweep,
        (ConjugatePhase.Columns, ConjugateAnswer.SweptLast) => ConjugatePhase.Validate,
        (ConjugatePhase.Columns, ConjugateAnswer.IsDue) => ConjugatePhase.Check,

        (ConjugatePhase.Check, ConjugateAnswer.Swept) => ConjugatePhase.Sweep,
        (ConjugatePhase.Check, ConjugateAnswer.SweptLast) => ConjugatePhase.Validate,
        (ConjugatePhase.Check, ConjugateAnswer.Spreads) => ConjugatePhase.Spread,
        (ConjugatePhase.Spread, ConjugateAnswer.SweptLast) => ConjugatePhase.Validate,

        (ConjugatePhase.Sweep or ConjugatePhase.Columns, ConjugateAnswer.GivenUp) => ConjugatePhase.Validate,
        (ConjugatePhase.Sweep or ConjugatePhase.Columns, ConjugateAnswer.Begins) => ConjugatePhase.Sweep,
        (ConjugatePhase.Sweep or ConjugatePhase.Columns, ConjugateAnswer.NoneLeft) => ConjugatePhase.Project,
        (ConjugatePhase.Sweep or ConjugatePhase.Columns, ConjugateAnswer.NothingToKeep) => ConjugatePhase.Done,

        (ConjugatePhase.Validate, ConjugateAnswer.Begins) => ConjugatePhase.Sweep,
        (ConjugatePhase.Validate, ConjugateAnswer.Slices) => ConjugatePhase.Describe,
        (ConjugatePhase.Validate or ConjugatePhase.Sweep or ConjugatePhase.Columns, ConjugateAnswer.FallsBack) => ConjugatePhase.Spread,
        (ConjugatePhase.Validate, ConjugateAnswer.NoneLeft) => ConjugatePhase.Project,

        (ConjugatePhase.Project, ConjugateAnswer.Projected) => ConjugatePhase.Done,
        _ => throw new InvalidOperationException($"phase {phase} has no answer {answer}"),
    };
}
