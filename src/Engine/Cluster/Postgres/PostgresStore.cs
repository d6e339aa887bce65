using System.Net.Sockets;
using System.Security.Authentication;
using FitCluster.Messages;
using Npgsql;

namespace FitCluster.Engine;

/// <summary>
/// The store of a cluster in PostgreSQL: checkpoints, jobs, event logs, results, nodes. Every request is one transaction.
/// </summary>
/// <remarks>
/// Files: this one connects and words failures; Checkpoints answers actors; Jobs keeps the directory; Results the files; Nodes the nodes;
/// Leases what nodes agree by; Journal what the journals of jobs have the tables show.
/// </remarks>
public sealed partial class PostgresStore : IClusterStore, IJobProjection
{
    /// <summary>Large contents are cut into rows of this size: neither side holds more at once.</summary>
    private const int ChunkBytes = 4 << 20;

    private readonly StoreUrl _url;
    private readonly NpgsqlDataSource _source;

    /// <summary>Makes a store; nothing is asked of the database before <see cref="Prepare"/>.</summary>
    /// <param name="url">postgres://user:password@host:port/database, with sslmode and sslrootcert as parameters.</param>
    /// <exception cref="ClusterStoreException">The URL is not one of a store.</exception>
    public PostgresStore(string url)
    {
        _url = StoreUrl.Parse(url);
        _source = new NpgsqlDataSourceBuilder(_url.Builder.ConnectionString).Build();
        _submissions = new Lazy<SubmissionListener>(() => new SubmissionListener(_source));
    }

    /// <summary>Refuses a URL that no store can have; nothing is asked of the network.</summary>
    /// <exception cref="ClusterStoreException">The URL is not of the form, or has an unknown parameter.</exception>
    public static void CheckUrl(string url) => StoreUrl.Parse(url);

    /// <summary>Where the store is, without a password.</summary>
    public override string ToString() => _url.ToString();

    /// <inheritdoc/>
    public Task Prepare(CancellationToken cancellation = default) => Guarded(async () =>
    {
        await PostgresSchema.Prepare(_source, _url, cancellation).ConfigureAwait(false);
        return true;
    });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_submissions.IsValueCreated)
        {
            await _submissions.Value.DisposeAsync().ConfigureAwait(false);
        }

        await _source.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<T> Guarded<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception error) when (
            error is NpgsqlException or TimeoutException or SocketException or IOException or InvalidOperationException
                or AuthenticationException)
        {
            throw Worded(error);
        }
    }

    /// <summary>A transaction on a connection of the pool.</summary>
    private Task<T> InTransaction<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation) => Guarded(async () =>
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        var result = await work(connection).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return result;
    });

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }

#pragma warning disable CA1068 // The values of a command are a list of any length, and so stand last.
    private static async Task<int> Execute(NpgsqlConnection connection, CancellationToken cancellation, string sql, params object[] values)
    {
        await using var command = Command(connection, sql, values);
        return await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private static async Task<object?> Scalar(
        NpgsqlConnection connection, CancellationToken cancellation, string sql, params object[] values)
    {
        await using var command = Command(connection, sql, values);
        return await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false);
    }

#pragma warning restore CA1068

    /// <summary>The newest claimed attempt, which nobody may exceed before this transaction has ended.</summary>
    private static async Task<Attempt> Newest(NpgsqlConnection connection, JobName job, CancellationToken cancellation) =>
        new(await Scalar(
            connection, cancellation, "SELECT newest FROM fitcluster.attempts WHERE job = $1 FOR SHARE", job.Value)
            .ConfigureAwait(false) as long? ?? 0);

    private ClusterStoreException Worded(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case PostgresException { SqlState: "28P01" or "28000" }:
                    return new ClusterStoreException(
                        $"the store {_url} refuses the user '{_url.Builder.Username}': " +
                        "the user is unknown there, or the password is wrong",
                        true, error);
                case PostgresException { SqlState: "3D000" }:
                    return new ClusterStoreException(
                        $"the store {_url} cannot be used: there is no database '{_url.Builder.Database}'; create it", true, error);
                case PostgresException { SqlState: "42501" }:
                    return new ClusterStoreException(
                        $"the store {_url} does not let the user '{_url.Builder.Username}' do this ({cause.Message}): " +
                        "give the user the right to create in the database",
                        true, error);
                case PostgresException { SqlState: "3F000" or "42P01" or "42703" }:
                    return new ClusterStoreException(
                        $"the store {_url} does not have the tables of this program ({cause.Message}): " +
                        "start a node of this version, which makes them",
                        false, error);
                case PostgresException postgres:
                    return new ClusterStoreException(
                        $"the store {_url} could not do it: {postgres.MessageText}",
                        postgres.SqlState.StartsWith("57", StringComparison.Ordinal), error);
                case AuthenticationException:
                    return new ClusterStoreException(
                        $"the store {_url} could not be trusted: " +
                        $"{cause.Message} (give the authority's certificate as ?sslrootcert=FILE in the URL)",
                        true, error);
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData }:
                    return new ClusterStoreException(
                        $"the store {_url} cannot be reached: the host '{_url.Builder.Host}' is not known", true, error);
                case SocketException:
                    return new ClusterStoreException(
                        $"the store {_url} cannot be reached: {cause.Message}; is it running, and is the URL right?", true, error);
            }
        }

        return new ClusterStoreException($"the store {_url} cannot be reached: {error.Message.ReplaceLineEndings(" ")}", true, error);
    }
}
