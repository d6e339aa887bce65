using FitCluster.Engine;
using FitCluster.Messages;

namespace FitCluster.Workers;

public sealed partial class ShardWorker
{
    private const string Saving = "saving";

    private long _saveQuestion;

    private void Run(RunRound run, IActorContext context)
    {
        var loaded = _loaded!;
        if (run.Round == loaded.Round && loaded.Partial is { } cached && ChecksRounds)
        {
            Report(context, new RoundAnswer(_job, _attempt, _load, _shard, run.Round, cached));
            return;
        }

        if (run.Round <= loaded.Round && ChecksRounds)
        {
            return;
        }

        if (run.Round != loaded.Round.Next && ChecksRounds)
        {
            // Another activation of this load was further: this one cannot be brought there by this message.
            Report(context, new ShardEmpty(_job, _attempt, _load, _shard));
            return;
        }

        if (run.SaveFirst)
        {
            Save(loaded.Take(CopiesParts), context);
        }

        ArraySet partial;
        try
        {
            partial = loaded.Run(run.Broadcast);
        }
        catch (Exception error)
        {
            Fail(context, run.Round, $"shard {_shard} of job {_job} failed in round {run.Round}: {error.Message}", isPermanent: false);
            return;
        }

        if (partial.FirstNonFinite() is { } array)
        {
            Fail(context, run.Round, $"array '{array}' of shard {_shard} of job {_job} is not finite in round {run.Round}",
                isPermanent: true);
            return;
        }

        Report(context, new RoundAnswer(_job, _attempt, _load, _shard, run.Round, partial));
    }

    private void Save(SaveShard save, IActorContext context)
    {
        var loaded = _loaded!;
        if (loaded.Part is { } part && part.Round == save.Round)
        {
            Save(part, context);
        }
        else if (loaded.Round == save.Round)
        {
            Save(loaded.Take(CopiesParts), context);
        }
        else if (loaded.Round < save.Round)
        {
            Report(context, new ShardEmpty(_job, _attempt, _load, _shard));
        }
        else
        {
            Report(context, new ShardNotSaved(_job, _attempt, _load, _shard, save.Round, $"the shard is at round {loaded.Round} already"));
        }
    }

    private void Save(TakenPart part, IActorContext context)
    {
        if (part.Saved is { } saved)
        {
            Report(context, new ShardSaved(_job, _attempt, _load, _shard, part.Round, saved.Checksum, saved.Bytes));
            return;
        }

        Ask(context, Saving, new SavePart(_job, _attempt, part.Round, _shard, part.State!));
        _saveQuestion = _questions;
    }

    private void TakeSaved(StoreReply reply, IActorContext context)
    {
        if (_loaded?.Part is not { } part)
        {
            return;
        }

        if (reply is PartSaved saved)
        {
            part.Durable(saved);
            Save(part, context);
        }
        else
        {
            Report(context,
                new ShardNotSaved(_job, _attempt, _load, _shard, part.Round, reply.Error ?? "the store gave no reason", reply.IsFenced));
        }
    }
}
