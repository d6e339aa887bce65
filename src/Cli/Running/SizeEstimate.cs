namespace FitCluster.Cli.Running;

/// <summary>What a job will take at most, with all its factors in.</summary>
/// <param name="DataBytes">The data as stored.</param>
/// <param name="MemoryBytes">The process: data, states, and what the runtime itself takes.</param>
/// <param name="CheckpointBytes">One checkpoint.</param>
/// <param name="ResultBytes">The arrays of the results.</param>
internal sealed record SizeEstimate(long DataBytes, long MemoryBytes, long CheckpointBytes, long ResultBytes)
{
    // A loading is kept as mean and second moment, accepted, before, and proposed, and as a false sign rate (EbmfShard): 6 arrays.
    private const int ArraysByLoading = 6;
    private const int ArraysByResult = 3;
    private const long RuntimeBytes = 150L << 20;

    public static SizeEstimate Of(PreparedJob job)
    {
        long k = job.Options.MaxFactors + job.Options.FixedFactorCount;
        var (n, p) = (job.Data.Rows, (long)job.Data.Columns);
        var state = 8 * k * (n + p) * ArraysByLoading;
        var result = 8 * k * (n + p) * ArraysByResult;
        // While a checkpoint is written there are copies of the states; while results are collected there are the results.
        return new SizeEstimate(job.Data.StoredBytes, job.Data.StoredBytes + (2 * state) + result + RuntimeBytes, state, result);
    }
}
