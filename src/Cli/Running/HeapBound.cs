namespace FitCluster.Cli.Running;

/// <summary>
/// Keeps the heap of a fit near what lives in it. A round's arrays are large, of few sizes and without references, and the collector lets
/// the dead ones grow to several times the living before it looks; between two rounds nothing computes, what is dead is swept in some
/// milliseconds, and the next round's arrays take its place. Not thread-safe.
/// </summary>
internal sealed class HeapBound
{
    // Less garbage than this, or than half of what lives, is not worth a collection.
    private const long LeastGarbage = 48L << 20;

    private long _live;

    /// <summary>Between two rounds.</summary>
    public void AfterRound()
    {
        if (GC.GetTotalMemory(forceFullCollection: false) - _live > long.Max(LeastGarbage, _live / 2))
        {
            AfterRounds();
        }
    }

    /// <summary>Where much has died at once.</summary>
    public void AfterRounds()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);
        _live = GC.GetTotalMemory(forceFullCollection: false);
    }
}
