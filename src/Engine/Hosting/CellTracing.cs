using System.Diagnostics;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// The spans of one actor, for whoever listens to the activity source "FitCluster"; nothing is made while nobody does. A round is a trace:
/// its span begins when the coordinator sends the first <see cref="RunRound"/> of the round, and ends with that of the next, or when the
/// state after it is saved or collected; what the round causes, on any node, is below it. Actors know nothing of it: it is read off the
/// messages.
/// </summary>
internal sealed class CellTracing(ActorAddress address)
{
    public const string SourceName = "FitCluster";

    private static readonly ActivitySource Source = new(SourceName);

    private Activity? _round;
    private (Attempt Attempt, Round Round) _number;

    /// <summary>
    /// Begins the span of a message that is about to be handled; null when nobody listens, or the message is none of those that take long.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="reply">The store's answer that it was made of, if it was.</param>
    /// <param name="cause">What it came from.</param>
    public Activity? Begin(IMessage message, StoreReply? reply, ActivityContext cause)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var span = message switch
        {
            Activated => Start("actor.activate", cause),
            LoadShard m => Number(Start("shard.load", cause), m.Attempt, m.Shard, m.CheckpointRound),
            RunRound m => Number(Start("shard.step", cause), m.Attempt, m.Shard, m.Round),
            CollectShard m => Number(Start("shard.collect", cause), m.Attempt, m.Shard, m.Round),
            _ => reply is PartLoaded ? Start("shard.restore", cause) : null,
        };
        return span?.SetTag("fitcluster.actor", address.ToString());
    }

    /// <summary>The span of a request to the store; null when nobody listens.</summary>
    public static Activity? Begin(StoreRequest request, ActivityContext cause)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var span = request switch
        {
            SavePart m => Number(Start("checkpoint.save", cause), m.Attempt, m.Shard, m.Round),
            CommitCheckpoint m => Start("checkpoint.commit", cause)
                ?.SetTag("fitcluster.attempt", m.Attempt.Value).SetTag("fitcluster.round", m.Manifest.Round.Value),
            LoadPart m => Number(Start("checkpoint.load", cause), m.Attempt, m.Shard, m.Round),
            FindCheckpoint => Start("checkpoint.find", cause),
            ClaimAttempt => Start("attempt.claim", cause),
            _ => null,
        };
        return span?.SetTag("fitcluster.job", request.Job.Value);
    }

    /// <summary>What a message that this actor sends comes from: the round it belongs to, or what the actor is handling.</summary>
    public ActivityContext CauseOf(IMessage? message, Activity? handling, ActivityContext cause)
    {
        switch (message)
        {
            case RunRound run when Source.HasListeners():
                BeginRound(run);
                return _round?.Context ?? handling?.Context ?? cause;
            case SaveShard save when (save.Attempt, save.Round) == _number:
            case CollectShard or ReleaseShard:
                EndRound(null);
                break;
            case ShardFailed failed:
                handling?.SetStatus(ActivityStatusCode.Error, failed.Reason);
                break;
        }

        return handling?.Context ?? cause;
    }

    /// <summary>Ends the round that is on its way; with an error when it was not finished here.</summary>
    public void EndRound(string? error)
    {
        if (Interlocked.Exchange(ref _round, null) is { } round)
        {
            if (error is not null)
            {
                round.SetStatus(ActivityStatusCode.Error, error);
            }

            round.Stop();
        }
    }

    private static Activity? Start(string name, ActivityContext cause) => Source.StartActivity(name, ActivityKind.Internal, cause);

    private static Activity? Number(Activity? span, Attempt attempt, ShardId shard, Round round) =>
        span?.SetTag("fitcluster.attempt", attempt.Value).SetTag("fitcluster.shard", shard.Value).SetTag("fitcluster.round", round.Value);

    private void BeginRound(RunRound run)
    {
        // A shard that replays earlier rounds does so within the round that waits for it.
        if (run.Attempt < _number.Attempt || (run.Attempt == _number.Attempt && run.Round <= _number.Round))
        {
            return;
        }

        EndRound(null);
        _number = (run.Attempt, run.Round);
        // Not below what is being handled, which is of the round before; nor current beyond this handler.
        var current = Activity.Current;
        Activity.Current = null;
        _round = Start("fit.round", default)?
            .SetTag("fitcluster.job", run.Job.Value)
            .SetTag("fitcluster.attempt", run.Attempt.Value)
            .SetTag("fitcluster.round", run.Round.Value);
        Activity.Current = current;
    }
}
