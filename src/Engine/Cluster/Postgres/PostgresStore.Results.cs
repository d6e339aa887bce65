using System.Data;
using System.Security.Cryptography;
using FitCluster.Messages;
using Npgsql;

namespace FitCluster.Engine;

public sealed partial class PostgresStore
{
    /// <inheritdoc/>
    public Task<bool> End(
        JobName job, JobProgress progress, JobState state, string reason,
        IReadOnlyList<(string Name, string Path)> files, Round? resume = null,
        CancellationToken cancellation = default) => Fenced(
        job, progress.Attempt,
        async connection =>
        {
            if (await Scalar(connection, cancellation, "SELECT state IN ('Queued', 'Running') FROM fitcluster.jobs WHERE job = $1",
                job.Value).ConfigureAwait(false) is not true)
            {
                return false;
            }

            await Execute(connection, cancellation, "DELETE FROM fitcluster.results WHERE job = $1", job.Value).ConfigureAwait(false);
            foreach (var (name, path) in files)
            {
                await SaveFile(connection, job, name, path, cancellation).ConfigureAwait(false);
            }

            // Last, so that the coordinator can report that it is alive while the files are written.
            var ended = await Execute(
                connection, cancellation,
                """
                UPDATE fitcluster.jobs SET state = $2, cancel_wanted = false, reported = now(), ended = now(), reason = $3,
                    progress = $4::jsonb
                WHERE job = $1 AND state IN ('Queued', 'Running')
                """,
                job.Value, state.ToString(), reason.Replace('\0', '?'), StoredForms.Progress(progress))
                .ConfigureAwait(false);
            if (ended == 0)
            {
                throw new ClusterStoreException($"job {job} ended while its results were being stored: nothing of them was kept", false);
            }

            if (state is JobState.Converged or JobState.Stopped)
            {
                await DropAllBut(connection, job, resume, cancellation).ConfigureAwait(false);
            }
            else
            {
                await Execute(
                    connection, cancellation, "DELETE FROM fitcluster.result_parts WHERE job = $1", job.Value).ConfigureAwait(false);
            }

            return true;
        },
        cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ResultFile>> Results(JobName job, CancellationToken cancellation = default) => InTransaction(
        async connection =>
        {
            await using var command = Command(
                connection, "SELECT name, bytes, checksum FROM fitcluster.results WHERE job = $1 ORDER BY name", job.Value);
            await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            var files = new List<ResultFile>();
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                files.Add(new ResultFile(reader.GetString(0), reader.GetInt64(1), reader.GetString(2)));
            }

            return (IReadOnlyList<ResultFile>)files;
        },
        cancellation);

    /// <inheritdoc/>
    public Task CopyResult(JobName job, ResultFile file, Stream to, CancellationToken cancellation = default) => InTransaction(
        async connection =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var command = Command(connection,
                "SELECT content FROM fitcluster.result_chunks WHERE job = $1 AND name = $2 ORDER BY chunk", job.Value, file.Name);
            await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellation).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                var content = await reader.GetFieldValueAsync<byte[]>(0, cancellation).ConfigureAwait(false);
                hash.AppendData(content);
                await to.WriteAsync(content, cancellation).ConfigureAwait(false);
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset()) == file.Checksum
                ? true
                : throw new ClusterStoreException(
                    $"the result file {file.Name} of job {job} in the store {_url} is damaged (SHA-256 differs): restore the database, " +
                    "or run the job again under another name", false);
        },
        cancellation);

    private static async Task SaveFile(NpgsqlConnection connection, JobName job, string name, string path, CancellationToken cancellation)
    {
        await using var file = File.OpenRead(path);
        var checksum = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation).ConfigureAwait(false));
        await Execute(connection, cancellation, "INSERT INTO fitcluster.results VALUES ($1, $2, $3, $4)", job.Value, name, file.Length,
            checksum).ConfigureAwait(false);
        file.Position = 0;
        var buffer = new byte[long.Min(ChunkBytes, long.Max(1, file.Length))];
        for (var chunk = 0; ; chunk++)
        {
            var read = await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
            if (read == 0)
            {
                return;
            }

            await Execute(connection, cancellation, "INSERT INTO fitcluster.result_chunks VALUES ($1, $2, $3, $4)", job.Value, name, chunk,
                buffer.AsMemory(0, read)).ConfigureAwait(false);
        }
    }
}
