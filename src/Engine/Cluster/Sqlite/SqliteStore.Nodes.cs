namespace FitCluster.Engine;

public sealed partial class SqliteStore
{
    /// <summary>A node that has not reported for so long counts for nothing. $1 is the time.</summary>
    private const string IsUp = "state = 'up' AND seen > $1 - 5000";

    /// <summary>How often it is looked for submissions.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private long _submissionsSeen = -1;
    private volatile bool _isDisposed;

    /// <inheritdoc/>
    public Task ReportNode(NodeEntry node, CancellationToken cancellation = default) => _database.WriteLightly(
        connection =>
        {
            var now = _database.Now;
            connection.Execute(
                """
                INSERT INTO nodes (name, started, seen, state, capacity, entry) VALUES ($1, $2, $2, $3, $4, $5)
                ON CONFLICT (name) DO UPDATE SET seen = $2, state = $3, capacity = $4, entry = $5
                """,
                node.Name, now, node.State, node.Capacity, StoredForms.Node(node));
            return connection.Execute("DELETE FROM nodes WHERE seen < $1", now - 3_600_000);
        },
        cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<NodeEntry>> Nodes(CancellationToken cancellation = default) => _database.Read<IReadOnlyList<NodeEntry>>(
        connection =>
        {
            var now = _database.Now;
            return connection.Rows(
                row => StoredForms.Node(row.GetString(0)) with
                {
                    Started = Time(row.GetInt64(1)),
                    Seen = Time(row.GetInt64(2)),
                    SeenSecondsAgo = long.Max(0, now - row.GetInt64(2)) / 1000.0,
                },
                $"SELECT entry, started, seen FROM nodes ORDER BY ({IsUp}) DESC, started, name", now);
        },
        cancellation);

    /// <inheritdoc/>
    public Task<bool> TakeLease(string name, string owner, TimeSpan validity, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(validity, TimeSpan.Zero);
        return _database.WriteLightly(
            connection =>
            {
                var now = _database.Now;
                return connection.Execute(
                    """
                    INSERT INTO leases VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
                    WHERE owner = excluded.owner OR until <= $4
                    """,
                    name, owner, now + (long)double.Ceiling(validity.TotalMilliseconds), now) == 1;
            },
            cancellation);
    }

    /// <inheritdoc/>
    public Task<bool> ReleaseLease(string name, string owner, CancellationToken cancellation = default) => _database.WriteLightly(
        connection => connection.Execute("DELETE FROM leases WHERE name = $1 AND owner = $2", name, owner) == 1, cancellation);

    /// <inheritdoc/>
    public async Task<IAsyncDisposable> LockJoining(CancellationToken cancellation = default)
    {
        try
        {
            return new HeldLock(
                await _parts.Lock(".joining.lock", cancellation, Timeout.InfiniteTimeSpan).ConfigureAwait(false));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw _database.Worded(error);
        }
    }

    /// <inheritdoc/>
    public async Task WaitForSubmission(TimeSpan atMost, CancellationToken cancellation = default)
    {
        var seen = Interlocked.Read(ref _submissionsSeen);
        var until = Environment.TickCount64 + long.Max(0, (long)atMost.TotalMilliseconds);
        while (!_isDisposed)
        {
            try
            {
                var number = await _database.Read(connection => (long)connection.Scalar("SELECT number FROM submissions")!, cancellation)
                    .ConfigureAwait(false);
                if (number != seen)
                {
                    Interlocked.Exchange(ref _submissionsSeen, number);
                    return;
                }
            }
            catch (ClusterStoreException)
            {
                seen = -1;
            }

            var left = until - Environment.TickCount64;
            if (left <= 0)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(double.Min(left, Look.TotalMilliseconds)), cancellation).ConfigureAwait(false);
        }
    }

    private sealed class HeldLock(IDisposable held) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            held.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
