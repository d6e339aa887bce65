using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Loading results from a store.</summary>
public static class ResultStore
{
    /// <summary>Loads one part of the results, and waits for it: a <see cref="ResultLoader"/>. Not for an actor's turn.</summary>
    /// <exception cref="ResultPartException">The part is damaged, or the store is away.</exception>
    public static ArraySet LoadResult(this ICheckpointStore store, LoadPart part)
    {
        var reply = store.Handle(part).AsTask().GetAwaiter().GetResult();
        return reply is PartLoaded loaded ? loaded.State
            : throw new ResultPartException(reply.Error ?? "the store gave no reason", reply.IsCorrupt);
    }
}
