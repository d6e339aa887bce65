namespace FitCluster.Data.Store;

/// <summary>
/// A file of a store in memory, whose blocks are checked against their SHA-256, and fetched if need be, before they are first used.
/// </summary>
internal abstract unsafe class StoreBlocks : IDisposable
{
    /// <summary>The first byte. What lies there may be used after <see cref="Check"/> only.</summary>
    public abstract byte* Pointer { get; }

    public abstract long Length { get; }

    /// <summary>Checks the blocks that hold a range of bytes.</summary>
    /// <exception cref="DataException">A block is damaged, or not to be had.</exception>
    public abstract void Check(long offset, long length);

    public void CheckAll() => Check(0, Length);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
