namespace FitCluster.Math.Ebmf;

/// <summary>The scalars of a broadcast; see the properties of <see cref="EbmfBroadcast"/>.</summary>
internal enum BroadcastField
{
    Step,
    Factors,
    Keeps,
    PromotesNoise,
    Adopts,
    FirstAdopted,
    Beta,
    IsFinal,
    IsByColumn,
    LeavesOut,
    LeftOut,
    Sign,
    Means,
    Variances,
    Vectors,
    Priors,
    Unit,
    MeanSquare,
    LeastShare,
    Saves,
    GoesBack,
    HasBest,
}
