namespace FitCluster.Math.TwinEb;

/// <summary>What a round of the conjugate optimizer came to.</summary>
internal enum ConjugateAnswer
{
    /// <summary>A restart can begin: it has a finite start.</summary>
    Begins,

    /// <summary>No restart is left, and one is kept.</summary>
    NoneLeft,

    /// <summary>No restart is left, and none came so far as to be kept.</summary>
    NothingToKeep,

    /// <summary>Rows and priors are updated.</summary>
    RowsUpdated,

    /// <summary>Columns are updated: a sweep is whole.</summary>
    Swept,

    /// <summary>The same, and it was the restart's last.</summary>
    SweptLast,

    /// <summary>A sweep is whole, and validation cells are to be scored.</summary>
    IsDue,

    /// <summary>The restart's last sweep was checked, and how far draws are to be spread is to be found.</summary>
    Spreads,

    /// <summary>The round diverged, and the state before it, the first that there is, is worth a score.</summary>
    GivenUp,

    /// <summary>Training cells are set aside: the sums over the others are to be found.</summary>
    Slices,

    /// <summary>No restart is left, and the best is worse than columns' means: these are to be scored.</summary>
    FallsBack,

    /// <summary>Held-out rows are fitted and scored.</summary>
    Projected,
}
