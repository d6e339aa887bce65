using FitCluster.Messages;
using FitCluster.Services;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Engine.Tests.RabbitMq;

[Trait(Effort.Quick, "no")]
public sealed class ClosedConnectionTests
{
    [Fact]
    public async Task A_handler_that_ends_after_its_connection_does_not_take_the_process_down()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        var url = await (await RabbitServer.Shared()).NewVirtualHost();
        var options = new ClusterEngineOptions { Node = "slow", Threads = 1, Capacity = new Dictionary<string, int> { ["fit"] = 1 } };
        // Through the broker, so that there is something to acknowledge.
        var engine = await RabbitMqEngine.Connect(
            url, options, new InMemoryCheckpointStore(), sendsLocally: false, TestContext.Current.CancellationToken);
        engine.Register("fit", _ => new ScriptedActor((message, _) =>
        {
            if (message is WakeDirectory)
            {
                begun.SetResult();
                Thread.Sleep(2000);
                ended.SetResult();
            }
        }));
        await engine.Start(TestContext.Current.CancellationToken);
        engine.Tell(new ActorAddress("fit", "slow"), new WakeDirectory());
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(30));
        // An exception on the engine's thread would end this process; disposing waits for that thread.
        await engine.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(ended.Task.IsCompletedSuccessfully);
    }
}
