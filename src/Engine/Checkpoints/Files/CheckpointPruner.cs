using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// Deletes what a new checkpoint has made superfluous: later ones of older attempts, older ones beyond the number to keep, parts that no
/// manifest names, and temporary files that nobody writes any more. Before an older checkpoint is deleted, a newer one is read in full and
/// found whole. At the end of a fit: all. Two prunings may run at once, of two commits or of the last and the end: what is gone already is
/// deleted.
/// </summary>
internal sealed class CheckpointPruner(CheckpointPaths paths, CheckpointReader reader)
{
    /// <summary>A temporary file without an attempt in its name is stale after so long.</summary>
    private static readonly TimeSpan StaleAge = TimeSpan.FromHours(1);

    public void Prune(CommitCheckpoint commit, CancellationToken cancellation)
    {
        var job = commit.Job;
        var rounds = paths.Rounds(job);
        foreach (var later in rounds.Where(r => r > commit.Manifest.Round && Manifest(job, r, out _)?.Attempt < commit.Attempt))
        {
            Uncommit(job, later);
        }

        var committed = Committed(job);
        if (committed.Count > commit.Keep)
        {
            var resume = NewestUpTo(committed, commit.Resume);
            var newestWhole = committed.FindIndex(r => reader.Fault(job, r, cancellation, out _) is null);
            foreach (var round in committed.Skip(int.Max(commit.Keep, newestWhole + 1)).Where(round => round != resume))
            {
                Uncommit(job, round);
            }
        }

        foreach (var round in rounds)
        {
            CleanRound(commit, round);
        }

        foreach (var file in Files(new DirectoryInfo(paths.Job(job)), "*" + CheckpointPaths.TemporaryMark + "*"))
        {
            DeleteIfStale(file);
        }
    }

    /// <summary>Deletes everything but the newest checkpoint up to the round to resume from. Under the job's lock.</summary>
    public void Drop(DropCheckpoints drop)
    {
        var resume = NewestUpTo(Committed(drop.Job), drop.Resume);
        foreach (var round in paths.Rounds(drop.Job))
        {
            var folder = new DirectoryInfo(paths.Round(drop.Job, round));
            if (round != resume)
            {
                Uncommit(drop.Job, round);
                Gone(() => folder.Delete(recursive: true));
            }
            else if (Named(drop.Job, round) is { } named)
            {
                named.Add(CheckpointPaths.ManifestName);
                foreach (var file in Files(folder).Where(file => !named.Contains(file.Name)))
                {
                    Gone(file.Delete);
                }
            }
        }
    }

    /// <summary>Deletes the parts of the results that older attempts have saved of the same shard.</summary>
    public void DropOlderResults(SavePart save)
    {
        foreach (var round in paths.Rounds(save.Job))
        {
            var folder = new DirectoryInfo(paths.Round(save.Job, round));
            foreach (var file in Files(folder, CheckpointPaths.ResultPrefix(save.Shard) + "*"))
            {
                if (CheckpointPaths.AttemptOf(file.Name) is { } attempt && attempt < save.Attempt)
                {
                    Gone(file.Delete);
                }
            }
        }
    }

    private static Round? NewestUpTo(IEnumerable<Round> rounds, Round? upTo) =>
        rounds.Where(round => round <= upTo).Select(round => (Round?)round).Max();

    private List<Round> Committed(JobName job) => paths.Rounds(job).FindAll(round => File.Exists(paths.Manifest(job, round)));

    /// <summary>First it is no checkpoint any more, then its parts go: half a checkpoint is never seen.</summary>
    private void Uncommit(JobName job, Round round) => Gone(() =>
    {
        File.Delete(paths.Manifest(job, round));
        DurableFile.SyncFolder(paths.Round(job, round));
    });

    private void CleanRound(CommitCheckpoint commit, Round round)
    {
        var folder = new DirectoryInfo(paths.Round(commit.Job, round));
        var isOld = round < commit.Manifest.Round;
        if (Named(commit.Job, round) is not { } named)
        {
            return;
        }

        foreach (var file in Files(folder))
        {
            if (CheckpointPaths.AttemptOf(file.Name) is not { } attempt)
            {
                DeleteIfStale(file);
            }
            else if (!named.Contains(file.Name) && (isOld || attempt < commit.Attempt))
            {
                // Nobody will commit it: the round is past, or its attempt is.
                Gone(file.Delete);
            }
        }

        if (isOld && named.Count == 0)
        {
            Gone(() =>
            {
                if (!folder.EnumerateFileSystemInfos().Any())
                {
                    folder.Delete();
                }
            });
        }
    }

    /// <summary>
    /// The files that a round's manifest names; none without a manifest; null when it is damaged, and all is left as it is.
    /// </summary>
    private HashSet<string>? Named(JobName job, Round round)
    {
        var manifest = Manifest(job, round, out var isDamaged);
        return isDamaged ? null : [.. manifest?.Parts.Select(p => Path.GetFileName(paths.Part(job, round, p.Shard, p.Attempt))) ?? []];
    }

    /// <summary>The manifest of a round; null when there is none, or it is damaged.</summary>
    private CheckpointManifest? Manifest(JobName job, Round round, out bool isDamaged)
    {
        isDamaged = false;
        try
        {
            return ManifestFile.Read(File.ReadAllBytes(paths.Manifest(job, round)));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (InvalidDataException)
        {
            isDamaged = true;
            return null;
        }
    }

    private static void DeleteIfStale(FileInfo file)
    {
        if (file.Name.Contains(CheckpointPaths.TemporaryMark, StringComparison.Ordinal) &&
            DateTime.UtcNow - file.LastWriteTimeUtc > StaleAge)
        {
            Gone(file.Delete);
        }
    }

    private static FileInfo[] Files(DirectoryInfo folder, string pattern = "*")
    {
        try
        {
            return folder.GetFiles(pattern);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>Deletes what another pruning may delete at the same moment.</summary>
    private static void Gone(Action delete)
    {
        try
        {
            delete();
        }
        catch (DirectoryNotFoundException)
        {
            // It is what was wanted.
        }
    }
}
