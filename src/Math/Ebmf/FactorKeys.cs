using FitCluster.Math.Models;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The arrays of a factor at the coordinator, each <see cref="StateKey.At"/> its index; see the properties of <see cref="EbmfFactor"/>.
/// Absent where there are none.
/// </summary>
internal static class FactorKeys
{
    public static readonly StateKey Scalars = new("factor.scalars");
    public static readonly StateKey Mean = new("factor.mean");
    public static readonly StateKey Variance = new("factor.variance");
    public static readonly StateKey PreviousMean = new("factor.previousMean");
    public static readonly StateKey PreviousVariance = new("factor.previousVariance");
    public static readonly StateKey ProposedMean = new("factor.proposedMean");
    public static readonly StateKey ProposedVariance = new("factor.proposedVariance");
    public static readonly StateKey FalseSignRate = new("factor.falseSignRate");
    public static readonly StateKey CrossProduct = new("factor.crossProduct");
    public static readonly StateKey SumSecondByColumn = new("factor.sumSecondByColumn");
    public static readonly StateKey ProposedCrossProduct = new("factor.proposedCrossProduct");
    public static readonly StateKey ProposedSumSecondByColumn = new("factor.proposedSumSecondByColumn");
    public static readonly StateKey LoadingsPrior = new("factor.loadingsPrior");
    public static readonly StateKey LoadingsPriorEm = new("factor.loadingsPriorEm");
    public static readonly StateKey LoadingsPriorNewton = new("factor.loadingsPriorNewton");
    public static readonly StateKey AcceptedLoadingsPrior = new("factor.acceptedLoadingsPrior");
    public static readonly StateKey FactorsPrior = new("factor.factorsPrior");
    public static readonly StateKey ProposedFactorsPrior = new("factor.proposedFactorsPrior");
    public static readonly StateKey BestPriorEm = new("factor.bestPriorEm");
    public static readonly StateKey ProposedPriorEm = new("factor.proposedPriorEm");
    public static readonly StateKey ProposedPriorNewton = new("factor.proposedPriorNewton");
}
