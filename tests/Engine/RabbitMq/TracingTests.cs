using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using FitCluster.Messages;
using FitCluster.Services;
using FitCluster.Tests;
using RabbitMQ.Client;
using Xunit;

namespace FitCluster.Engine.Tests.RabbitMq;

[Trait(Effort.Quick, "no")]
public sealed class TracingTests
{
    private static readonly JobName Job = new("traced");
    private static readonly ShardId Shard = new(3);

    [Fact]
    public async Task The_spans_of_a_round_on_two_engines_are_one_trace()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "FitCluster",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await Run();

        var rounds = spans.Where(s => s.OperationName == "fit.round" && Equals(s.GetTagItem("fitcluster.job"), Job.Value)).ToList();
        Assert.Equal([1L, 2L, 3L], rounds.Select(r => (long)r.GetTagItem("fitcluster.round")!));
        Assert.Equal(3, rounds.Select(r => r.TraceId).Distinct().Count());
        Assert.All(rounds, r => Assert.Equal(default, r.ParentSpanId));
        foreach (var round in rounds)
        {
            var step = Assert.Single(spans, s => s.OperationName == "shard.step" && s.TraceId == round.TraceId);
            Assert.Equal((round.SpanId, true), (step.ParentSpanId, step.HasRemoteParent));
            Assert.Equal((round.GetTagItem("fitcluster.round"), Shard.Value, "shard/traced/3"),
                (step.GetTagItem("fitcluster.round"), step.GetTagItem("fitcluster.shard"), step.GetTagItem("fitcluster.actor")));
            Assert.True(
                step.StartTimeUtc >= round.StartTimeUtc && step.StartTimeUtc + step.Duration <= round.StartTimeUtc + round.Duration);
        }

        // The part of the checkpoint is saved within the step that said so, and what failed says why.
        var second = spans.Single(s => s.OperationName == "shard.step" && s.TraceId == rounds[1].TraceId);
        var save = Assert.Single(spans, s => s.OperationName == "checkpoint.save" && s.TraceId == rounds[1].TraceId);
        var load = Assert.Single(spans, s => s.OperationName == "checkpoint.load" && s.TraceId == rounds[1].TraceId);
        Assert.Equal((second.SpanId, ActivityStatusCode.Unset), (save.ParentSpanId, save.Status));
        Assert.Equal((save.SpanId, ActivityStatusCode.Error), (load.ParentSpanId, load.Status));
        Assert.NotEmpty(load.StatusDescription!);
        Assert.Contains(spans, s => s.OperationName == "actor.activate" && Equals(s.GetTagItem("fitcluster.actor"), "shard/traced/3"));
    }

    [Fact]
    public void A_header_says_where_a_message_comes_from_and_nonsense_says_nothing()
    {
        var properties = new BasicProperties();
        TraceHeader.Write(properties, default);
        Assert.Null(properties.Headers);
        var context = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        TraceHeader.Write(properties, context);
        // As it comes: text is bytes on the wire.
        properties.Headers!["traceparent"] = Encoding.ASCII.GetBytes((string)properties.Headers["traceparent"]!);
        var read = TraceHeader.Read(properties);
        Assert.Equal(
            (context.TraceId, context.SpanId, context.TraceFlags, true), (read.TraceId, read.SpanId, read.TraceFlags, read.IsRemote));
        foreach (object? other in new object?[]
        {
            null, 7, "text", new byte[55], new byte[4000], Encoding.ASCII.GetBytes(new string('0', 55))
        })
        {
            properties.Headers["traceparent"] = other;
            Assert.Equal(default, TraceHeader.Read(properties));
        }
    }

    /// <summary>A coordinator on one engine and a shard on another: three rounds, and an end.</summary>
    private static async Task Run()
    {
        var url = await (await RabbitServer.Shared()).NewVirtualHost();
        var ended = new TaskCompletionSource();
        await using var coordinators = await Join(url, "one", "fit", new ScriptedActor((message, context) =>
        {
            var shard = new ActorAddress("shard", $"{Job}/{Shard}");
            switch (message)
            {
                case WakeDirectory:
                    context.Tell(shard, new RunRound(Job, new Attempt(1), 1, Shard, new Round(1), false, new ArraySet()));
                    break;
                case RoundAnswer answer when answer.Round.Value < 3:
                    context.Tell(
                        shard, new RunRound(Job, new Attempt(1), 1, Shard, answer.Round.Next, answer.Round.Value == 1, new ArraySet()));
                    break;
                case RoundAnswer:
                    context.Tell(shard, new ReleaseShard(Job, new Attempt(1), Shard));
                    break;
            }
        }));
        await using var shards = await Join(url, "two", "shard", new ScriptedActor((message, context) =>
        {
            if (message is RunRound run)
            {
                if (run.SaveFirst)
                {
                    context.Ask(
                        new SavePart(run.Job, run.Attempt, run.Round, run.Shard, new ArraySet()), reply => new TimerElapsed("saved", 0));
                    return;
                }

                context.Tell(context.Sender!.Value, new RoundAnswer(run.Job, run.Attempt, run.Load, run.Shard, run.Round, new ArraySet()));
            }
            else if (message is TimerElapsed { Kind: "saved" })
            {
                // There is no such part.
                context.Ask(new LoadPart(Job, new Attempt(7), new Round(7), Shard, "no"), reply => new TimerElapsed("refused", 0));
            }
            else if (message is TimerElapsed)
            {
                context.Tell(
                    new ActorAddress("fit", Job.Value), new RoundAnswer(Job, new Attempt(1), 1, Shard, new Round(2), new ArraySet()));
            }
            else if (message is ReleaseShard)
            {
                ended.TrySetResult();
            }
        }));
        coordinators.Tell(new ActorAddress("fit", Job.Value), new WakeDirectory());
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static async Task<RabbitMqEngine> Join(string url, string node, string kind, IActor actor)
    {
        var options = new ClusterEngineOptions { Node = node, Threads = 1, Capacity = new Dictionary<string, int> { [kind] = 10 } };
        var engine = await RabbitMqEngine.Connect(url, options, new InMemoryCheckpointStore());
        engine.Register(kind, _ => actor);
        await engine.Start();
        return engine;
    }
}
