using FitCluster.Messages;
using FitCluster.Services;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Engine.Tests.RabbitMq;

/// <summary>An engine over a real broker: joins when the test has registered its kinds, in a vhost of its own.</summary>
internal sealed class RabbitMqHarness : EngineHarness
{
    private readonly Joining _engine;

    public RabbitMqHarness(ICheckpointStore store, int parallelism, bool sendsLocally)
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        Parallelism = parallelism;
        var url = RabbitServer.Shared().GetAwaiter().GetResult().NewVirtualHost().GetAwaiter().GetResult();
        _engine = new Joining(kinds => Join(url, store, parallelism, sendsLocally, kinds));
    }

    public override IEngine Engine => _engine;

    public override int Parallelism { get; }

    private RabbitMqEngine Join(string url, ICheckpointStore store, int threads, bool sendsLocally, Dictionary<string, ActorFactory> kinds)
    {
        var options = new ClusterEngineOptions
        {
            Node = "test",
            Threads = threads,
            Capacity = kinds.Keys.ToDictionary(kind => kind, _ => 500),
            Failed = (address, error) => Failures.Enqueue((address, error)),
            Say = words => TestContext.Current.TestOutputHelper?.WriteLine(words),
        };
        var engine = RabbitMqEngine.Connect(url, options, store, sendsLocally, TestContext.Current.CancellationToken).GetAwaiter()
            .GetResult();
        foreach (var (kind, factory) in kinds)
        {
            engine.Register(kind, factory);
        }

        engine.Start().GetAwaiter().GetResult();
        return engine;
    }

    /// <summary>
    /// The suite registers kinds as it goes, and a node says what it hosts when it joins: so it joins with the first message.
    /// </summary>
    private sealed class Joining : IEngine
    {
        private readonly Dictionary<string, ActorFactory> _kinds = [];
        private readonly Lazy<RabbitMqEngine> _engine;

        public Joining(Func<Dictionary<string, ActorFactory>, RabbitMqEngine> join) =>
            _engine = new Lazy<RabbitMqEngine>(() => join(_kinds));

        public void Register(string kind, ActorFactory factory) => _kinds.Add(kind, factory);

        public void Tell(ActorAddress to, IMessage message) => _engine.Value.Tell(to, message);

        public ValueTask DisposeAsync() => _engine.IsValueCreated ? _engine.Value.DisposeAsync() : ValueTask.CompletedTask;
    }
}

[Trait(Effort.Quick, "no")]
public sealed class RabbitMqEngineConformance : EngineConformance
{
    protected override EngineHarness CreateHarness(ICheckpointStore store, int parallelism) =>
        new RabbitMqHarness(store, parallelism, sendsLocally: true);
}

/// <summary>The same with every message through the broker.</summary>
[Trait(Effort.Quick, "no")]
public sealed class RabbitMqWireConformance : EngineConformance
{
    protected override EngineHarness CreateHarness(ICheckpointStore store, int parallelism) =>
        new RabbitMqHarness(store, parallelism, sendsLocally: false);
}
