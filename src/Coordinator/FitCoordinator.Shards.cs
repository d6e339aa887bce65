using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Coordinator;

public sealed partial class FitCoordinator
{
    private int _jobFailures;
    private ShardId? _culprit;

    /// <summary>Tells a shard the next thing it has to do, if there is one, and says when to tell it again.</summary>
    private void Drive(ShardSlot slot, IActorContext context)
    {
        if (NextFor(slot) is not { } message)
        {
            slot.Due = TimeSpan.MaxValue;
            return;
        }

        if (slot.Repeats == 0)
        {
            slot.AskedAt = context.Now;
        }

        var slowest = slot.Slowest.TotalSeconds * _settings.Patience;
        var backOff = double.Min(_settings.AskAgainSeconds * (1 << int.Min(slot.Repeats, 16)), _settings.AskAgainMaxSeconds);
        slot.Due = context.Now + TimeSpan.FromSeconds(double.Max(slowest, backOff));
        context.Tell(ShardAddress.Of(_job, slot.Shard), message);
    }

    private IMessage? NextFor(ShardSlot slot)
    {
        var (attempt, load, shard) = (_attempt, slot.Load, slot.Shard);
        if (!slot.IsReady)
        {
            var part = _base?.Parts.FirstOrDefault(p => p.Shard == shard);
            return new LoadShard(
                _job, attempt, load, shard, _start!.Shards, _start.Spec, part is not null, part?.Attempt ?? default, slot.Round,
                part?.Checksum ?? "");
        }

        if (slot.Round < (_stage == Stage.Running ? _round.Next : _round))
        {
            var saveFirst = _pending is { } pending && pending.Round == slot.Round && pending.Needs(shard);
            var next = slot.Round.Next;
            return _log.Reaches(slot.Round) && next.Value <= _log.After.Value + _log.Count
                ? new RunRound(_job, attempt, load, shard, next, saveFirst, _log[next])
                : null;
        }

        return _stage == Stage.Collecting && slot.Result is null ? new CollectShard(_job, attempt, load, shard, _round) : null;
    }

    private void TakeReady(ShardSlot slot, ShardReady ready, IActorContext context)
    {
        if (slot.IsReady || ready.Round != slot.Round)
        {
            return;
        }

        slot.IsReady = true;
        slot.Rows = ready.Rows;
        slot.Answered(context.Now);
        Drive(slot, context);
        AskForOwedPart(slot, context);
    }

    private void TakeHello(ShardEmpty hello, IActorContext context)
    {
        if (_stage is Stage.Idle or Stage.Ended)
        {
            context.Tell(ShardAddress.Of(_job, hello.Shard), new ReleaseShard(_job, hello.Attempt, hello.Shard));
        }
        else if (IsAtWork && (uint)hello.Shard.Value < (uint)_slots.Length)
        {
            var slot = _slots[hello.Shard.Value];
            if (slot.IsReady)
            {
                Lose(slot, context);
            }
            else if (slot.Failures == 0)
            {
                Drive(slot, context);
            }
        }
    }

    /// <summary>The shard's state is gone, without a fault of its own: it alone goes back to the newest whole checkpoint.</summary>
    private void Lose(ShardSlot slot, IActorContext context)
    {
        if (slot.IsReady)
        {
            Say($"shard {slot.Shard} of job {_job} was lost in round {_round.Next}: it is loaded again from round {BaseRound} and " +
                $"replays {_round.Value - BaseRound.Value} rounds");
        }

        // A shard that owed nothing was not what killed its node.
        if (!slot.IsOwing || !IsLostTooOften(slot, context))
        {
            Reload(slot, context);
        }
    }

    /// <summary>A second activation begins the same load: the one before ended while it loaded, which has told nobody else.</summary>
    private void TakeLoading(ShardSlot slot, IActorContext context)
    {
        if (slot.IsReady || slot.Loadings++ == 0)
        {
            return;
        }

        Say($"shard {slot.Shard} of job {_job} was lost while it was being loaded from round {slot.Round}: it is loaded again");
        IsLostTooOften(slot, context);
    }

    /// <summary>Counts a loss; ends the job at one too many.</summary>
    private bool IsLostTooOften(ShardSlot slot, IActorContext context)
    {
        if (++slot.Losses < _settings.ShardLosses)
        {
            return false;
        }

        _culprit = slot.Shard;
        End(FitStatus.Failed,
            $"shard {slot.Shard} of job {_job} was lost {slot.Losses} times in a row in round {slot.Furthest.Next} without progress: " +
            "its node may be short of memory; use more shards or more memory", context);
        return true;
    }

    private void Reload(ShardSlot slot, IActorContext context)
    {
        slot.Reload(BaseRound);
        if (!_log.Reaches(BaseRound))
        {
            RestartForLog(context);
            return;
        }

        Drive(slot, context);
    }

    private void RestartForLog(IActorContext context)
    {
        Say($"the broadcasts since round {BaseRound} are not all kept any more: all of job {_job} goes back to its newest " +
            "whole checkpoint");
        BeginStart(context);
    }

    private void TakeFailure(ShardSlot slot, ShardFailed failed, IActorContext context)
    {
        // A shard that could not be loaded goes to another node: that many start on nodes which do not see the data is no fault of the job.
        var isLoading = !slot.IsReady;
        var most = isLoading ? _settings.ShardLoadFailures : _settings.ShardFailures;
        slot.Failures++;
        _jobFailures += isLoading ? 0 : 1;
        if (failed.IsPermanent)
        {
            End(FitStatus.Failed, failed.Reason, context);
        }
        else if (slot.Failures >= most)
        {
            _culprit = slot.Shard;
            End(FitStatus.Failed,
                $"shard {slot.Shard} of job {_job} failed {slot.Failures} times in a row without progress, the last time: {failed.Reason}",
                context);
        }
        else if (_jobFailures >= _settings.JobFailures)
        {
            End(FitStatus.Failed, $"the shards of job {_job} failed {_jobFailures} times, the last time: {failed.Reason}", context);
        }
        else
        {
            Say($"{failed.Reason}; it is loaded again (failure {slot.Failures} of at most {most})");
            Reload(slot, context, TimeSpan.FromSeconds(_settings.RetrySeconds * (1 << int.Min(slot.Failures - 1, isLoading ? 1 : 10))));
        }
    }

    /// <summary>Reloads after a wait, since what failed just now may fail again at once.</summary>
    private void Reload(ShardSlot slot, IActorContext context, TimeSpan wait)
    {
        if (!_log.Reaches(BaseRound))
        {
            Reload(slot, context);
            return;
        }

        slot.Reload(BaseRound);
        slot.Due = context.Now + wait;
    }

    private void TakeDamage(ShardSlot slot, PartDamaged damaged, IActorContext context)
    {
        if (slot.IsReady)
        {
            return;
        }

        Say($"shard {slot.Shard} of job {_job} could not be loaded from the checkpoint of round {damaged.Round}: {damaged.Reason}");
        if (damaged.Round != BaseRound)
        {
            Reload(slot, context);
            return;
        }

        if (++_jobFailures >= _settings.JobFailures)
        {
            End(FitStatus.Failed, $"checkpoints of job {_job} were damaged {_jobFailures} times, the last time: {damaged.Reason}", context);
            return;
        }

        Say($"all of job {_job} goes back to the newest checkpoint that is whole");
        BeginStart(context);
    }
}
