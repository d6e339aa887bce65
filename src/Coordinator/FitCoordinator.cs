using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Coordinator;

/// <summary>
/// The actor of one job ("fit", job name): holds the spec, the global state and the round, and drives the shards through
/// broadcast, local, reduce, update. Every message to and from a shard carries (attempt, load, round); what is stale is dropped and told
/// so; what is late is asked for again. See docs/design/architecture.md, section 2.
/// </summary>
/// <remarks>
/// Files: this one receives; Start finds what to go on from; Rounds runs; Shards loads, loses and reloads; Checkpoints saves; Limits ends
/// early, and goes on after that; Results collects; End ends; Leaving leaves.
/// </remarks>
/// <param name="open">Makes the job of a spec.</param>
/// <param name="settingsOf">The settings of a spec: the same on every node, since any node may have to go on with the job.</param>
/// <param name="observer">Is told how the fit goes.</param>
/// <param name="loadResult">By which the observer reads the shards' rows of the results; not called by this actor.</param>
public sealed partial class FitCoordinator(
    JobOpener open, Func<string, FitSettings> settingsOf, IFitObserver observer, ResultLoader loadResult) :
    IActor
{
    private const string Tick = "tick";
    private const string Linger = "linger";

    private readonly StoreQuestions _questions = new();
    private readonly ReplayLog _log = new();
    private readonly List<TraceLine> _trace = [];
    private FitSettings _settings = new();
    private JobName _job;
    private Stage _stage = Stage.Idle;
    private StartJob? _start;
    private IFitModel _model = null!;
    private Attempt _attempt;
    private ShardSlot[] _slots = [];
    private ArraySet _global = [];
    private RoundReport? _report;
    private Round _round;
    private string? _interrupt;
    private long _ticks;
    private bool _isDraining;

    /// <summary>A coordinator whose settings do not depend on the spec.</summary>
    public FitCoordinator(JobOpener open, FitSettings settings, IFitObserver observer, ResultLoader loadResult)
        : this(open, _ => settings, observer, loadResult)
    {
    }

    private enum Stage
    {
        /// <summary>Nothing to do: no job is known, or another coordinator has it.</summary>
        Idle,

        /// <summary>Activated without being told a job: looks whether there is one to go on with.</summary>
        Peeking,

        /// <summary>Claims an attempt, finds the newest whole checkpoint, loads its own part.</summary>
        Starting,

        /// <summary>Runs rounds.</summary>
        Running,

        /// <summary>Saves the last checkpoint, or the one in which a limit was reached.</summary>
        Finishing,

        /// <summary>Waits until the shards have saved their results.</summary>
        Collecting,

        /// <summary>Has ended; answers late messages for a while.</summary>
        Ended,
    }

    /// <summary>
    /// Simulation only: false removes the check of the attempt and load of answers, to prove that the simulation would notice.
    /// </summary>
    internal bool ChecksAttempts { get; init; } = true;

    /// <summary>Simulation only: is shown each answer that is counted, with the attempt and load it should be of.</summary>
    internal Action<RoundAnswer, Attempt, long>? Counted { get; init; }

    private bool IsAtWork => _stage is Stage.Running or Stage.Finishing or Stage.Collecting;

    /// <inheritdoc/>
    public void Receive(IMessage message, IActorContext context)
    {
        switch (message)
        {
            case Activated:
                _job = new JobName(context.Self.Id);
                Peek(context);
                ScheduleTick(context);
                break;
            case StartJob start:
                Start(start, context);
                break;
            case InterruptJob interrupt:
                Interrupt(interrupt, context);
                break;
            case Draining:
                Drain(context);
                break;
            case TimerElapsed { Kind: Tick } timer when timer.Number == _ticks:
                AskAgain(context);
                ReportShards(context);
                ScheduleTick(context);
                break;
            case TimerElapsed { Kind: Linger } timer when timer.Number == _lingering && _stage is Stage.Ended or Stage.Idle:
                context.Stop();
                break;
            case CollectAgain again:
                CollectAgain(again, context);
                break;
            case StoreAnswered answer:
                TakeAnswer(answer, context);
                break;
            case StaleAttempt stale when stale.Current > _attempt && IsAtWork:
                StandDown(context);
                break;
            default:
                TakeFromShard(message, context);
                break;
        }
    }

    private void TakeFromShard(IMessage message, IActorContext context)
    {
        switch (message)
        {
            case ShardCutOff cut when IsAtWork && (uint)cut.Shard.Value < (uint)_slots.Length:
                var innocent = _slots[cut.Shard.Value];
                innocent.Losses = int.Max(0, innocent.Losses - 1);
                break;
            case ShardEmpty { Attempt.Value: 0 } hello:
                TakeHello(hello, context);
                break;
            case ShardEmpty empty when Accept(empty.Attempt, empty.Load, empty.Shard, context) is { } slot:
                Lose(slot, context);
                break;
            case ShardLeaving leaving when Accept(leaving.Attempt, leaving.Load, leaving.Shard, context) is { } slot:
                TakeLeaving(slot, context);
                break;
            case ShardLoading loading when Accept(loading.Attempt, loading.Load, loading.Shard, context) is { } slot:
                TakeLoading(slot, context);
                break;
            case ShardReady ready when Accept(ready.Attempt, ready.Load, ready.Shard, context) is { } slot:
                TakeReady(slot, ready, context);
                break;
            case RoundAnswer answer when Accept(answer.Attempt, answer.Load, answer.Shard, context) is { } slot:
                TakeRound(slot, answer, context);
                break;
            case ShardSaved saved when Accept(saved.Attempt, saved.Load, saved.Shard, context) is not null:
                TakePart(saved, context);
                break;
            case ShardNotSaved notSaved when Accept(notSaved.Attempt, notSaved.Load, notSaved.Shard, context) is not null:
                TakeNotSaved(notSaved, context);
                break;
            case ShardCollected collected when !ChecksResults && IsAtWork:
                TakeResult(_slots[collected.Shard.Value], collected, context);
                break;
            case ShardCollected collected when Accept(collected.Attempt, collected.Load, collected.Shard, context) is { } slot:
                TakeResult(slot, collected, context);
                break;
            case ShardFailed failed when Accept(failed.Attempt, failed.Load, failed.Shard, context) is { } slot:
                TakeFailure(slot, failed, context);
                break;
            case PartDamaged damaged when Accept(damaged.Attempt, damaged.Load, damaged.Shard, context) is { } slot:
                TakeDamage(slot, damaged, context);
                break;
        }
    }

    /// <summary>
    /// The shard's slot, if a message of this attempt and load is to be taken; otherwise its sender is told what is the case.
    /// </summary>
    private ShardSlot? Accept(Attempt attempt, long load, ShardId shard, IActorContext context)
    {
        if (_stage is Stage.Idle or Stage.Ended)
        {
            context.Tell(ShardAddress.Of(_job, shard), new ReleaseShard(_job, attempt, shard));
            return null;
        }

        if (!IsAtWork || (uint)shard.Value >= (uint)_slots.Length)
        {
            return null;
        }

        var slot = _slots[shard.Value];
        if (!ChecksAttempts || (attempt == _attempt && load == slot.Load))
        {
            return slot;
        }

        if (attempt > _attempt)
        {
            StandDown(context);
        }
        else
        {
            context.Tell(ShardAddress.Of(_job, shard), new StaleAttempt(_job, attempt, load, _attempt, slot.Load));
        }

        return null;
    }

    private void ScheduleTick(IActorContext context)
    {
        if (_stage is not (Stage.Idle or Stage.Ended))
        {
            context.Schedule(TimeSpan.FromSeconds(_settings.TickSeconds), new TimerElapsed(Tick, ++_ticks));
        }
    }

    private void AskAgain(IActorContext context)
    {
        foreach (var question in _questions.AskAgain(AskAgainDelay, context))
        {
            if (_stage is Stage.Starting or Stage.Peeking && question.Tries > _settings.StoreTries)
            {
                GiveUpOnStore(question.Request, "it did not answer", context);
                return;
            }
        }

        if (!IsAtWork)
        {
            return;
        }

        foreach (var slot in _slots)
        {
            if (context.Now >= slot.Due)
            {
                slot.Repeats++;
                Drive(slot, context);
            }

            if (_pending is { } pending && pending.Needs(slot.Shard) && slot.IsReady && slot.Round >= pending.Round &&
                context.Now >= slot.PartDue)
            {
                AskForPart(slot, pending, context);
            }
        }

        if (_stage == Stage.Finishing && _pending is null && context.Now >= _checkpointAllowedAt)
        {
            BeginCheckpoint(context);
        }
    }

    private TimeSpan AskAgainDelay => TimeSpan.FromSeconds(_settings.AskAgainSeconds);

    private void Say(string words) => observer.OnEvent(_job, words);
}
