using System.Globalization;
using FitCluster.Cli.Tests;
using FitCluster.Engine;
using FitCluster.Web;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>Two nodes that have no file of the data: only the URL of a store, on a server of the test's own.</summary>
public sealed class UrlTests
{
    private const int Rows = 10_000;
    private const int Columns = 400;
    private const int Shards = 4;
    private const long BlockBytes = 1 << 22;
    private static readonly string[] Fit = ["ebmf", "--shards", "4", "--factors", "4", "--tolerance", "1e-6", "--checkpoint-rounds", "10"];

    [Fact]
    public async Task Nodes_read_their_own_rows_by_url_and_the_fit_has_the_bits_of_one_by_path()
    {
        await using var cluster = await TestCluster.Start(0);
        var www = Path.Combine(cluster.Folder, "www");
        FitProgram.RunProcess("simulate", "ebmf", "--out", www, "--rows", $"{Rows}", "--columns", $"{Columns}", "--factors", "3",
            "--format", "store").Expect(0);
        var expected = Path.Combine(cluster.Folder, "expected");
        string[] fit = ["fit", .. Fit, "--data", Path.Combine(www, "data.store"), "--out", expected, "--progress", "none"];
        FitProgram.RunProcess(fit).Expect(0);

        await using var server = new FileServer(www);
        // The first requests of one node for rows fail, in a way that may pass.
        var failures = 3;
        server.Faults = r => r.Agent == "fitcluster/n2" && IsValues(r) && Interlocked.Decrement(ref failures) >= 0
            ? new FileServer.Fault(Status: 503)
            : null;
        var url = server.Url.Replace("//", "//reader:hush@", StringComparison.Ordinal) + "/data.store";
        foreach (var node in new[] { "n1", "n2" })
        {
            // Room for two shards each: nothing moves, so that the log tells who read what.
            await cluster.StartNode(environment: [$"FITCLUSTER_CACHE={Path.Combine(cluster.Folder, node)}"], more: ["--capacity", "2"]);
        }

        var submitted = cluster.Run(["submit", .. Fit, "--name", "job", "--data", url]).Expect(0);
        await cluster.Round("job", 1);
        var hosts = (await cluster.Store.Nodes()).ToDictionary(
            n => n.Name, n => n.Actors.Where(a => a.StartsWith("shard/job/", StringComparison.Ordinal)).ToList());
        await cluster.End("job");
        var events = await cluster.Events("job");
        Assert.True((await cluster.Job("job")).State == JobState.Converged, $"{(await cluster.Job("job")).Reason}\n{events}");

        var results = Path.Combine(cluster.Folder, "results");
        cluster.Run("results", "job", "--out", results).Expect(0);
        var arrays = Directory.GetFiles(expected, "*.npy");
        Assert.True(arrays.Length >= 7);
        Assert.All(arrays, file => Assert.True(File.ReadAllBytes(file).AsSpan().SequenceEqual(
            File.ReadAllBytes(Path.Combine(results, Path.GetFileName(file)))), Path.GetFileName(file)));
        Assert.DoesNotContain("hush", events + submitted.Error + submitted.Output + File.ReadAllText(Path.Combine(results, "fit.json")),
            StringComparison.Ordinal);

        Assert.DoesNotContain("could not be loaded", events, StringComparison.Ordinal);
        Assert.Equal(3, server.Log.Count(r => r.Status == 503));
        foreach (var (node, actors) in hosts)
        {
            Assert.Equal(2, actors.Count);
            var wanted = actors.SelectMany(a => BlocksOf(int.Parse(a.Split('/')[^1], CultureInfo.InvariantCulture))).Order().Distinct();
            Assert.Equal(wanted,
                server.Log.Where(r => r.Agent == $"fitcluster/{node}" && IsValues(r) && r.Status == 206).SelectMany(BlocksOf).Order());
        }

        // What stands on the boundary of two shards may be read by both nodes; nothing else of the rows is
        // read twice, nor by the program that submits.
        var bytes = server.Log.Where(IsValues).Sum(r => r.Bytes);
        var data = (long)Rows * Columns * sizeof(double);
        Assert.InRange(bytes, data, data + ((Shards - 1) * BlockBytes) + 100);
        Assert.DoesNotContain(server.Log, r => r.Agent == "fitcluster" && IsValues(r));
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"rows: {bytes:N0} bytes served for {data:N0} of data; everything else: " +
            $"{server.Log.Where(r => !IsValues(r)).Sum(r => r.Bytes):N0} bytes"));
    }

    private static bool IsValues(FileServer.Request request) => request.Path.EndsWith("values.f64", StringComparison.Ordinal);

    /// <summary>The blocks of a shard's rows: the data are dense, so shards have the same number of rows.</summary>
    private static IEnumerable<long> BlocksOf(int shard)
    {
        const long ShardBytes = (long)Rows / Shards * Columns * sizeof(double);
        return Blocks(shard * ShardBytes, ((shard + 1) * ShardBytes) - 1);
    }

    private static IEnumerable<long> BlocksOf(FileServer.Request request)
    {
        var ends = request.Range["bytes=".Length..].Split('-').Select(e => long.Parse(e, CultureInfo.InvariantCulture)).ToList();
        return Blocks(ends[0], ends[1]);
    }

    private static IEnumerable<long> Blocks(long first, long last)
    {
        for (var b = first / BlockBytes; b <= last / BlockBytes; b++)
        {
            yield return b;
        }
    }
}
