using FitCluster.Engine;

namespace FitCluster.Coordinator.Tests;

/// <summary>Requests to a store that answers at once.</summary>
internal static class StoreCalls
{
    public static StoreReply Do(this ICheckpointStore store, StoreRequest request) =>
        store.Handle(request).AsTask().GetAwaiter().GetResult();
}
