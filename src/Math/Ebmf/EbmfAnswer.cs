namespace FitCluster.Math.Ebmf;

/// <summary>What a step came to: of this, and of stage and step, <see cref="Transitions"/> makes the next step.</summary>
internal enum EbmfAnswer
{
    /// <summary>The step is to be done once more.</summary>
    Again,

    /// <summary>The variances, or the ELBO, need squared residuals from the shards.</summary>
    NeedsResiduals,

    /// <summary>The squared residuals, and what the variances become by them, are known.</summary>
    HasResiduals,

    /// <summary>A start is wanted from the residuals' singular vectors.</summary>
    NeedsVectors,

    /// <summary>The starts of all new factors are there.</summary>
    HasStarts,

    /// <summary>A start is wanted from least squares that heed missing entries and signs.</summary>
    NeedsLeastSquares,

    /// <summary>Factors are in whose loadings must be projected.</summary>
    NeedsLoadings,

    /// <summary>The active factors have no loadings priors, or ones on a grid that a sweep must fit in full.</summary>
    NeedsPriors,

    /// <summary>The pseudo-data, and priors to start from, are there.</summary>
    HasPseudoData,

    /// <summary>The active factors can be swept over.</summary>
    Ready,

    /// <summary>All factors come in at once.</summary>
    AllTogether,

    /// <summary>The factors of a finished fit are in.</summary>
    Resumes,

    /// <summary>The new factor stays.</summary>
    Kept,

    /// <summary>The new factor is gone.</summary>
    Dropped,

    /// <summary>A factor is to be tried.</summary>
    Begun,

    /// <summary>The nullcheck has removed factors, and the others are to be refined again.</summary>
    Removed,

    /// <summary>There are no factors.</summary>
    NoFactors,

    /// <summary>The stage, or the candidate's turn, is over.</summary>
    Ended,
}
