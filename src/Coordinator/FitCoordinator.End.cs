using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Workers;

namespace FitCluster.Coordinator;

public sealed partial class FitCoordinator
{
    private (FitStatus Status, string Reason)? _ending;
    private long _lingering;

    /// <summary>The outcome of an ended job that has results; said again when the job is started again.</summary>
    private FitOutcome? _outcome;

    private void Interrupt(InterruptJob interrupt, IActorContext context)
    {
        if (_stage == Stage.Starting && !_isClaimed)
        {
            // The end is to be noted under an attempt of its own.
            _interrupt ??= interrupt.Reason;
        }
        else if (_stage == Stage.Starting || (_stage == Stage.Running && _roundsHere == 0))
        {
            // Whatever there is to keep is in the checkpoint this would have gone on from.
            End(FitStatus.Interrupted, interrupt.Reason, context);
        }
        else if (_stage == Stage.Running)
        {
            _interrupt ??= interrupt.Reason;
        }
    }

    private void BeginFinishing((FitStatus Status, string Reason) ending, IActorContext context)
    {
        _ending = ending;
        _stage = Stage.Finishing;
        _checkpointFailures = 0;
        AbandonCheckpoint();
        BeginCheckpoint(context);
    }

    private void AfterLastCheckpoint(IActorContext context)
    {
        if (_ending is { Status: FitStatus.Running })
        {
            Leave(context);
        }
        else if (_ending is { Status: FitStatus.Interrupted } interrupted)
        {
            End(FitStatus.Interrupted, interrupted.Reason, context);
        }
        else
        {
            BeginCollecting(context);
        }
    }

    private void BeginCollecting(IActorContext context)
    {
        _stage = Stage.Collecting;
        foreach (var slot in _slots.Where(slot => slot.IsReady && slot.Round == _round))
        {
            Drive(slot, context);
        }
    }

    private void TakeResult(ShardSlot slot, ShardCollected collected, IActorContext context)
    {
        if (_stage != Stage.Collecting || collected.Round != _round || slot.Result is not null)
        {
            return;
        }

        slot.Result = collected.Result;
        slot.Answered(context.Now);
        slot.Due = TimeSpan.MaxValue;
        if (_slots.All(s => s.Result is not null))
        {
            End(_ending!.Value.Status, _ending.Value.Reason, context);
        }
    }

    private void End(FitStatus status, string reason, IActorContext context)
    {
        // A fit that failed has results when its model said that there is a best so far, and every shard's part of it was collected.
        var hasResults = status is FitStatus.Converged or FitStatus.Stopped
            || (status == FitStatus.Failed && _stage == Stage.Collecting && _slots.All(slot => slot.Result is not null));
        ArraySet? result = null;
        try
        {
            result = hasResults ? _model.GlobalResult(_global) : null;
        }
        catch (Exception error)
        {
            (status, reason, hasResults) = (FitStatus.Failed, $"the results of job {_job} could not be made: {error.Message}", false);
        }

        foreach (var slot in _slots)
        {
            context.Tell(ShardAddress.Of(_job, slot.Shard), new ReleaseShard(_job, _attempt, slot.Shard));
        }

        var seconds = _report is null ? 0 : Seconds(context);
        var outcome = new FitOutcome(
            status, reason, _round, result, hasResults ? [.. _slots.Select(slot => slot.Result!)] : [], _report, [.. _trace], seconds)
        { Attempt = _attempt, Culprit = _culprit };
        _stage = Stage.Ended;
        _questions.Clear();
        _log.Clear(_round);
        (_pending, _slots, _global) = (null, [], []);
        ScheduleLinger(context);
        _outcome = hasResults ? outcome : null;
        observer.OnEnded(_job, outcome);
        if (_isDraining)
        {
            context.Stop();
        }
    }

    private void ScheduleLinger(IActorContext context) =>
        context.Schedule(TimeSpan.FromSeconds(_settings.LingerSeconds), new TimerElapsed(Linger, ++_lingering));
}
