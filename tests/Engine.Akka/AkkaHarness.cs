using FitCluster.Messages;

namespace FitCluster.Engine.Tests.Clustered;

/// <summary>A cluster of one node in this process: it joins with the first message, when the test has registered its kinds.</summary>
internal sealed class AkkaHarness(ICheckpointStore store, int parallelism, Route route) : EngineHarness
{
    private Joining? _engine;

    public override IEngine Engine => _engine ??= new Joining(Join);

    public override int Parallelism => parallelism;

    private AkkaEngine Join(Dictionary<string, ActorFactory> kinds)
    {
        var options = new ClusterEngineOptions
        {
            Node = "test",
            Threads = parallelism,
            Capacity = kinds.Keys.ToDictionary(kind => kind, _ => 500),
            Failed = (address, error) => Failures.Enqueue((address, error)),
        };
        var engine = AkkaEngine.Create(options, new AkkaOptions { Version = "test" }, store, new MemoryMeeting(), route)
            .GetAwaiter().GetResult();
        foreach (var (kind, factory) in kinds)
        {
            engine.Register(kind, factory);
        }

        engine.Start().GetAwaiter().GetResult();
        return engine;
    }

    private sealed class Joining : IEngine
    {
        private readonly Dictionary<string, ActorFactory> _kinds = [];
        private readonly Lazy<AkkaEngine> _engine;

        public Joining(Func<Dictionary<string, ActorFactory>, AkkaEngine> join) => _engine = new(() => join(_kinds));

        public void Register(string kind, ActorFactory factory) => _kinds.Add(kind, factory);

        public void Tell(ActorAddress to, IMessage message) => _engine.Value.Tell(to, message);

        public ValueTask DisposeAsync() => _engine.IsValueCreated ? _engine.Value.DisposeAsync() : ValueTask.CompletedTask;
    }
}

/// <summary>What an engine promises, from cell to cell.</summary>
public sealed class AkkaLocalConformance : EngineConformance
{
    protected override EngineHarness CreateHarness(ICheckpointStore store, int parallelism) =>
        new AkkaHarness(store, parallelism, Route.Shortest);
}

/// <summary>What an engine promises, with every message as a letter of a link.</summary>
public sealed class AkkaLinkConformance : EngineConformance
{
    protected override EngineHarness CreateHarness(ICheckpointStore store, int parallelism) =>
        new AkkaHarness(store, parallelism, Route.Link);
}

/// <summary>What an engine promises, with every message through sharding's region.</summary>
public sealed class AkkaRegionConformance : EngineConformance
{
    protected override EngineHarness CreateHarness(ICheckpointStore store, int parallelism) =>
        new AkkaHarness(store, parallelism, Route.Region);
}
