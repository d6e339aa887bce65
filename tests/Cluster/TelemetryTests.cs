using FitCluster.Cli.Tests;
using Xunit;

namespace FitCluster.Cluster.Tests;

public sealed class TelemetryTests
{
    [Fact]
    public async Task Nodes_send_metrics_and_traces_and_a_round_is_one_trace_over_nodes()
    {
        await using var cluster = await TestCluster.Start(0);
        await using var receiver = new OtlpReceiver();
        string[] environment =
        [
            $"OTEL_EXPORTER_OTLP_ENDPOINT={receiver.Url}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_SERVICE_NAME=atlas-fits",
            "OTEL_METRIC_EXPORT_INTERVAL=500",
            "OTEL_BSP_SCHEDULE_DELAY=200",
        ];
        // One node that hosts the coordinator, one that works, and one that works and is told to send no traces.
        var coordinator = await cluster.StartNode(environment: environment, more: ["--capacity", "1"]);
        var worker = await cluster.StartNode(environment: environment, more: ["--capacity", "1", "--coordinators", "0"]);
        var quiet = await cluster.StartNode(environment: [.. environment, "OTEL_TRACES_EXPORTER=none", "OTEL_SERVICE_NAME=quiet"],
            more: ["--capacity", "1", "--coordinators", "0"]);

        var data = Path.Combine(cluster.Folder, "data");
        FitProgram.RunProcess("simulate", "ebmf", "--out", data, "--rows", "900", "--columns", "50", "--factors", "2").Expect(0);
        // A node that is ready may not be known yet to the one that places: by the end of a first job it is.
        var first = await Fit("first");
        await TestCluster.Until(() => Rounds().Count == first, "the first job's rounds were not sent");
        var before = Rounds().Select(r => r.Trace).ToHashSet();
        var last = await Fit("job");
        foreach (var node in new[] { coordinator, worker, quiet })
        {
            await cluster.Terminate(node);
        }

        var spans = receiver.Spans.ToList();
        var rounds = Rounds().FindAll(r => !before.Contains(r.Trace));
        Assert.True(last > 5);
        Assert.Equal(last, rounds.Count);
        Assert.All(rounds, r => Assert.Equal(("", coordinator, "atlas-fits"), (r.Parent, r.Node, r.Service)));
        foreach (var round in rounds)
        {
            var steps = spans.Where(s => s.Name == "shard.step" && s.Trace == round.Trace).ToList();
            Assert.All(steps, s => Assert.Equal(round.Id, s.Parent));
            Assert.Superset(new HashSet<string> { coordinator, worker }, steps.Select(s => s.Node).ToHashSet());
        }

        foreach (var name in new[]
        {
            "actor.activate", "shard.load", "shard.collect", "checkpoint.save", "checkpoint.commit", "attempt.claim", "results.write"
        })
        {
            Assert.Contains(spans, s => s.Name == name);
        }

        Assert.Contains(spans, s => s.Name == "checkpoint.save" && rounds.Exists(r => r.Trace == s.Trace) && s.Node == worker);
        Assert.DoesNotContain(spans, s => s.Node == quiet);
        Assert.Superset(new HashSet<(string, string)> { ("atlas-fits", "fitcluster.rows"), ("quiet", "fitcluster.rows") },
            receiver.Metrics.Keys.ToHashSet());

        List<OtlpReceiver.Span> Rounds() => [.. receiver.Spans.Where(s => s.Name == "fit.round")];

        async Task<long> Fit(string job)
        {
            cluster.Run("submit", "ebmf", "--shards", "3", "--factors", "3", "--checkpoint-rounds", "5", "--name", job, "--data", data)
                .Expect(0);
            await cluster.End(job);
            return (await cluster.Job(job)).Progress.Round.Value;
        }
    }

    [Fact]
    public void An_exporter_that_there_is_not_is_refused() =>
        FitProgram.Wait(FitProgram.StartOther(
            "env", "OTEL_TRACES_EXPORTER=jaeger", FitProgram.Path, "node", "--store", "postgres://a:b@127.0.0.1:1/x"))
            .ExpectBadInput("OTEL_TRACES_EXPORTER is 'jaeger'", "otlp and none");
}
