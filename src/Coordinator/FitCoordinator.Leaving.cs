using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Coordinator;

public sealed partial class FitCoordinator
{
    private const double StragglerFactor = 3;
    private const double StragglerSeconds = 1;

    /// <summary>
    /// The node wants to give this coordinator up: a checkpoint at the end of the round in hand, and its successor loses nothing.
    /// </summary>
    private void Drain(IActorContext context)
    {
        _isDraining = true;
        if (_stage is Stage.Idle or Stage.Peeking or Stage.Starting or Stage.Ended || (_stage == Stage.Running && _roundsHere == 0))
        {
            context.Stop();
        }
    }

    private void BeginLeaving(IActorContext context) => BeginFinishing((FitStatus.Running, ""), context);

    private void Leave(IActorContext context)
    {
        Say($"the coordinator of job {_job} leaves its node after round {_round}, with a checkpoint of round {BaseRound}: another goes " +
            "on from there");
        // All of it is in the checkpoint: who wants to leave too need not wait for a successor, of whom there may be none.
        foreach (var slot in _slots.Where(slot => slot.IsLeaving))
        {
            context.Tell(ShardAddress.Of(_job, slot.Shard), new ReleaseShard(_job, _attempt, slot.Shard));
        }

        StopHere(context);
    }

    private void StandDown(IActorContext context)
    {
        Say($"attempt {_attempt} of job {_job} was superseded by a newer one: this coordinator stands down");
        // Whoever has this address now is to be awake: the newer attempt may be nobody's (a claim that was carried out late). What is
        // stored of a fit at its end does not say that anybody is to go on with it.
        var isToldJob = _base is null || _endedEarly || _stage == Stage.Collecting;
        context.Tell(context.Self, isToldJob && _start is { } start ? start : new TimerElapsed(Wake, 0));
        StopHere(context);
    }

    /// <summary>
    /// The job cannot be opened here: who has this address next, on another node, is told to start it. The store counts how often.
    /// </summary>
    private void GoElsewhere(string why, IActorContext context)
    {
        Say($"{why}; the coordinator of job {_job} goes to another node");
        context.Tell(context.Self, _start!);
        StopHere(context);
    }

    private void StopHere(IActorContext context)
    {
        _stage = Stage.Idle;
        _questions.Clear();
        (_pending, _slots) = (null, []);
        context.Stop();
    }

    /// <summary>
    /// A shard's node wants to give it up: with the next checkpoint, or at once if there is nothing that it would have to do again.
    /// </summary>
    private void TakeLeaving(ShardSlot slot, IActorContext context)
    {
        if (!slot.IsReady)
        {
            // Its next activation is no sign of a death.
            slot.Loadings = 0;
            return;
        }

        slot.IsLeaving = true;
        if (_stage != Stage.Running)
        {
            return;
        }

        if (_round == BaseRound && _pending is null && _base is not null)
        {
            LetGo(context);
        }
    }

    /// <summary>Lets leaving shards go, and loads them again elsewhere; no loss is counted.</summary>
    private void LetGo(IActorContext context)
    {
        foreach (var slot in _slots.Where(slot => slot.IsLeaving && slot.IsReady))
        {
            Say($"shard {slot.Shard} of job {_job} leaves its node: it is loaded again elsewhere from round {BaseRound}, and " +
                $"{_round.Value - BaseRound.Value} rounds are replayed");
            context.Tell(ShardAddress.Of(_job, slot.Shard), new ReleaseShard(_job, _attempt, slot.Shard));
            slot.Reload(BaseRound);
            Drive(slot, context);
        }
    }

    private void ReportShards(IActorContext context)
    {
        if (!IsAtWork)
        {
            return;
        }

        // Of what they take now: in a round that is long for all of them nobody is slow.
        double Waiting(ShardSlot slot) => slot.IsOwing ? (context.Now - slot.AskedAt).TotalSeconds : 0;
        double Slowness(ShardSlot slot) => double.Max(Waiting(slot), slot.Last.TotalSeconds);
        var median = _slots.Select(Slowness).Order().ElementAt((_slots.Length - 1) / 2);
        var shards = new List<ShardStatus>(_slots.Length);
        foreach (var slot in _slots)
        {
            var (waiting, slow) = (Waiting(slot), Slowness(slot));
            var isStraggler = slot.IsReady && slow > StragglerSeconds && slow > StragglerFactor * median;
            if (isStraggler && !slot.IsStraggler)
            {
                Say(FormattableString.Invariant(
                    $"shard {slot.Shard} of job {_job} is slow: {slow:F1} s where the median of all shards is {median:F1} s"));
            }

            slot.IsStraggler = isStraggler;
            shards.Add(new ShardStatus(
                slot.Shard, slot.Load, slot.IsReady, slot.Round, waiting, slot.Last.TotalSeconds, slot.Losses, slot.Failures, isStraggler,
                slot.Rows));
        }

        observer.OnShards(_job, _attempt, shards);
    }
}
