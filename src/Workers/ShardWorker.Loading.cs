using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Workers;

public sealed partial class ShardWorker
{
    private const string Part = "part";
    private const string Opening = "opening";

    private long _partQuestion;
    private long _openings;

    private void Load(LoadShard load, IActorContext context)
    {
        if (IsNewer(_attempt, _load, load.Attempt, load.Load))
        {
            TellStale(load.Attempt, load.Load, context);
            return;
        }

        if (load.Attempt == _attempt && load.Load == _load && _loaded is not null)
        {
            Ready(_loaded, context);
            return;
        }

        var isAgain = _loading is { } before && before.Attempt == load.Attempt && before.Load == load.Load;
        Forget();
        (_attempt, _load, _loading) = (load.Attempt, load.Load, load);
        if (!isAgain)
        {
            Report(context, new ShardLoading(_job, _attempt, _load, _shard));
        }

        if (load.FromCheckpoint)
        {
            Ask(context, Part, new LoadPart(load.Job, load.CheckpointAttempt, load.CheckpointRound, load.Shard, load.PartChecksum));
            _partQuestion = _questions;
        }
        else
        {
            // On a turn of its own: what was reported is under way before the data are opened, which may be the end of this process.
            context.Schedule(TimeSpan.Zero, new TimerElapsed(Opening, ++_openings));
        }
    }

    private void TakeAnswer(StoreAnswered answer, IActorContext context)
    {
        if (answer.Purpose == Part)
        {
            TakePart(answer, context);
        }
        else if (answer.Purpose == Saving && answer.Number == _saveQuestion)
        {
            TakeSaved(answer.Reply, context);
        }
        else if (answer.Purpose == Results && answer.Number == _resultQuestion)
        {
            TakeResultSaved(answer.Reply, context);
        }
    }

    private void TakePart(StoreAnswered answer, IActorContext context)
    {
        if (_loading is not { } load || answer.Number != _partQuestion)
        {
            return;
        }

        if (answer.Reply is PartLoaded part)
        {
            Open(load, part.State, context);
        }
        else if (answer.Reply.IsCorrupt)
        {
            Forget();
            Report(
                context, new PartDamaged(_job, _attempt, _load, _shard, load.CheckpointRound, answer.Reply.Error ?? "the part is damaged"));
        }

        // Otherwise the store is out of order: the coordinator asks again, and so does this worker then.
    }

    private void Open(LoadShard load, ArraySet? state, IActorContext context)
    {
        try
        {
            if (_opened?.Spec != load.Spec)
            {
                var job = open(load.Spec);
                _opened = (load.Spec, job, job.Load(load.Shard));
            }

            var (_, opened, data) = _opened.Value;
            if (state is not null)
            {
                opened.Model.ShardFormat?.Check(state);
            }

            // A store within this process may hand out its own arrays: the state is changed in place, so it must be ours alone.
            _loaded = new LoadedShard(opened.Model, data, state?.Clone() ?? opened.Model.InitialShard(data), load.CheckpointRound);
            _loading = null;
        }
        catch (StateFormatException error)
        {
            Fail(
                context, load.CheckpointRound,
                $"shard {_shard} of job {_job} cannot go on from round {load.CheckpointRound}: {error.Message}",
                isPermanent: true);
            return;
        }
        catch (Exception error)
        {
            _opened = null;
            Fail(context, load.CheckpointRound, $"shard {_shard} of job {_job} could not be loaded: {error.Message}", isPermanent: false);
            // Another node may see what this one does not.
            context.Stop();
            return;
        }

        Ready(_loaded, context);
    }

    private void Ready(LoadedShard loaded, IActorContext context) =>
        Report(context, new ShardReady(_job, _attempt, _load, _shard, loaded.Round, loaded.Rows, loaded.Bytes));
}
