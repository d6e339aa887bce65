using System.Buffers;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// Checkpoints in this process's memory: for tests and the simulation. Keeps parts as bytes, so that nobody's later writes reach them;
/// every request is done before <see cref="Handle"/> returns.
/// </summary>
public sealed class InMemoryCheckpointStore : ICheckpointStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<JobName, Job> _jobs = [];

    /// <inheritdoc/>
    public ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default)
    {
        if (CheckpointRules.Check(request) is { } wrong)
        {
            return ValueTask.FromResult(new StoreReply(wrong));
        }

        lock (_lock)
        {
            if (!_jobs.TryGetValue(request.Job, out var job))
            {
                _jobs.Add(request.Job, job = new Job());
            }

            try
            {
                return ValueTask.FromResult(request switch
                {
                    ClaimAttempt => new AttemptClaimed(job.Newest = new Attempt(job.Newest.Value + 1)),
                    SavePart save => Save(job, save),
                    CommitCheckpoint commit => Commit(job, commit),
                    FindCheckpoint find => Find(job, find),
                    LoadPart load => Load(job, load),
                    DropCheckpoints drop => Drop(job, drop),
                    _ => new StoreReply($"the store knows no request {request.GetType().Name}"),
                });
            }
            catch (FrameException error)
            {
                return ValueTask.FromResult(new StoreReply($"{request.GetType().Name} of job {request.Job} failed: {error.Message}"));
            }
        }
    }

    /// <summary>For tests: flips one bit of a saved part (of every attempt). False if there is none.</summary>
    public bool Damage(JobName job, Round round, ShardId shard, PartKind kind = PartKind.State)
    {
        lock (_lock)
        {
            var parts = Saved(job, round, shard, kind);
            parts.ForEach(p => p.Value[^1] ^= 1);
            return parts.Count > 0;
        }
    }

    /// <summary>For tests: forgets a saved part (of every attempt). False if there is none.</summary>
    public bool Remove(JobName job, Round round, ShardId shard, PartKind kind = PartKind.State)
    {
        lock (_lock)
        {
            var parts = Saved(job, round, shard, kind);
            parts.ForEach(p => _jobs[job].Parts.Remove(p.Key));
            return parts.Count > 0;
        }
    }

    /// <summary>The number of parts that are kept for a job, of checkpoints (committed or not) and of results.</summary>
    public int PartCount(JobName job)
    {
        lock (_lock)
        {
            return _jobs.TryGetValue(job, out var kept) ? kept.Parts.Count : 0;
        }
    }

    private List<KeyValuePair<PartKey, byte[]>> Saved(JobName job, Round round, ShardId shard, PartKind kind) =>
        _jobs.TryGetValue(job, out var kept)
            ? [.. kept.Parts.Where(p => p.Key.Round == round && p.Key.Shard == shard && p.Key.Kind == kind)]
            : [];

    private static StoreReply Save(Job job, SavePart save)
    {
        if (CheckpointRules.Fence(save.Job, save.Attempt, job.Newest) is { } fenced)
        {
            return fenced;
        }

        var buffer = new ArrayBufferWriter<byte>(1024);
        ArraySetCodec.Encode(save.State, buffer);
        var bytes = buffer.WrittenSpan.ToArray();
        var checksum = CheckpointRules.Checksum(bytes);
        if (job.Manifests.TryGetValue(save.Round, out var manifest) && Committed.WithOther(manifest, save, checksum) is { } refused)
        {
            return refused;
        }

        job.Parts[new PartKey(save.Round, save.Shard, save.Attempt, save.Kind)] = bytes;
        if (save.Kind == PartKind.Result)
        {
            job.Forget(key => key.Kind == PartKind.Result && key.Shard == save.Shard && key.Attempt < save.Attempt);
        }

        return new PartSaved(checksum, bytes.Length);
    }

    private static StoreReply Commit(Job job, CommitCheckpoint commit)
    {
        if (CheckpointRules.Fence(commit.Job, commit.Attempt, job.Newest) is { } fenced)
        {
            return fenced;
        }

        var manifest = commit.Manifest;
        foreach (var part in manifest.Parts)
        {
            var key = new PartKey(manifest.Round, part.Shard, part.Attempt, PartKind.State);
            if (!job.Parts.TryGetValue(key, out var bytes) || bytes.Length != part.Bytes)
            {
                return new StoreReply(
                    $"the checkpoint of round {manifest.Round} of job {commit.Job} was not committed: " +
                    $"{CheckpointRules.Name(part.Shard)} of attempt {part.Attempt} is not there with {part.Bytes} bytes");
            }
        }

        job.Manifests[manifest.Round] = manifest;
        Prune(job, commit);
        return new StoreReply();
    }

    private static void Prune(Job job, CommitCheckpoint commit)
    {
        foreach (var later in job.Manifests.Where(m => m.Key > commit.Manifest.Round && m.Value.Attempt < commit.Attempt).ToList())
        {
            job.Manifests.Remove(later.Key);
        }

        var rounds = job.Manifests.Keys.OrderDescending().ToList();
        var resume = job.NewestUpTo(commit.Resume);
        var newestWhole = rounds.FindIndex(r => Fault(job, job.Manifests[r]) is null);
        foreach (var round in rounds.Skip(int.Max(commit.Keep, newestWhole + 1)).Where(round => round != resume))
        {
            job.Manifests.Remove(round);
        }

        job.Forget(key => !job.IsCommitted(key) && (key.Round < commit.Manifest.Round || key.Attempt < commit.Attempt));
    }

    private static StoreReply Drop(Job job, DropCheckpoints drop)
    {
        if (CheckpointRules.Fence(drop.Job, drop.Attempt, job.Newest) is { } fenced)
        {
            return fenced;
        }

        var resume = job.NewestUpTo(drop.Resume);
        foreach (var round in job.Manifests.Keys.Where(round => round != resume).ToList())
        {
            job.Manifests.Remove(round);
        }

        job.Forget(key => !job.IsCommitted(key));
        return new StoreReply();
    }

    private static CheckpointFound Find(Job job, FindCheckpoint find)
    {
        var faults = new List<string>();
        foreach (var (_, manifest) in job.Manifests.Where(m => find.UpTo is not { } upTo || m.Key <= upTo).OrderByDescending(m => m.Key))
        {
            if (Fault(job, manifest) is not { } fault)
            {
                return CheckpointRules.Found(manifest, faults);
            }

            faults.Add($"the checkpoint of round {manifest.Round} of job {find.Job} is passed over, {fault}");
        }

        return CheckpointRules.Found(null, faults);
    }

    private static string? Fault(Job job, CheckpointManifest manifest)
    {
        foreach (var part in manifest.Parts)
        {
            if (!job.Parts.TryGetValue(new PartKey(manifest.Round, part.Shard, part.Attempt, PartKind.State), out var bytes))
            {
                return $"{CheckpointRules.Name(part.Shard)} is missing";
            }

            if (CheckpointRules.Checksum(bytes) != part.Checksum)
            {
                return $"{CheckpointRules.Name(part.Shard)} is damaged (SHA-256 differs)";
            }
        }

        return null;
    }

    private static StoreReply Load(Job job, LoadPart load)
    {
        var what = $"{CheckpointRules.Name(load.Shard, load.Kind)} of round {load.Round} of job {load.Job}";
        if (!job.Parts.TryGetValue(new PartKey(load.Round, load.Shard, load.Attempt, load.Kind), out var bytes))
        {
            return new StoreReply($"{what} is missing", IsCorrupt: true);
        }

        return CheckpointRules.Checksum(bytes) == load.Checksum
            ? new PartLoaded(ArraySetCodec.Decode(bytes))
            : new StoreReply($"{what} is damaged (SHA-256 differs)", IsCorrupt: true);
    }

    private readonly record struct PartKey(Round Round, ShardId Shard, Attempt Attempt, PartKind Kind);

    private sealed class Job
    {
        public Attempt Newest { get; set; }

        public Dictionary<PartKey, byte[]> Parts { get; } = [];

        public Dictionary<Round, CheckpointManifest> Manifests { get; } = [];

        /// <summary>The newest checkpoint up to a round; null when there is none, or for no round.</summary>
        public Round? NewestUpTo(Round? upTo) => Manifests.Keys.Where(round => round <= upTo).Select(round => (Round?)round).Max();

        public bool IsCommitted(PartKey key) => key.Kind == PartKind.State && Manifests.TryGetValue(key.Round, out var manifest) &&
            manifest.Parts.Any(p => p.Shard == key.Shard && p.Attempt == key.Attempt);

        public void Forget(Func<PartKey, bool> isForgotten)
        {
            foreach (var key in Parts.Keys.Where(isForgotten).ToList())
            {
                Parts.Remove(key);
            }
        }
    }
}
