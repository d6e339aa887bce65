using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Workers;

/// <summary>
/// The actor of one shard ("shard", "job/index"): holds the data block and the shard's state, does the local step of each round in
/// place, repeats its last answer when asked again, and saves copies of its state for checkpoints. It serves one (attempt, load) at a time:
/// what is older is dropped and told so, what is newer and not a <see cref="LoadShard"/> finds it empty.
/// </summary>
public sealed partial class ShardWorker(JobOpener open) : IActor
{
    /// <summary>An activation that nobody has told anything for so long says that it is there, and empty.</summary>
    internal static readonly TimeSpan HelloDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>How often it is said that the node wants to give the shard up.</summary>
    private static readonly TimeSpan LeavingPause = TimeSpan.FromSeconds(1);

    private const string Hello = "hello";
    private const string Leaving = "leaving";

    private JobName _job;
    private ShardId _shard;
    private Attempt _attempt;
    private long _load;
    private long _questions;
    private LoadedShard? _loaded;
    private LoadShard? _loading;
    private (string Spec, IFitJob Job, ShardData Data)? _opened;

    /// <summary>Simulation only: false removes the copy that a save makes, to prove that the simulation would notice.</summary>
    internal bool CopiesParts { get; init; } = true;

    /// <summary>Simulation only: false removes the check that a round is the next one, to prove that the simulation would notice.</summary>
    internal bool ChecksRounds { get; init; } = true;

    /// <inheritdoc/>
    public void Receive(IMessage message, IActorContext context)
    {
        switch (message)
        {
            case Activated:
                (_job, _shard) = ShardAddress.Parse(context.Self);
                context.Schedule(HelloDelay, new TimerElapsed(Hello, 0));
                break;
            case TimerElapsed { Kind: Hello }:
                if (_attempt.Value == 0)
                {
                    Report(context, new ShardEmpty(_job, default, 0, _shard));
                }

                break;
            case Draining or TimerElapsed { Kind: Leaving }:
                Leave(context);
                break;
            case LoadShard load:
                Load(load, context);
                break;
            case TimerElapsed { Kind: Opening } timer:
                if (_loading is { FromCheckpoint: false } loading && timer.Number == _openings)
                {
                    Open(loading, null, context);
                }

                break;
            case StoreAnswered answer:
                TakeAnswer(answer, context);
                break;
            case RunRound run when IsCurrent(run.Attempt, run.Load, context):
                Run(run, context);
                break;
            case SaveShard save when IsCurrent(save.Attempt, save.Load, context):
                Save(save, context);
                break;
            case CollectShard collect when IsCurrent(collect.Attempt, collect.Load, context):
                Collect(collect, context);
                break;
            case StaleAttempt stale:
                StandDown(stale);
                break;
            case ReleaseShard release when release.Attempt >= _attempt:
                context.Stop();
                break;
        }
    }

    private static bool IsNewer(Attempt attempt, long load, Attempt than, long thanLoad) =>
        attempt > than || (attempt == than && load > thanLoad);

    private void Report(IActorContext context, IMessage message) => context.Tell(ShardAddress.OfCoordinator(_job), message);

    /// <summary>Whether a message is for the state that is held; if not, its sender is told what is the case.</summary>
    private bool IsCurrent(Attempt attempt, long load, IActorContext context)
    {
        if (IsNewer(_attempt, _load, attempt, load))
        {
            TellStale(attempt, load, context);
            return false;
        }

        if (IsNewer(attempt, load, _attempt, _load) || _loaded is null)
        {
            // Also while it is loading: nothing is asked of a load before it is ready, so another activation of it was, and is gone.
            Report(context, new ShardEmpty(_job, attempt, load, _shard));
            return false;
        }

        return true;
    }

    private void TellStale(Attempt attempt, long load, IActorContext context) =>
        context.Tell(context.Sender ?? ShardAddress.OfCoordinator(_job), new StaleAttempt(_job, attempt, load, _attempt, _load));

    private void StandDown(StaleAttempt stale)
    {
        if (IsNewer(stale.Current, stale.CurrentLoad, _attempt, _load))
        {
            Forget();
        }
    }

    private void Leave(IActorContext context)
    {
        if (_loaded is null)
        {
            if (_loading is not null)
            {
                // Or the next activation would look as if this one had died of the load.
                Report(context, new ShardLeaving(_job, _attempt, _load, _shard));
            }

            context.Stop();
            return;
        }

        Report(context, new ShardLeaving(_job, _attempt, _load, _shard));
        context.Schedule(LeavingPause, new TimerElapsed(Leaving, 0));
    }

    private void Forget() => (_loaded, _loading) = (null, null);

    private void Fail(IActorContext context, Round round, string reason, bool isPermanent)
    {
        Forget();
        Report(context, new ShardFailed(_job, _attempt, _load, _shard, round, reason, isPermanent));
    }

    private void Ask(IActorContext context, string purpose, StoreRequest request)
    {
        var number = ++_questions;
        context.Ask(request, reply => new StoreAnswered(purpose, number, reply));
    }
}
