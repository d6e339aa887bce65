using FitCluster.Math.Models;

namespace FitCluster.Math.TwinEb;

/// <summary>The arrays of what an M-step of one side needs.</summary>
/// <param name="side">The side: "row" in partial results, "columnStatistics" there and at the coordinator.</param>
internal sealed class ConjugateStatisticsKeys(string side)
{
    public StateKey Counts { get; } = new($"{side}.counts");

    public StateKey Logs { get; } = new($"{side}.logs");

    public StateKey Means { get; } = new($"{side}.means");

    public StateKey Squares { get; } = new($"{side}.squares");

    /// <summary>What a Gamma mixture has.</summary>
    public StateKey[] Gamma => [Counts, Logs, Means];

    /// <summary>What a normal mixture has.</summary>
    public StateKey[] Normal => [Counts, Means, Squares];
}
