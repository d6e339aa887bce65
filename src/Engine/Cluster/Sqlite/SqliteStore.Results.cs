using System.Security.Cryptography;
using FitCluster.Messages;
using Microsoft.Data.Sqlite;

namespace FitCluster.Engine;

public sealed partial class SqliteStore
{
    /// <inheritdoc/>
    public async Task<bool> End(
        JobName job, JobProgress progress, JobState state, string reason,
        IReadOnlyList<(string Name, string Path)> files, Round? resume = null,
        CancellationToken cancellation = default)
    {
        bool MayEnd(SqliteConnection connection) => Fenced(connection, job, progress.Attempt, () => connection.Scalar(
            "SELECT state IN ('Queued', 'Running') FROM jobs WHERE job = $1", job.Value) is 1L);

        // The files are written before the transaction, in which others wait.
        if (!await _database.Read(MayEnd, cancellation).ConfigureAwait(false))
        {
            return false;
        }

        var copies = new List<(string Name, string File, string Checksum, long Bytes)>();
        foreach (var (name, path) in files)
        {
            var (file, checksum, bytes) = await OnFiles(() => _parts.Copy(job, name, path), cancellation).ConfigureAwait(false);
            copies.Add((name, file, checksum, bytes));
        }

        var hasEnded = false;
        await Delete(
            job,
            connection =>
            {
                if (!MayEnd(connection))
                {
                    return [.. copies.Select(copy => copy.File)];
                }

                hasEnded = true;
                return End(connection, job, progress, state, reason, copies, resume);
            },
            cancellation).ConfigureAwait(false);
        return hasEnded;
    }

    private List<string> End(
        SqliteConnection connection, JobName job, JobProgress progress, JobState state, string reason,
        List<(string Name, string File, string Checksum, long Bytes)> copies, Round? resume)
    {
        var gone = connection.Rows(row => row.GetString(0), "DELETE FROM results WHERE job = $1 RETURNING file", job.Value);
        foreach (var copy in copies)
        {
            connection.Execute(
                "INSERT INTO results (job, name, bytes, checksum, file) VALUES ($1, $2, $3, $4, $5)", job.Value, copy.Name, copy.Bytes,
                copy.Checksum, copy.File);
        }

        connection.Execute(
            "UPDATE jobs SET state = $2, cancel_wanted = 0, reported = $3, ended = $3, reason = $4, progress = $5 WHERE job = $1",
            job.Value, state.ToString(), _database.Now, reason.Replace('\0', '?'), StoredForms.Progress(progress));
        gone.AddRange(state is JobState.Converged or JobState.Stopped
            ? DropAllBut(connection, job, resume)
            : Delete(connection, "job = $1 AND kind = 1", job.Value));
        return gone;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ResultFile>> Results(JobName job, CancellationToken cancellation = default) =>
        _database.Read<IReadOnlyList<ResultFile>>(
            connection => connection.Rows(
                row => new ResultFile(row.GetString(0), row.GetInt64(1), row.GetString(2)),
                "SELECT name, bytes, checksum FROM results WHERE job = $1 ORDER BY name", job.Value),
            cancellation);

    /// <inheritdoc/>
    public async Task CopyResult(JobName job, ResultFile file, Stream to, CancellationToken cancellation = default)
    {
        var name = await _database.Read(
            connection => connection.Scalar("SELECT file FROM results WHERE job = $1 AND name = $2", job.Value, file.Name) as string,
            cancellation).ConfigureAwait(false);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            // No row: nothing is copied, and the checksum is wrong.
            await using var from = name is null
                ? Stream.Null
                : new FileStream(_parts.FileOf(job, name), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0);
            var buffer = new byte[1 << 20];
            for (int read; (read = await from.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
            {
                hash.AppendData(buffer, 0, read);
                await to.WriteAsync(buffer.AsMemory(0, read), cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            hash.AppendData([0]);
        }

        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != file.Checksum)
        {
            throw new ClusterStoreException(
                $"the result file {file.Name} of job {job} in the store {_database.Path} is damaged (SHA-256 differs): put a copy of " +
                "the store and its folder of parts back, or run the job again under another name",
                isUnreachable: false);
        }
    }
}
