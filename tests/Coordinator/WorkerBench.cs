using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Workers;

namespace FitCluster.Coordinator.Tests;

/// <summary>A worker on the bench, with a store that answers at once.</summary>
internal sealed class WorkerBench : IActorContext
{
    private readonly ShardWorker _worker;
    private readonly Queue<IMessage> _due = new();
    private readonly List<IMessage> _sent = [];
    private readonly ShardId _shard;
    private ICheckpointStore _store = new InMemoryCheckpointStore();

    public WorkerBench(IFitJob job, ShardId shard)
    {
        (_worker, _shard) = (new ShardWorker(_ => job), shard);
        Give(new Activated());
    }

    public ActorAddress Self => ShardAddress.Of(Bench.Job, _shard);

    public ActorAddress? Sender => ShardAddress.OfCoordinator(Bench.Job);

    public TimeSpan Now => default;

    /// <summary>What it says last when it is loaded from a store.</summary>
    public IMessage Load(LoadShard load, ICheckpointStore store)
    {
        _store = store;
        return Give(load)!;
    }

    /// <summary>Hands over one message, and what it leads to; what the worker says last.</summary>
    public IMessage? Give(IMessage message)
    {
        _worker.Receive(message, this);
        while (_due.TryDequeue(out var due))
        {
            _worker.Receive(due, this);
        }

        return _sent.LastOrDefault();
    }

    void IActorContext.Tell(ActorAddress to, IMessage message) => _sent.Add(message);

    void IActorContext.Schedule(TimeSpan delay, IMessage message)
    {
        if (delay == TimeSpan.Zero)
        {
            _due.Enqueue(message);
        }
    }

    void IActorContext.Ask(StoreRequest request, Func<StoreReply, IMessage> answer) => _due.Enqueue(answer(_store.Do(request)));

    void IActorContext.Stop()
    {
    }
}
