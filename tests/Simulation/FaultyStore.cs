using FitCluster.Engine;
using FitCluster.Messages;

namespace FitCluster.Simulation.Tests;

/// <summary>A store that tears what it writes and flips bits of what it has, and watches what is committed.</summary>
internal sealed class FaultyStore(
    ulong seed, SimulatedFaults faults, IReadOnlyList<PlainRun> plains, Func<TimeSpan> now, Action<string> violation) : ICheckpointStore
{
    private readonly InMemoryCheckpointStore _store = new();
    private readonly SplitMix _random = new(seed ^ 0x5EED);
    private readonly List<(Round Round, ShardId Shard, PartKind Kind)> _parts = [];
    private readonly HashSet<(Attempt, Round)> _committed = [];
    private CheckpointManifest? _newest;

    /// <summary>The newest attempt that was claimed.</summary>
    public Attempt Newest { get; private set; }

    public int Commits { get; private set; }

    public int Damaged { get; private set; }

    public int PassedOver { get; private set; }

    /// <summary>Parts of the results that were found damaged when they were read.</summary>
    public int DamagedResults { get; private set; }

    private bool IsFaulty => now() < faults.Until;

    public ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default)
    {
        if (IsFaulty && _parts.Count > 0 && _random.Chance(faults.StoreBitFlip))
        {
            var (round, shard, kind) = _parts[^(1 + _random.NextInt(int.Min(_parts.Count, 12)))];
            Damaged += _store.Damage(request.Job, round, shard, kind) ? 1 : 0;
        }

        var reply = Inner(request);
        switch (request)
        {
            case ClaimAttempt when reply is AttemptClaimed claimed:
                Newest = claimed.Attempt;
                break;
            case SavePart save when reply.Error is null:
                CheckSaved(save);
                _parts.Add((save.Round, save.Shard, save.Kind));
                if (IsFaulty && _random.Chance(faults.StoreTorn))
                {
                    _store.Damage(save.Job, save.Round, save.Shard, save.Kind);
                    Damaged++;
                    reply = new StoreReply("the write broke off in the middle (simulated)");
                }

                break;
            case CommitCheckpoint commit when reply.Error is null:
                CheckCommitted(commit.Manifest);
                break;
            case LoadPart { Kind: PartKind.Result } when reply.IsCorrupt:
                DamagedResults++;
                break;
            case FindCheckpoint when reply is CheckpointFound found:
                PassedOver += found.PassedOver.Count;
                CheckFound(request.Job, found.Manifest);
                break;
        }

        return ValueTask.FromResult(reply);
    }

    /// <summary>The results are written: the checkpoints go, but for one to go on from.</summary>
    public void Drop(JobName job, Attempt attempt, Round? resume)
    {
        Inner(new DropCheckpoints(job, attempt, resume));
        if (resume is null && _store.PartCount(job) is > 0 and var left)
        {
            violation($"{left} parts of {job} are left after its end");
        }
    }

    private StoreReply Inner(StoreRequest request) => _store.Handle(request).AsTask().GetAwaiter().GetResult();

    /// <summary>A shard's part has the bits of the plain run after that round, whatever the shard does meanwhile.</summary>
    private void CheckSaved(SavePart save)
    {
        if (save is { Kind: PartKind.State, Shard.Value: >= 0 } && !plains.Any(plain => plain.Has(save.Round, save.Shard, save.State)))
        {
            violation($"the saved part of shard {save.Shard} of round {save.Round} is not the state after that round");
        }
    }

    private void CheckCommitted(CheckpointManifest manifest)
    {
        Commits++;
        if (!_committed.Add((manifest.Attempt, manifest.Round)))
        {
            // The same again, late: the answer to a lost answer.
            return;
        }

        if (_newest is { } newest && manifest.Attempt < newest.Attempt)
        {
            violation($"round {manifest.Round} of attempt {manifest.Attempt} was committed after round {newest.Round} of attempt " +
                $"{newest.Attempt}");
        }

        if (_newest is { } before && manifest.Attempt == before.Attempt && manifest.Round < before.Round)
        {
            // One that was given up, carried out late: allowed, as long as it is never the one that is found.
            if (Inner(new FindCheckpoint(manifest.Job)) is CheckpointFound { PassedOver.Count: 0 } found &&
                found.Manifest?.Round < before.Round)
            {
                violation($"round {manifest.Round} of attempt {manifest.Attempt} was committed late and hides round {before.Round}");
            }

            return;
        }

        _newest = manifest;
    }

    /// <summary>What is found can be read, every part of it, and is what the plain run had.</summary>
    private void CheckFound(JobName job, CheckpointManifest? manifest)
    {
        foreach (var part in manifest?.Parts ?? [])
        {
            var reply = Inner(new LoadPart(job, part.Attempt, manifest!.Round, part.Shard, part.Checksum));
            if (reply is not PartLoaded loaded)
            {
                violation($"part {part.Shard} of the found checkpoint of round {manifest.Round} cannot be read: {reply.Error}");
            }
            else if (part.Shard.Value >= 0 && !plains.Any(plain => plain.Has(manifest.Round, part.Shard, loaded.State)))
            {
                violation($"part {part.Shard} of the found checkpoint of round {manifest.Round} has other bits");
            }
        }
    }
}
