using System.Diagnostics.CodeAnalysis;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// Checkpoints in a folder that all nodes share (or the only node has). Parts are .npz files that np.load opens; a checkpoint is committed
/// by the atomic appearance of its manifest.json; files are fsynced before they get their names, and their folders after. Claims and
/// commits are serialized between processes by a file lock. Requests are carried out on the thread pool.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "the semaphore has no wait handle unless asked for one, and so nothing to dispose of")]
public sealed class DirectoryCheckpointStore : ICheckpointStore
{
    private readonly CheckpointPaths _paths;
    private readonly CheckpointReader _reader;
    private readonly CheckpointPruner _pruner;
    private readonly SemaphoreSlim _turns;
    private readonly Action<string>? _report;

    /// <summary>A store over a folder. It is made when it is first written to.</summary>
    /// <param name="root">The folder; each job has a folder in it.</param>
    /// <param name="concurrency">The most requests carried out at once, 1 or more; more wait. Default 4.</param>
    /// <param name="report">Told in words of what went wrong without harm: pruning that failed, to
    /// be tried again at the next commit.</param>
    public DirectoryCheckpointStore(string root, int concurrency = 4, Action<string>? report = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(root);
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        _paths = new CheckpointPaths(root);
        _reader = new CheckpointReader(_paths);
        _pruner = new CheckpointPruner(_paths, _reader);
        _turns = new SemaphoreSlim(concurrency);
        _report = report;
    }

    /// <inheritdoc/>
    public ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default) =>
        new(Task.Run(() => HandleSafely(request, cancellation), CancellationToken.None));

    private async Task<StoreReply> HandleSafely(StoreRequest request, CancellationToken cancellation)
    {
        if (CheckpointRules.Check(request) is { } wrong)
        {
            return new StoreReply(wrong);
        }

        try
        {
            await _turns.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                return request switch
                {
                    ClaimAttempt claim => await Claim(claim, cancellation).ConfigureAwait(false),
                    SavePart save => Save(save),
                    CommitCheckpoint commit => await Commit(commit, cancellation).ConfigureAwait(false),
                    FindCheckpoint find => _reader.Find(find.Job, find.UpTo, cancellation),
                    LoadPart load => Load(load, cancellation),
                    DropCheckpoints drop => await Drop(drop, cancellation).ConfigureAwait(false),
                    _ => new StoreReply($"the store knows no request {request.GetType().Name}"),
                };
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (OperationCanceledException)
        {
            return new StoreReply($"{request.GetType().Name} in {_paths.Job(request.Job)} was given up: the store is ending");
        }
        catch (Exception error)
        {
            return new StoreReply($"{request.GetType().Name} in {_paths.Job(request.Job)} failed: {error.Message}");
        }
    }

    private async Task<StoreReply> Claim(ClaimAttempt claim, CancellationToken cancellation)
    {
        DurableFile.MakeFolder(_paths.Job(claim.Job));
        using var held = await JobLock.Take(_paths.Lock(claim.Job), cancellation).ConfigureAwait(false);
        return new AttemptClaimed(AttemptFile.Claim(_paths, claim.Job));
    }

    private StoreReply Save(SavePart save)
    {
        if (Fence(save.Job, save.Attempt) is { } fenced)
        {
            return fenced;
        }

        DurableFile.MakeFolder(_paths.Round(save.Job, save.Round));
        StoreReply? refused = null;
        var path = _paths.Part(save.Job, save.Round, save.Shard, save.Attempt, save.Kind);
        // Asked again after the writing, which may have taken long. A part that slips through is
        // under its own attempt's name: it harms nobody.
        var (checksum, bytes, isThere) = DurableFile.Write(
            path, to => PartFile.Write(to, save),
            checksum => (refused = Fence(save.Job, save.Attempt) ?? Replaced(save, checksum)) is null);
        if (isThere && save.Kind == PartKind.Result)
        {
            _pruner.DropOlderResults(save);
        }

        return isThere ? new PartSaved(checksum, bytes) : refused!;
    }

    private async Task<StoreReply> Drop(DropCheckpoints drop, CancellationToken cancellation)
    {
        if (!Directory.Exists(_paths.Job(drop.Job)))
        {
            return new StoreReply();
        }

        using var held = await JobLock.Take(_paths.Lock(drop.Job), cancellation).ConfigureAwait(false);
        if (Fence(drop.Job, drop.Attempt) is { } fenced)
        {
            return fenced;
        }

        _pruner.Drop(drop);
        return new StoreReply();
    }

    private async Task<StoreReply> Commit(CommitCheckpoint commit, CancellationToken cancellation)
    {
        var manifest = commit.Manifest;
        var what = $"the checkpoint of round {manifest.Round} of job {commit.Job} was not committed";
        if (!Directory.Exists(_paths.Job(commit.Job)))
        {
            return new StoreReply($"{what}: {_paths.Job(commit.Job)} is not there");
        }

        using (await JobLock.Take(_paths.Lock(commit.Job), cancellation).ConfigureAwait(false))
        {
            if (Fence(commit.Job, commit.Attempt) is { } fenced)
            {
                return fenced;
            }

            foreach (var part in manifest.Parts)
            {
                var file = new FileInfo(_paths.Part(commit.Job, manifest.Round, part.Shard, part.Attempt));
                if (!file.Exists || file.Length != part.Bytes)
                {
                    return new StoreReply(
                        $"{what}: {file.FullName} is {(file.Exists ? $"of {file.Length} bytes, not {part.Bytes}" : "not there")}");
                }
            }

            var text = ManifestFile.Write(manifest);
            DurableFile.Write(_paths.Manifest(commit.Job, manifest.Round), to => to.Write(text), _ => true);
        }

        Prune(commit, cancellation);
        return new StoreReply();
    }

    /// <summary>The checkpoint is committed already: what goes wrong from here on does not undo that.</summary>
    private void Prune(CommitCheckpoint commit, CancellationToken cancellation)
    {
        try
        {
            _pruner.Prune(commit, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            _report?.Invoke(
                $"old checkpoints in {_paths.Job(commit.Job)} could not be deleted, and will be at the next commit: {error.Message}");
        }
    }

    private static StoreReply LoadFault(string fault) => new(fault, IsCorrupt: true);

    private StoreReply Load(LoadPart load, CancellationToken cancellation)
    {
        var path = _paths.Part(load.Job, load.Round, load.Shard, load.Attempt, load.Kind);
        if (CheckpointReader.PartFault(path, load.Checksum, cancellation) is { } fault)
        {
            return LoadFault(fault);
        }

        try
        {
            return new PartLoaded(PartFile.Read(path, cancellation));
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or ArgumentException)
        {
            return LoadFault($"{path} cannot be read: {error.Message}");
        }
    }

    private StoreReply? Fence(JobName job, Attempt attempt) => CheckpointRules.Fence(job, attempt, AttemptFile.Read(_paths, job));

    private StoreReply? Replaced(SavePart save, string checksum)
    {
        try
        {
            return Committed.WithOther(ManifestFile.Read(File.ReadAllBytes(_paths.Manifest(save.Job, save.Round))), save, checksum);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException or InvalidDataException)
        {
            return null;
        }
    }
}
