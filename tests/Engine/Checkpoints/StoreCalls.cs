using Xunit;

namespace FitCluster.Engine.Tests.Checkpoints;

/// <summary>Requests with the running test's cancellation.</summary>
internal static class StoreCalls
{
    public static ValueTask<StoreReply> Do(this ICheckpointStore store, StoreRequest request) =>
        store.Handle(request, TestContext.Current.CancellationToken);
}
