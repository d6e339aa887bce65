using FitCluster.Math.Models;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The arrays of the coordinator's state, but for those of a factor (<see cref="FactorKeys"/>); what they hold is said at the properties of
/// <see cref="EbmfState"/>.
/// </summary>
internal static class EbmfKeys
{
    public static readonly StateKey Iterating = new("iterating");
    public static readonly StateKey Active = new("active");
    public static readonly StateKey Updated = new("updated");
    public static readonly StateKey Promoted = new("promoted");
    public static readonly StateKey Keep = new("keep");
    public static readonly StateKey Noise = new("noise");
    public static readonly StateKey ProposedNoise = new("proposedNoise");
    public static readonly StateKey SearchBest = new("searchBest");
    public static readonly StateKey SearchNoise = new("searchNoise");
    public static readonly StateKey ColumnCounts = new("columnCounts");
    public static readonly StateKey ColumnSquares = new("columnSquares");
    public static readonly StateKey ColumnCentred = new("columnCentred");
    public static readonly StateKey FarEntry = new("farEntry");
    public static readonly StateKey NoiseLimits = new("noiseLimits");
    public static readonly StateKey Gram = new("gram");
    public static readonly StateKey GramByColumn = new("gramByColumn");
    public static readonly StateKey ProposedGram = new("proposedGram");
    public static readonly StateKey ProposedGramByColumn = new("proposedGramByColumn");
    public static readonly StateKey Subspace = new("subspace");
    public static readonly StateKey Starts = new("starts");
    public static readonly StateKey Untried = new("untried");
    public static readonly StateKey Looked = new("looked");
    public static readonly StateKey PriorValues = new("priorValues");
}
