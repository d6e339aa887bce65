using Npgsql;

namespace FitCluster.Engine;

public sealed partial class PostgresStore
{
    private readonly Lazy<SubmissionListener> _submissions;
    private long _submissionsSeen = -1;

    /// <inheritdoc/>
    public Task<bool> TakeLease(string name, string owner, TimeSpan validity, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(validity, TimeSpan.Zero);
        // now() is when the transaction began: before it waited for another's.
        return InTransaction(
            async connection => await Execute(
                connection, cancellation,
                """
                INSERT INTO fitcluster.leases (name, owner, until) VALUES ($1, $2, clock_timestamp() + $3)
                ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = clock_timestamp() + $3
                WHERE leases.owner = excluded.owner OR leases.until <= clock_timestamp()
                """,
                name, owner, validity).ConfigureAwait(false) == 1,
            cancellation);
    }

    /// <inheritdoc/>
    public Task<bool> ReleaseLease(string name, string owner, CancellationToken cancellation = default) => InTransaction(
        async connection => await Execute(
            connection, cancellation, "DELETE FROM fitcluster.leases WHERE name = $1 AND owner = $2", name, owner)
            .ConfigureAwait(false) == 1,
        cancellation);

    /// <inheritdoc/>
    public Task<IAsyncDisposable> LockJoining(CancellationToken cancellation = default) => Guarded<IAsyncDisposable>(async () =>
    {
        // Of no pool: a lock that is granted while it is given up goes with the connection.
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(_url.Builder.ConnectionString) { Pooling = false }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            await using var command = Command(connection, "SELECT pg_advisory_lock($1)", PostgresSchema.JoiningLock);
            command.CommandTimeout = 0;
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            return new JoiningLock(connection);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    });

    /// <inheritdoc/>
    public async Task WaitForSubmission(TimeSpan atMost, CancellationToken cancellation = default)
    {
        var number = await _submissions.Value.Wait(Interlocked.Read(ref _submissionsSeen), atMost, cancellation).ConfigureAwait(false);
        Interlocked.Exchange(ref _submissionsSeen, number);
    }

    /// <summary>Tells everybody who waits, when this transaction is committed.</summary>
    private static Task<int> Tell(NpgsqlConnection connection, CancellationToken cancellation) =>
        Execute(connection, cancellation, $"NOTIFY {SubmissionListener.Channel}");

    /// <summary>A lock of a session: the server gives it up with the connection, too.</summary>
    private sealed class JoiningLock(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await using var command = Command(connection, "SELECT pg_advisory_unlock($1)", PostgresSchema.JoiningLock);
                await command.ExecuteNonQueryAsync().ConfigureAwait(false);
            }
            catch (Exception error) when (error is NpgsqlException or TimeoutException or InvalidOperationException or IOException)
            {
                // The connection is lost, and the lock with it.
            }

            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }
}
