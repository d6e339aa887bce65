namespace FitCluster.Engine.Tests.Cluster.Sqlite;

/// <summary>A clock that stands still.</summary>
internal sealed class SetClock : TimeProvider
{
    public static readonly DateTimeOffset Start = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    public DateTimeOffset Now { get; set; } = Start;

    public override DateTimeOffset GetUtcNow() => Now;
}
