namespace FitCluster.Models.Jobs;

/// <summary>What a job will take at most, with all its factors in.</summary>
/// <param name="DataBytes">The data as stored.</param>
/// <param name="MemoryBytes">The process: data, states, and what the runtime itself takes.</param>
/// <param name="CheckpointBytes">One checkpoint.</param>
/// <param name="ResultBytes">The arrays of the results.</param>
public sealed record SizeEstimate(long DataBytes, long MemoryBytes, long CheckpointBytes, long ResultBytes)
{
    private const long RuntimeBytes = 150L << 20;

    /// <summary>While a checkpoint is written there are copies of the states; while results are collected there are the results.</summary>
    /// <param name="data">The bytes of the data.</param>
    /// <param name="state">The bytes of all states.</param>
    /// <param name="result">The bytes of the results.</param>
    public static SizeEstimate Of(long data, long state, long result) =>
        new(data, data + (2 * state) + result + RuntimeBytes, state, result);
}
