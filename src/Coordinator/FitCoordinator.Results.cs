using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Coordinator;

public sealed partial class FitCoordinator
{
    private int _collections;

    /// <summary>Simulation only: false takes results of any attempt and load, to prove that the simulation would notice.</summary>
    internal bool ChecksResults { get; init; } = true;

    private void BeginCollecting(IActorContext context)
    {
        _stage = Stage.Collecting;
        foreach (var slot in _slots.Where(slot => slot.IsReady && slot.Round == _round))
        {
            Drive(slot, context);
        }
    }

    /// <summary>A shard's rows of the results are durable. Only who saved them, their checksum and their size are kept here.</summary>
    private void TakeResult(ShardSlot slot, ShardCollected collected, IActorContext context)
    {
        if (_stage != Stage.Collecting || collected.Round != _round || slot.Result is not null)
        {
            return;
        }

        slot.Result = new CheckpointPart(collected.Shard, collected.Attempt, collected.Checksum, collected.Bytes);
        slot.Answered(context.Now);
        slot.Due = TimeSpan.MaxValue;
        if (_slots.All(s => s.Result is not null))
        {
            End(_ending!.Value.Status, _ending.Value.Reason, context);
        }
    }

    /// <summary>A shard could not save its rows of the results: it is asked again, after waits that double.</summary>
    private void TakeResultNotSaved(ShardSlot slot, ShardNotSaved notSaved, IActorContext context)
    {
        if (notSaved.Round != _round || slot.Result is not null)
        {
            return;
        }

        var failures = ++slot.ResultFailures;
        if (failures >= _settings.ResultTries)
        {
            End(FitStatus.Failed,
                $"shard {slot.Shard} of job {_job} could not save its results {failures} times, the last time: {notSaved.Reason}", context);
            return;
        }

        if (failures == 1)
        {
            Say($"shard {slot.Shard} of job {_job} could not save its results: {notSaved.Reason}; it is tried again");
        }

        var wait = double.Min(_settings.RetrySeconds * (1 << int.Min(failures - 1, 16)), _settings.AskAgainMaxSeconds);
        slot.Due = context.Now + TimeSpan.FromSeconds(wait);
    }

    /// <summary>A part of the results is damaged: a new attempt collects all of them again, from the newest whole checkpoint.</summary>
    private void CollectAgain(CollectAgain again, IActorContext context)
    {
        if (_stage != Stage.Ended || _outcome is null || again.Attempt != _attempt)
        {
            return;
        }

        if (++_collections >= _settings.JobFailures)
        {
            End(FitStatus.Failed, $"the results of job {_job} were damaged {_collections} times, the last time: {again.Reason}", context);
            return;
        }

        Say($"the results of job {_job} cannot be read: {again.Reason}; they are collected again");
        BeginStart(context);
    }

    private ResultParts Collected() => new(_job, _round, [.. _slots.Select(slot => slot.Result!)], loadResult);
}
