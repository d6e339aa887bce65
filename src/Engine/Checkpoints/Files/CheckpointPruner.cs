using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// Deletes what a new checkpoint has made superfluous: older checkpoints beyond the number to keep, parts that no manifest names, and temporary
/// files that nobody writes any more. Before any checkpoint is deleted, a newer one is read in full and found whole.
/// </summary>
internal sealed class CheckpointPruner(CheckpointPaths paths, CheckpointReader reader)
{
    /// <summary>A temporary file without an attempt in its name is stale after so long.</summary>
    private static readonly TimeSpan StaleAge = TimeSpan.FromHours(1);

    public void Prune(CommitCheckpoint commit, CancellationToken cancellation)
    {
        var job = commit.Job;
        var rounds = paths.Rounds(job);
        var committed = rounds.FindAll(r => File.Exists(paths.Manifest(job, r)));
        if (committed.Count > commit.Keep)
        {
            var newestWhole = committed.FindIndex(r => reader.Fault(job, r, cancellation, out _) is null);
            foreach (var round in committed.Skip(int.Max(commit.Keep, newestWhole + 1)))
            {
                // First it is no checkpoint any more, then its parts go: half a checkpoint is never seen.
                File.Delete(paths.Manifest(job, round));
                DurableFile.SyncFolder(paths.Round(job, round));
            }
        }

        foreach (var round in rounds)
        {
            CleanRound(commit, round);
        }

        foreach (var file in new DirectoryInfo(paths.Job(job)).EnumerateFiles("*" + CheckpointPaths.TemporaryMark + "*"))
        {
            DeleteIfStale(file);
        }
    }

    private void CleanRound(CommitCheckpoint commit, Round round)
    {
        var folder = new DirectoryInfo(paths.Round(commit.Job, round));
        var isOld = round < commit.Manifest.Round;
        if (Named(commit.Job, round) is not { } named)
        {
            return;
        }

        foreach (var file in folder.EnumerateFiles())
        {
            if (CheckpointPaths.AttemptOf(file.Name) is not { } attempt)
            {
                DeleteIfStale(file);
            }
            else if (!named.Contains(file.Name) && (isOld || attempt < commit.Attempt))
            {
                // Nobody will commit it: the round is past, or its attempt is.
                file.Delete();
            }
        }

        if (isOld && named.Count == 0 && !folder.EnumerateFileSystemInfos().Any())
        {
            folder.Delete();
        }
    }

    /// <summary>The files that a round's manifest names; none without a manifest; null when it is damaged, and all is left as it is.</summary>
    private HashSet<string>? Named(JobName job, Round round)
    {
        try
        {
            var manifest = ManifestFile.Read(File.ReadAllBytes(paths.Manifest(job, round)));
            return [.. manifest.Parts.Select(p => Path.GetFileName(paths.Part(job, round, p.Shard, p.Attempt)))];
        }
        catch (FileNotFoundException)
        {
            return [];
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static void DeleteIfStale(FileInfo file)
    {
        if (file.Name.Contains(CheckpointPaths.TemporaryMark, StringComparison.Ordinal) && DateTime.UtcNow - file.LastWriteTimeUtc > StaleAge)
        {
            file.Delete();
        }
    }
}
