using FitCluster.Engine;
using FitCluster.Messages;

namespace FitCluster.Workers;

public sealed partial class ShardWorker
{
    private const string Results = "results";

    private long _resultQuestion;

    /// <summary>Saves the shard's rows of the results, as a part of this attempt; asked again, says again that it has.</summary>
    private void Collect(CollectShard collect, IActorContext context)
    {
        var loaded = _loaded!;
        if (loaded.Round != collect.Round)
        {
            Report(context, new ShardEmpty(_job, _attempt, _load, _shard));
            return;
        }

        TakenPart result;
        try
        {
            result = loaded.TakeResult();
        }
        catch (Exception error)
        {
            Fail(context, loaded.Round, $"shard {_shard} of job {_job} could not make its results: {error.Message}", isPermanent: false);
            return;
        }

        if (result.Saved is { } saved)
        {
            Report(context, new ShardCollected(_job, _attempt, _load, _shard, result.Round, saved.Checksum, saved.Bytes));
            return;
        }

        Ask(context, Results, new SavePart(_job, _attempt, result.Round, _shard, result.State!, PartKind.Result));
        _resultQuestion = _questions;
    }

    private void TakeResultSaved(StoreReply reply, IActorContext context)
    {
        if (_loaded?.Result is not { } result)
        {
            return;
        }

        if (reply is PartSaved saved)
        {
            result.Durable(saved);
            Report(context, new ShardCollected(_job, _attempt, _load, _shard, result.Round, saved.Checksum, saved.Bytes));
        }
        else
        {
            Report(context,
                new ShardNotSaved(_job, _attempt, _load, _shard, result.Round, reply.Error ?? "the store gave no reason", reply.IsFenced));
        }
    }
}
