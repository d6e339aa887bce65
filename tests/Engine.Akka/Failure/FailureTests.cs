using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Coordination;
using Xunit;

namespace FitCluster.Engine.Tests.Clustered;

/// <summary>What tells that a node has gone, and who decides which part goes on.</summary>
public sealed class FailureTests : IAsyncDisposable
{
    private readonly ScriptedMeeting _meeting = new();
    private readonly ActorSystem _system;

    public FailureTests() =>
        _system = ActorSystem.Create("failure", ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig("akka.loglevel = OFF, akka.stdout-loglevel = OFF"), new MeetingSetup(_meeting)));

    public async ValueTask DisposeAsync() => await _system.Terminate();

    private static async Task Until(Func<bool> condition, string what)
    {
        for (var until = Environment.TickCount64 + 5000; !condition(); await Task.Delay(5))
        {
            Assert.True(Environment.TickCount64 < until, what);
        }
    }

    private StoreLease Lease() => new(
        new LeaseSettings(
            "lease",
            "owner",
            new TimeoutSettings(TimeSpan.FromMilliseconds(30), TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(300)),
            Config.Empty),
        (ExtendedActorSystem)_system);

    [Fact]
    public void An_address_whose_process_has_ended_is_unavailable_until_somebody_is_heard_there()
    {
        var settings = ConfigurationFactory.ParseString(
            "threshold = 8, max-sample-size = 1000, min-std-deviation = 100ms, " +
            "acceptable-heartbeat-pause = 4s, heartbeat-interval = 500ms");
        ConfirmedFailureDetector Detector(string address) => new(settings, _system.EventStream) { Address = address };
        var (one, other) = (Detector("akka.tcp://fitcluster@a:1"), Detector("akka.tcp://fitcluster@a:2"));
        one.HeartBeat();
        other.HeartBeat();
        Assert.True(one.IsAvailable && other.IsAvailable);
        ConfirmedFailureDetector.Confirm(_system.EventStream, "akka.tcp://fitcluster@a:1");
        Assert.False(one.IsAvailable);
        Assert.True(other.IsAvailable);
        one.HeartBeat();
        Assert.True(one.IsAvailable);
        ConfirmedFailureDetector.Confirm(_system.EventStream, "akka.tcp://fitcluster@a:1");
        ConfirmedFailureDetector.Forget(_system.EventStream, "akka.tcp://fitcluster@a:1");
        Assert.True(one.IsAvailable);
    }

    [Fact]
    public async Task A_lease_is_taken_renewed_and_given_back()
    {
        var lease = Lease();
        Assert.False(lease.CheckLease());
        _meeting.IsFree = false;
        Assert.False(await lease.Acquire());
        Assert.False(lease.CheckLease());
        _meeting.IsFree = true;
        var lost = 0;
        Assert.True(await lease.Acquire(_ => lost++));
        await Task.Delay(150);
        Assert.True(lease.CheckLease());
        Assert.Equal(0, lost);
        Assert.True(await lease.Release());
        Assert.False(lease.CheckLease());
        _meeting.IsFree = false;
        await Task.Delay(100);
        Assert.Equal((0, 1), (lost, _meeting.Released));
    }

    [Theory]
    [InlineData("refuses")]
    [InlineData("away")]
    [InlineData("hangs")]
    public async Task It_is_told_once_that_a_lease_is_lost(string store)
    {
        var lease = Lease();
        var lost = new List<Exception?>();
        await lease.Acquire(lost.Add);
        _meeting.IsFree = store != "refuses";
        _meeting.Fault = store == "away" ? new ClusterStoreException("away", isUnreachable: true) : null;
        _meeting.Hang = store == "hangs" ? new TaskCompletionSource() : null;
        await Until(() => lost.Count > 0, "nobody is told");
        await Task.Delay(200);
        Assert.Single(lost);
        var expected = store switch { "away" => typeof(ClusterStoreException), "hangs" => typeof(TimeoutException), _ => null };
        Assert.Equal(expected, lost[0]?.GetType());
        Assert.False(lease.CheckLease());
        Assert.InRange(_meeting.Hanging, 0, 1);
    }

    [Fact]
    public async Task A_store_that_hangs_gives_no_lease_and_keeps_nobody_waiting()
    {
        _meeting.Hang = new TaskCompletionSource();
        await Assert.ThrowsAsync<TimeoutException>(() => Lease().Acquire().WaitAsync(TimeSpan.FromSeconds(5)));
    }
}
