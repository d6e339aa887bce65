using System.Diagnostics;
using Xunit;

namespace FitCluster.Engine.Tests.Cluster;

/// <summary>What nodes find each other by, and agree by.</summary>
public abstract partial class ClusterStoreConformance
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Nodes_tell_each_other_where_they_are_and_what_they_are_set_to()
    {
        await using var harness = await CreateClusterHarness();
        await harness.Cluster.ReportNode(new NodeEntry { Name = "a", Address = "10.0.0.7:4053", Settings = "1.2/akka 1.5" });
        await harness.AnotherCluster().ReportNode(new NodeEntry { Name = "b" });
        var nodes = await harness.AnotherCluster().Nodes();
        Assert.Equal([("10.0.0.7:4053", "1.2/akka 1.5"), ("", "")], nodes.Select(node => (node.Address, node.Settings)));
        Assert.All(nodes, node => Assert.InRange(node.SeenSecondsAgo, 0, 5));
    }

    [Fact]
    public async Task A_lease_is_one_owner_s_until_it_is_given_up_or_has_expired()
    {
        await using var harness = await CreateClusterHarness();
        var (store, other) = (harness.Cluster, harness.AnotherCluster());
        var minute = TimeSpan.FromMinutes(1);
        Assert.True(await store.TakeLease("sbr", "a", minute));
        Assert.True(await other.TakeLease("sbr", "a", minute));
        Assert.False(await other.TakeLease("sbr", "b", minute));
        Assert.True(await other.TakeLease("another", "b", minute));
        Assert.False(await other.ReleaseLease("sbr", "b"));
        Assert.True(await store.ReleaseLease("sbr", "a"));
        Assert.False(await store.ReleaseLease("sbr", "a"));
        Assert.True(await other.TakeLease("sbr", "b", TimeSpan.FromMilliseconds(300)));
        Assert.False(await store.TakeLease("sbr", "a", minute));
        await Task.Delay(400, TestContext.Current.CancellationToken);
        // Of many that find it expired, one gets it; the one that had it is refused, and cannot give up what it lost.
        var stores = Enumerable.Range(0, 4).Select(_ => harness.AnotherCluster()).ToList();
        var taken = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => stores[i % 4].TakeLease("sbr", $"c{i}", minute)));
        Assert.Single(taken, isTaken => isTaken);
        Assert.False(await other.TakeLease("sbr", "b", minute));
        Assert.False(await other.ReleaseLease("sbr", "b"));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => store.TakeLease("sbr", "b", TimeSpan.Zero));
    }

    [Fact]
    public async Task One_process_at_a_time_has_the_lock_for_joining()
    {
        await using var harness = await CreateClusterHarness();
        var stores = Enumerable.Range(0, 4).Select(_ => harness.AnotherCluster()).ToList();
        var (inside, most, done) = (0, 0, 0);
        await Task.WhenAll(stores.Concat(stores).Select(async store =>
        {
            await using var held = await store.LockJoining(TestContext.Current.CancellationToken);
            most = int.Max(most, Interlocked.Increment(ref inside));
            await Task.Delay(20);
            Interlocked.Decrement(ref inside);
            Interlocked.Increment(ref done);
        }));
        Assert.Equal((1, 8), (most, done));

        var first = await stores[0].LockJoining(TestContext.Current.CancellationToken);
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stores[1].LockJoining(patience.Token));
        await first.DisposeAsync();
        // Who gave up waiting does not get it after all.
        await using var next = await stores[2].LockJoining(TestContext.Current.CancellationToken).WaitAsync(Soon);
    }

    [Fact]
    public async Task Who_waits_for_submissions_is_told_of_those_of_every_process_and_of_cancellations_and_resumptions()
    {
        await using var harness = await CreateClusterHarness();
        var (waiting, other) = (harness.Cluster, harness.AnotherCluster());
        var long_ = TimeSpan.FromMinutes(2);
        // At once, since nobody knows what was before.
        await waiting.WaitForSubmission(long_, TestContext.Current.CancellationToken).WaitAsync(Soon);
        var clock = Stopwatch.StartNew();
        await waiting.WaitForSubmission(TimeSpan.FromMilliseconds(600), TestContext.Current.CancellationToken);
        Assert.InRange(clock.ElapsedMilliseconds, 500, 20_000);
        // Reports and events are none.
        await other.AddEvent(Job, "n", "words");
        await other.ReportNode(new NodeEntry { Name = "n" });
        var told = waiting.WaitForSubmission(long_, TestContext.Current.CancellationToken);
        await Task.Delay(600, TestContext.Current.CancellationToken);
        Assert.False(told.IsCompleted);
        foreach (var act in new Func<Task>[]
        {
            () => other.Submit(new JobSubmission(Job, "spec", "s", "d", 1)), () => other.Cancel(Job), () => waiting.Resume(Job),
        })
        {
            told = told.IsCompleted ? waiting.WaitForSubmission(long_, TestContext.Current.CancellationToken) : told;
            await act();
            await told.WaitAsync(Soon);
        }

        // What happens between two calls is not missed.
        await other.Cancel(Job);
        await waiting.WaitForSubmission(long_, TestContext.Current.CancellationToken).WaitAsync(Soon);
        using var end = new CancellationTokenSource(200);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitForSubmission(long_, end.Token));
    }
}
