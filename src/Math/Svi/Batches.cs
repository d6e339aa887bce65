namespace FitCluster.Math.Svi;

/// <summary>
/// The minibatches of an epoch: positions of an <see cref="EpochOrder"/>, each row in one of them, the last one shorter where the size does
/// not divide the rows.
/// </summary>
/// <param name="Rows">All rows of an epoch, over all shards.</param>
/// <param name="Size">The rows of a batch, 1 or more; more than there are means all of them.</param>
public readonly record struct Batches(long Rows, int Size)
{
    /// <summary>How many there are.</summary>
    public long Count => (Rows + Size - 1) / Size;

    /// <summary>The first position of a batch, and the one after its last.</summary>
    public (long First, long Last) Range(long batch) => (batch * Size, long.Min(Rows, (batch + 1) * Size));

    /// <summary>What a row of a batch stands for: all rows / rows of the batch.</summary>
    public double Scale(long batch)
    {
        var (first, last) = Range(batch);
        return Rows / (double)(last - first);
    }
}
