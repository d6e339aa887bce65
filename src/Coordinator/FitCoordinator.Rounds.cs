using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Coordinator;

public sealed partial class FitCoordinator
{
    /// <summary>Rounds of this attempt, by which an interrupt knows whether there is anything to save.</summary>
    private long _roundsHere;

    private double Seconds(IActorContext context) => _earlierSeconds + (context.Now - _startedAt).TotalSeconds;

    private void BeginRounds(FitStatus? savedAs, IActorContext context)
    {
        _stage = Stage.Running;
        _report = _model.Report(_global);
        _roundsHere = 0;
        _jobFailures = 0;
        (_startedAt, _checkpointAllowedAt) = (context.Now, context.Now);
        // Gone on with after an interrupt or past a limit: the newest checkpoint says "interrupted" or "stopped", and should not for long.
        _checkpointedAt = savedAs is FitStatus.Interrupted or FitStatus.Stopped ? TimeSpan.MinValue / 2 : context.Now;
        (_pending, _own, _checkpointFailures, _ending) = (null, null, 0, null);
        _log.Clear(_round);
        _slots = [.. Enumerable.Range(0, _start!.Shards).Select(shard => new ShardSlot(new ShardId(shard)))];
        observer.OnStarted(_job, _base is { Round.Value: > 0 } ? _base.Round : null, _attempt);
        foreach (var slot in _slots)
        {
            slot.Furthest = _round;
            slot.Reload(_round);
            Drive(slot, context);
        }

        // One that stopped and is not done is where a limit was reached, which may be larger now.
        if (_report.IsDone && savedAs is FitStatus.Converged or FitStatus.Stopped or FitStatus.Failed)
        {
            _ending = Ending();
            BeginCollecting(context);
            return;
        }

        if (_base is null)
        {
            BeginAnnouncement(context);
        }

        Continue(context);
    }

    /// <summary>The state after <see cref="_round"/> is whole: ends, or begins the next round.</summary>
    private void Continue(IActorContext context)
    {
        if (!_report!.IsDone && _report.Failure is null && !_endedEarly && _settings.LimitAt(_round, Seconds(context)) is { } limit)
        {
            if (_round > BaseRound)
            {
                BeginPause(limit, context);
                return;
            }

            // It is saved already.
            EndEarly(limit, context);
        }

        if (_report.IsDone)
        {
            // A fit that failed may have a best so far, which is handed out as other results are.
            BeginFinishing(Ending(), context);
        }
        else if (_report.Failure is not null)
        {
            End(FitStatus.Failed, Ending().Reason, context);
        }
        else if (_interrupt is { } reason && _roundsHere > 0)
        {
            BeginFinishing((FitStatus.Interrupted, reason), context);
        }
        else
        {
            if (_isDraining)
            {
                BeginLeaving(context);
                return;
            }

            if (IsCheckpointDue(context))
            {
                BeginCheckpoint(context);
            }

            _log.Add(_model.Broadcast(_global));
            if (!BoundLog())
            {
                RestartForLog(context);
                return;
            }

            foreach (var slot in _slots.Where(slot => slot.IsReady && slot.Round == _round))
            {
                Drive(slot, context);
            }
        }
    }

    private (FitStatus Status, string Reason) Ending() =>
        _report!.Failure is { } failure ? (FitStatus.Failed, $"job {_job} cannot go on after round {_round}: {failure}")
        : _endedEarly ? (FitStatus.Stopped, _endedEarlyReason)
        : _report!.Converged ? (FitStatus.Converged, "")
        : (FitStatus.Stopped, "the model ended without reaching its tolerance");

    private void TakeRound(ShardSlot slot, RoundAnswer answer, IActorContext context)
    {
        if (!slot.IsReady || answer.Round != slot.Round.Next)
        {
            return;
        }

        slot.Round = answer.Round;
        slot.Answered(context.Now);
        if (slot.Round > slot.Furthest)
        {
            (slot.Furthest, slot.Failures, slot.Losses) = (slot.Round, 0, 0);
        }

        if (_stage == Stage.Running && slot.Round == _round.Next)
        {
            Count(slot, answer, context);
        }
        else
        {
            Drive(slot, context);
            AskForOwedPart(slot, context);
        }
    }

    private void Count(ShardSlot slot, RoundAnswer answer, IActorContext context)
    {
        slot.Due = TimeSpan.MaxValue;
        if (slot.Partial is not null)
        {
            // Counted before it was lost: once is enough.
            return;
        }

        Counted?.Invoke(answer, _attempt, slot.Load);
        if (answer.Partial.FirstNonFinite() is { } array)
        {
            End(FitStatus.Failed, $"array '{array}' of shard {slot.Shard} of job {_job} is not finite in round {answer.Round}", context);
            return;
        }

        slot.Partial = answer.Partial;
        if (_slots.All(s => s.Partial is not null))
        {
            Complete(context);
        }
    }

    /// <summary>Every shard has answered: reduces in the order of the shards, updates, and goes on.</summary>
    private void Complete(IActorContext context)
    {
        var round = _round.Next;
        ArraySet global;
        RoundReport report;
        try
        {
            var sum = _slots[0].Partial!.Clone();
            sum.Combine([.. _slots.Skip(1).Select(slot => slot.Partial!)]);
            if (sum.FirstNonFinite() is { } array)
            {
                End(FitStatus.Failed, $"array '{array}', summed over the shards of job {_job}, is not finite in round {round}", context);
                return;
            }

            global = _model.Update(_global, sum);
            report = _model.Report(global);
        }
        catch (Exception error)
        {
            End(FitStatus.Failed, $"the update of round {round} of job {_job} failed: {error.Message}", context);
            return;
        }

        if (global.FirstOrDefault(a => HasNaN(a.Values)) is { } nan)
        {
            End(FitStatus.Failed,
                $"array '{nan.Name}' of the global state of job {_job} has a NaN after the update of round {round}", context);
            return;
        }

        (_global, _report, _round) = (global, report, round);
        _roundsHere++;
        foreach (var slot in _slots)
        {
            slot.Partial = null;
        }

        _trace.Add(new TraceLine(round, report.Phase, report.Objective));
        observer.OnRound(_job, report, round, Seconds(context));
        Continue(context);
    }

    // In every round over the whole global state: without a call for each value.
    private static bool HasNaN(double[] values)
    {
        foreach (var value in values)
        {
            if (double.IsNaN(value))
            {
                return true;
            }
        }

        return false;
    }
}
