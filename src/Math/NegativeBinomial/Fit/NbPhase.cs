namespace FitCluster.Math.NegativeBinomial;

/// <summary>What the round that comes is for.</summary>
internal enum NbPhase
{
    /// <summary>Sums of the data.</summary>
    Describe,

    /// <summary>The histogram of counts by gene and dataset.</summary>
    Histogram,

    /// <summary>Mixture: groups of cells are sought, in which a start begins.</summary>
    Group,

    /// <summary>Cells of a start are placed.</summary>
    Start,

    /// <summary>A pass over the cells, then steps of genes and scalars.</summary>
    Fit,

    /// <summary>A pass whose posteriors are the result: nothing is changed after it.</summary>
    Finish,

    /// <summary>Nothing is left to do.</summary>
    Done,
}

/// <summary>What a round came to.</summary>
internal enum NbAnswer
{
    /// <summary>It did what it was for.</summary>
    GoesOn,

    /// <summary>Groups of cells are to be sought, or moved once more.</summary>
    Groups,

    /// <summary>A start has been tried; another is to come.</summary>
    Restarts,

    /// <summary>The fit has converged, or is to end.</summary>
    Settles,

    /// <summary>The data cannot be fitted.</summary>
    Fails,
}

/// <summary>What follows a round.</summary>
internal static class NbTransitions
{
    /// <summary>The phase after a phase and its answer.</summary>
    /// <exception cref="InvalidOperationException">The phase has no such answer.</exception>
    public static NbPhase Next(NbPhase phase, NbAnswer answer) => (phase, answer) switch
    {
        (NbPhase.Describe, NbAnswer.GoesOn) => NbPhase.Histogram,
        (NbPhase.Describe, NbAnswer.Fails) => NbPhase.Done,
        (NbPhase.Histogram, NbAnswer.Groups) => NbPhase.Group,
        (NbPhase.Histogram, NbAnswer.GoesOn) => NbPhase.Start,
        (NbPhase.Group, NbAnswer.Groups) => NbPhase.Group,
        (NbPhase.Group, NbAnswer.GoesOn) => NbPhase.Start,
        (NbPhase.Start, NbAnswer.GoesOn) => NbPhase.Fit,
        (NbPhase.Fit, NbAnswer.GoesOn) => NbPhase.Fit,
        (NbPhase.Fit, NbAnswer.Restarts) => NbPhase.Group,
        (NbPhase.Fit, NbAnswer.Settles) => NbPhase.Finish,
        (NbPhase.Finish, NbAnswer.GoesOn) => NbPhase.Done,
        _ => throw new InvalidOperationException($"phase {phase} has no answer {answer}"),
    };
}
