namespace FitCluster.Math.TwinEb;

/// <summary>
/// The scalars of a reference fit's state; they are also what shards are told. Orders are carried out by shards in the order that they
/// stand in here.
/// </summary>
internal enum ReferenceField
{
    /// <summary>The coming round's <see cref="ReferencePhase"/>.</summary>
    Phase,

    /// <summary>The restart, from 0; while held-out rows are fitted, the number of restarts.</summary>
    Restart,

    /// <summary>Whole epochs of this restart that are done.</summary>
    Epoch,

    /// <summary>The coming batch of the epoch.</summary>
    Batch,

    /// <summary>Steps of this restart so far, those that were given up included: the key of draws.</summary>
    Tick,

    /// <summary>Epochs of this restart so far, those that were given up included: the key of orders of rows.</summary>
    EpochTick,

    /// <summary>Adam's steps since its moments were zero.</summary>
    AdamStep,

    /// <summary>The sum of the epoch's losses so far.</summary>
    LossSum,

    /// <summary>How many losses (in weight) that is.</summary>
    LossWeight,

    /// <summary>The mean loss of the epoch before; infinite in the first.</summary>
    PreviousLoss,

    /// <summary>The lowest mean loss of an epoch after the first.</summary>
    BestLoss,

    /// <summary>Whether there are parameters of the best epoch.</summary>
    HasBest,

    /// <summary>The lowest loss that the plateau scheduler has seen.</summary>
    PlateauLoss,

    /// <summary>Epochs since.</summary>
    PlateauEpochs,

    /// <summary>What the learning rates are multiplied by.</summary>
    RateFactor,

    /// <summary>Consecutive epochs whose loss rose.</summary>
    Rises,

    /// <summary>The lowest loss that counted for the tolerance.</summary>
    ToleranceLoss,

    /// <summary>Epochs since.</summary>
    ToleranceEpochs,

    /// <summary>How often this restart went back after divergence.</summary>
    Retries,

    /// <summary>Restarts that ran out of retries.</summary>
    FailedRestarts,

    /// <summary>How often any restart went back.</summary>
    AllRetries,

    /// <summary>Training rows of all shards.</summary>
    TrainingRows,

    /// <summary>Held-out rows of all shards.</summary>
    HeldOutRows,

    /// <summary>Validation cells of value 0.</summary>
    ValidationZeros,

    /// <summary>Other validation cells.</summary>
    ValidationOthers,

    /// <summary>Test cells of value 0.</summary>
    TestZeros,

    /// <summary>Other test cells.</summary>
    TestOthers,

    /// <summary>The score of the kept restart: validation log-likelihood, or minus the lowest loss.</summary>
    KeptScore,

    /// <summary>The restart that is kept; -1 for none yet.</summary>
    KeptRestart,

    /// <summary>Whether a limit was reached.</summary>
    EndedEarly,

    /// <summary>Whether every restart ended by its own rule before its steps were over.</summary>
    Converged,

    /// <summary>Minus the mean loss of the last whole epoch.</summary>
    Objective,

    /// <summary>Whether the last round ended an epoch.</summary>
    HasObjective,

    /// <summary>Whether the last round found divergence.</summary>
    HasDiverged,

    /// <summary>Why the fit cannot go on (<see cref="ReferenceFailure"/>); 0 while it can.</summary>
    Failure,

    /// <summary>Order: find out which ranks the shard's rows have.</summary>
    Locate,

    /// <summary>Order: 1 take the step of the gradient that was returned, on training rows; 2 on held-out rows.</summary>
    Apply,

    /// <summary>What that gradient is multiplied by.</summary>
    Clip,

    /// <summary>The learning rate of that step.</summary>
    ApplyRate,

    /// <summary>Adam's number of that step.</summary>
    ApplyStep,

    /// <summary>Order: the parameters are the best so far.</summary>
    Save,

    /// <summary>Order: go back to the best, with moments of zero.</summary>
    Restore,

    /// <summary>Order: the parameters are those of the best restart so far.</summary>
    Keep,

    /// <summary>Order: 1 start the training rows anew; 2 the held-out rows.</summary>
    Start,

    /// <summary>What the last divergence was (<see cref="ReferenceDivergence"/>); 0 before the first.</summary>
    Cause,

    /// <summary>The loss of the epoch that diverged, where it was that.</summary>
    CauseLoss,

    /// <summary>The loss of the epoch before it.</summary>
    CauseLossBefore,

    /// <summary>Whether the first restart starts from a finished fit.</summary>
    GoesOn,
}
