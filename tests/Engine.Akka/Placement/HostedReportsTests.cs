using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests.Clustered;

/// <summary>What nodes report, as placement reads it.</summary>
public sealed class HostedReportsTests
{
    private const string Member = "127.0.0.1:9000";

    private static readonly ActorAddress Here = new("shard", "here");
    private static readonly ActorAddress Gone = new("shard", "gone");

    private readonly ScriptedMeeting _meeting = new();
    private TimeSpan _now = TimeSpan.FromSeconds(100);

    public HostedReportsTests() => _meeting.Entries = [Entry()];

    private static NodeEntry Entry(double seen = 0.5) => new()
    {
        Name = "a", Address = Member + "+9001", Actors = [Here.ToString()], Unusable = ["blind"], SeenSecondsAgo = seen,
    };

    private async Task<IReadOnlyList<ActorAddress>> Pass(HostedReports reports, double seconds)
    {
        _now += TimeSpan.FromSeconds(seconds);
        await reports.Read();
        return reports.EndedOf([(Member, Here), (Member, Gone)]);
    }

    [Fact]
    public async Task Who_is_not_reported_for_eight_seconds_has_ended_and_who_is_hosted_never()
    {
        var reports = new HostedReports(_meeting, null, () => _now);
        Assert.Empty(await Pass(reports, 0));
        Assert.Empty(await Pass(reports, 7.9));
        Assert.Equal([Gone], await Pass(reports, 0.6));
        Assert.True(reports.HasEnded(Gone));
        Assert.False(reports.HasEnded(Here));
        // Awake again in between: it is counted anew.
        _meeting.Entries = [Entry() with { Actors = [Here.ToString(), Gone.ToString()] }];
        Assert.Empty(await Pass(reports, 1));
        _meeting.Entries = [Entry()];
        Assert.Empty(await Pass(reports, 1));
        Assert.Empty(await Pass(reports, 7.5));
    }

    [Fact]
    public async Task An_old_report_frees_nothing()
    {
        _meeting.Entries = [Entry(seen: 3.5)];
        var reports = new HostedReports(_meeting, null, () => _now);
        for (var i = 0; i < 30; i++)
        {
            Assert.Empty(await Pass(reports, 1));
        }
    }

    [Fact]
    public async Task What_a_node_cannot_serve_stays_known_while_the_store_is_away_or_hangs_and_nothing_is_freed()
    {
        var reports = new HostedReports(_meeting, (node, actor) => node.Unusable.Contains(actor.Id), () => _now);
        var blind = new ActorAddress("shard", "blind");
        await Pass(reports, 0);
        Assert.False(reports.CanServe(Member, blind));
        Assert.True(reports.CanServe(Member, Here));
        _meeting.Fault = new ClusterStoreException("away", isUnreachable: true);
        for (var i = 0; i < 20; i++)
        {
            Assert.Empty(await Pass(reports, 1));
        }

        Assert.False(reports.CanServe(Member, blind));
        _meeting.Fault = null;
        _meeting.Hang = new TaskCompletionSource();
        // A store that hangs holds up nobody's placement, and is not asked again and again.
        for (var i = 0; i < 3; i++)
        {
            Assert.Empty(await Pass(reports, 1).WaitAsync(TimeSpan.FromSeconds(5)));
        }

        Assert.Equal(1, _meeting.Hanging);
        Assert.False(reports.CanServe(Member, blind));
        _meeting.Hang.SetResult();
        _meeting.Hang = null;
        Assert.Empty(await Pass(reports, 1));
        Assert.Empty(await Pass(reports, 1));
        Assert.Equal([Gone], await Pass(reports, 9));
    }
}
