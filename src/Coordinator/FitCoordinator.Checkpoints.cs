using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Coordinator;

public sealed partial class FitCoordinator
{
    private const string SaveOwn = "save";
    private const string Commit = "commit";

    /// <summary>
    /// Past the bound a checkpoint is due; past so many times the bound the log forgets, and a lost shard takes the whole job back.
    /// </summary>
    private const int LogOverdraft = 4;

    private PendingCheckpoint? _pending;
    private (Round Round, FitStatus Status, ArraySet Part)? _own;
    private int _checkpointFailures;
    private TimeSpan _checkpointedAt;
    private TimeSpan _checkpointAllowedAt;

    private bool IsCheckpointDue(IActorContext context) =>
        _pending is null && _roundsHere > 0 && !IsAtLimit && context.Now >= _checkpointAllowedAt &&
        ((_settings.CheckpointRounds > 0 && _round.Value - BaseRound.Value >= _settings.CheckpointRounds) ||
            (context.Now - _checkpointedAt).TotalSeconds >= _settings.CheckpointSeconds ||
            _log.Exceeds(_settings.ReplayRounds, _settings.ReplayBytes) || _slots.Any(slot => slot.IsLeaving));

    /// <summary>
    /// Forgets the oldest broadcasts when no checkpoint could be made for long: memory has a bound too. False when a shard that is being
    /// brought to the present needs them.
    /// </summary>
    private bool BoundLog()
    {
        while (_log.Exceeds((long)_settings.ReplayRounds * LogOverdraft, _settings.ReplayBytes * LogOverdraft))
        {
            _log.DropUpTo(_log.After.Next);
        }

        return _slots.All(slot => _log.Reaches(slot.Round));
    }

    /// <summary>At round 0: makes the job known, so that a coordinator that is activated with empty hands can go on with it.</summary>
    private void BeginAnnouncement(IActorContext context)
    {
        _pending = new PendingCheckpoint(_round, 0, context.Now);
        AskToSaveOwn(context);
    }

    /// <summary>
    /// Begins the checkpoint of the present round. The shards take their parts before their next round, which goes on meanwhile; the
    /// coordinator's part needs no copy, since an update never writes to the state before it.
    /// </summary>
    private void BeginCheckpoint(IActorContext context)
    {
        _pending = new PendingCheckpoint(_round, _slots.Length, context.Now);
        foreach (var slot in _slots)
        {
            slot.PartDue = context.Now + AskAgainDelay;
            if (_stage == Stage.Finishing && slot.IsReady && slot.Round == _round)
            {
                AskForPart(slot, _pending, context);
            }
        }

        AskToSaveOwn(context);
    }

    private void AskToSaveOwn(IActorContext context)
    {
        var (status, reason) = _ending ?? (FitStatus.Running, "");
        if (_own is not { } own || own.Round != _round || own.Status != status)
        {
            // Made once: a commit that was said to have failed may have taken effect, and what is committed is not replaced.
            var part = new CoordinatorPart(
                _start!, _global, _trace, _endedEarly, _endedEarlyReason, Seconds(context), status, reason)
            { Limit = _limit };
            _own = own = (_round, status, part.Encode());
        }

        _questions.Close(SaveOwn);
        Ask(SaveOwn, new SavePart(_job, _attempt, _round, CoordinatorPart.Id, own.Part), context);
    }

    /// <summary>During the last checkpoint nothing else is asked of a shard: the part is asked for at once.</summary>
    private void AskForOwedPart(ShardSlot slot, IActorContext context)
    {
        if (_stage == Stage.Finishing && _pending is { } pending && pending.Round == slot.Round && pending.Needs(slot.Shard))
        {
            AskForPart(slot, pending, context);
        }
    }

    private void AskForPart(ShardSlot slot, PendingCheckpoint pending, IActorContext context)
    {
        slot.PartDue =
            context.Now + TimeSpan.FromSeconds(double.Max(_settings.AskAgainSeconds, slot.Slowest.TotalSeconds * _settings.Patience));
        context.Tell(ShardAddress.Of(_job, slot.Shard), new SaveShard(_job, _attempt, slot.Load, slot.Shard, pending.Round));
    }

    private void TakePart(ShardSaved saved, IActorContext context)
    {
        if (_pending is { } pending && saved.Round == pending.Round && pending.Needs(saved.Shard))
        {
            pending.Take(new CheckpointPart(saved.Shard, saved.Attempt, saved.Checksum, saved.Bytes));
            CommitIfComplete(pending, context);
        }
    }

    private void TakeNotSaved(ShardNotSaved notSaved, IActorContext context)
    {
        if (notSaved.IsFenced)
        {
            StandDown(context);
        }
        else if (_stage == Stage.Collecting)
        {
            TakeResultNotSaved(_slots[notSaved.Shard.Value], notSaved, context);
        }
        else if (_pending is { } pending && notSaved.Round == pending.Round && pending.Needs(notSaved.Shard))
        {
            FailCheckpoint($"shard {notSaved.Shard} could not save its part: {notSaved.Reason}", context);
        }
    }

    private void TakeCheckpointAnswer(StoreQuestions.Question question, StoreReply reply, IActorContext context)
    {
        _questions.Close(question.Purpose);
        if (_pending is not { } pending)
        {
            return;
        }

        if (reply.Error is { } error)
        {
            FailCheckpoint(error, context);
        }
        else if (question.Purpose == SaveOwn && reply is PartSaved saved)
        {
            pending.OwnPart = new CheckpointPart(CoordinatorPart.Id, _attempt, saved.Checksum, saved.Bytes);
            CommitIfComplete(pending, context);
        }
        else if (question.Purpose == Commit)
        {
            Committed(pending, context);
        }
    }

    private void CommitIfComplete(PendingCheckpoint pending, IActorContext context)
    {
        if (pending.IsComplete && pending.Manifest is null)
        {
            pending.Manifest = new CheckpointManifest(
                _job, _attempt, pending.Round, _start!.SpecHash, _start.DataHash, pending.Shards, pending.Parts);
            Ask(Commit, new CommitCheckpoint(_job, _attempt, pending.Manifest, _settings.Keep, _limit?.Round), context);
        }
    }

    private void Committed(PendingCheckpoint pending, IActorContext context)
    {
        _base = pending.Manifest;
        (_pending, _own, _checkpointFailures, _checkpointedAt) = (null, null, 0, pending.Started);
        if (pending.Round.Value > 0)
        {
            observer.OnCheckpoint(_job, pending.Round, pending.Bytes, (context.Now - pending.Started).TotalSeconds);
        }

        foreach (var slot in _slots.Where(slot => !slot.IsReady && slot.Round < BaseRound))
        {
            // It was being loaded from an older one, which may be pruned, and the broadcasts since then are about to be forgotten.
            slot.Reload(BaseRound);
            Drive(slot, context);
        }

        LetGo(context);
        var oldest = _slots.Where(slot => slot.IsReady).Select(slot => slot.Round).DefaultIfEmpty(BaseRound).Min();
        _log.DropUpTo(oldest < BaseRound ? oldest : BaseRound);
        if (_stage == Stage.Finishing)
        {
            AfterLastCheckpoint(context);
        }
    }

    private void FailCheckpoint(string reason, IActorContext context)
    {
        var round = _pending!.Round;
        AbandonCheckpoint();
        var wait = double.Min(_settings.RetrySeconds * (1 << int.Min(_checkpointFailures++, 16)), _settings.CheckpointSeconds);
        _checkpointAllowedAt = context.Now + TimeSpan.FromSeconds(wait);
        if (_stage == Stage.Finishing && _checkpointFailures >= _settings.FinalCheckpointTries)
        {
            var which = _isPausing ? "checkpoint in which its limit was reached" : "last checkpoint";
            Say(
                $"the {which} of job {_job} (round {round}) was given up after {_checkpointFailures} failures: {reason}; " +
                $"the newest whole one is of round {BaseRound}");
            AfterLastCheckpoint(context);
            return;
        }

        Say($"the checkpoint of round {round} of job {_job} failed: {reason}; the fit goes on, and it is tried again");
    }

    private void AbandonCheckpoint()
    {
        _pending = null;
        _questions.Close(SaveOwn);
        _questions.Close(Commit);
    }
}
