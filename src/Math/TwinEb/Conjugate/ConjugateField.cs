namespace FitCluster.Math.TwinEb;

/// <summary>The scalars of the conjugate optimizer's state at the coordinator.</summary>
internal enum ConjugateField
{
    /// <summary>The coming round's <see cref="ConjugatePhase"/>.</summary>
    Phase,

    /// <summary>The restart, from 0.</summary>
    Restart,

    /// <summary>Whole sweeps of this restart; while columns are updated, the sweep under way counts.</summary>
    Sweep,

    /// <summary>Sweeps of all restarts.</summary>
    Sweeps,

    /// <summary>The penalized ELBO of the last sweep; -1e300 where it has none.</summary>
    Objective,

    /// <summary>The same of the sweep before, while columns are updated.</summary>
    ObjectiveBefore,

    /// <summary>Whether this restart reached the tolerance.</summary>
    Converged,

    /// <summary>Whether the sweep under way is the restart's last.</summary>
    Ends,

    /// <summary>Whether every restart so far reached the tolerance.</summary>
    AllConverged,

    /// <summary>Whether a limit was reached.</summary>
    EndEarly,

    /// <summary>Whether shards keep the rows of the last score as the best.</summary>
    Promote,

    /// <summary>Whether this restart diverged and is scored as it was before.</summary>
    GivenUp,

    /// <summary>Whether the last round found divergence.</summary>
    HasDiverged,

    /// <summary>Whether a restart is kept.</summary>
    HasBest,

    /// <summary>The kept restart.</summary>
    BestRestart,

    /// <summary>What it was chosen by: its validation log-likelihood, or its objective.</summary>
    BestCriterion,

    /// <summary>Its objective.</summary>
    BestObjective,

    /// <summary>Whether the sums over the data are known.</summary>
    IsDescribed,

    /// <summary>Training rows of all shards.</summary>
    TrainingRows,

    /// <summary>Training cells that are stored.</summary>
    TrainingCells,

    /// <summary>Whether cells that are not stored are missing.</summary>
    ZerosMissing,

    /// <summary>Validation cells of value 0.</summary>
    ValidationZeros,

    /// <summary>Other validation cells.</summary>
    ValidationOthers,

    /// <summary>Test cells of value 0.</summary>
    TestZeros,

    /// <summary>Other test cells.</summary>
    TestOthers,

    /// <summary>Training cells, zeros that are data included.</summary>
    Cells,

    /// <summary>Poisson: the sum of all counts.</summary>
    Sum,

    /// <summary>Poisson: cells of training rows that are held out, ignored or missing.</summary>
    ExcludedCells,

    /// <summary>Poisson: sum log x!.</summary>
    LogFactorials,

    /// <summary>Gaussian: sum x squared.</summary>
    Squares,

    /// <summary>Whether a state of this restart is kept, the best so far by validation.</summary>
    HasKept,

    /// <summary>Whether shards keep their rows as they are.</summary>
    KeepRows,

    /// <summary>Whether the last round was a check.</summary>
    WasChecked,

    /// <summary>The greatest validation score of this restart's checks.</summary>
    BestCheck,

    /// <summary>The sweep after which the kept state was.</summary>
    KeptSweep,

    /// <summary>Its objective.</summary>
    KeptObjective,

    /// <summary>Poisson: how many times Poisson's the variance of counts is taken to be; 0: as Poisson's.</summary>
    Temper,

    /// <summary>The same of the best restart.</summary>
    BestTemper,

    /// <summary>How often it was raised.</summary>
    Tempers,

    /// <summary>Whether by the kept state's validation cells counts are overdispersed.</summary>
    IsOverdispersed,

    /// <summary>The share of the training cells that is set aside as validation cells (<see cref="ConjugateSlice"/>); 0: none.</summary>
    Slice,

    /// <summary>Whether the state under way is that of <see cref="ConjugateColumnMeans"/>: the restarts are over.</summary>
    IsColumnMeans,

    /// <summary>Whether that one is kept as the best.</summary>
    TookColumnMeans,

    /// <summary>The root mean squared error of the restart that it replaced.</summary>
    ReplacedRmse,
}
