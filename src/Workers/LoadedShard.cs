using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Workers;

/// <summary>What a worker holds while it is loaded. The state's arrays are owned here and are changed in place by the model.</summary>
internal sealed class LoadedShard(IFitModel model, ShardData data, ArraySet state, Round round)
{
    /// <summary>The rows of the shard.</summary>
    public long Rows => data.Block.Rows;

    /// <summary>The state's size.</summary>
    public long Bytes => state.Bytes;

    /// <summary>The state is the one after this round.</summary>
    public Round Round { get; private set; } = round;

    /// <summary>The answer to <see cref="Round"/>, repeated when it is asked for again; null just after loading.</summary>
    public ArraySet? Partial { get; private set; }

    /// <summary>The part of a checkpoint that was taken last; null before the first.</summary>
    public TakenPart? Part { get; private set; }

    /// <summary>The shard's rows of the results, once they were taken.</summary>
    public TakenPart? Result { get; private set; }

    /// <summary>The local step of the next round. If it throws, this object is to be thrown away.</summary>
    public ArraySet Run(ArraySet broadcast)
    {
        (Partial, Result) = (null, null);
        Partial = model.Local(broadcast, data, state);
        WorkMeters.Ran(Rows);
        Round = Round.Next;
        return Partial;
    }

    /// <summary>Copies the state for a checkpoint: the store reads it later, when the state may have gone on.</summary>
    public TakenPart Take(bool copy) => Part = new TakenPart(Round, copy ? state.Clone() : state);

    /// <summary>Makes the shard's rows of the results of the present round, unless it has.</summary>
    public TakenPart TakeResult() => Result ??= new TakenPart(Round, model.ShardResult(data, state));
}

/// <summary>A shard's part of a checkpoint or of the results, kept until the store has it, so that a failed save can be repeated.</summary>
internal sealed class TakenPart(Round round, ArraySet state)
{
    public Round Round => round;

    /// <summary>The copy; null once it is durable.</summary>
    public ArraySet? State { get; private set; } = state;

    /// <summary>What the store said of it; null until it is durable.</summary>
    public Engine.PartSaved? Saved { get; private set; }

    public void Durable(Engine.PartSaved saved) => (Saved, State) = (saved, null);
}
