using System.Globalization;
using System.Text.RegularExpressions;
using FitCluster.Messages;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>
/// Everything that somebody who reaches the ports of a node may send is dropped, while a fit goes on to the right bits: no crash, no
/// growth.
/// </summary>
public sealed partial class HostileBytesTests(EbmfFit fit)
{
    private const long MostGrowth = 200L << 20;

    private static readonly int Messages = Effort.Of(4_000, 100_000);
    private static readonly JobName Job = new("job");

    [Fact]
    public async Task What_strangers_send_to_both_ports_is_dropped_and_the_fit_has_the_right_bits()
    {
        await using var cluster = await TestCluster.Start(0);
        var port = TestCluster.FreePorts();
        var node = await cluster.StartNode(more: ["--listen", $"127.0.0.1:{port}"]);
        await cluster.StartNode();
        // Once before: what grows in a fit is not what is looked for.
        await FaultRun.Of(cluster, fit, "warm", (_, _) => Task.CompletedTask);
        var version = (await cluster.Store.Nodes()).First(n => n.Name == node).Version;
        Assert.NotEmpty(version);
        var before = 0L;
        await FaultRun.Of(cluster, fit, Job.Value, async (_, _) =>
        {
            await Attack(port, version, Messages / 20, seed: 1);
            before = Memory(cluster.ProcessOf(node));
            await Attack(port, version, Messages, seed: 2);
        });
        Assert.All(cluster.Nodes, n => Assert.True(cluster.IsUp(n)));
        Assert.InRange(Memory(cluster.ProcessOf(node)) - before, long.MinValue, MostGrowth);
        var said = cluster.ErrorOf(node).Split('\n');
        Assert.Contains(said, line => line.Contains("was dropped: ", StringComparison.Ordinal));
        Assert.DoesNotContain(
            said, line => line.Contains("   at ", StringComparison.Ordinal) || line.Contains("nhandled", StringComparison.Ordinal));
        Assert.DoesNotContain("has left the cluster", cluster.ErrorOf(node), StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{before >> 20} MB after the first, {Memory(cluster.ProcessOf(node)) >> 20} MB after all; {said.Length} lines said");
    }

    /// <summary>Letters that are changed, behind a right greeting; greetings that are changed; and noise to Akka's port.</summary>
    private static async Task Attack(int port, string version, int messages, int seed)
    {
        var random = new Random(seed);
        var hello = HostileBytes.Hello("stranger", "127.0.0.1:1+2", version);
        var frames = new[]
        {
            HostileBytes.Frame(
                new RunRound(Job, new Attempt(1), 1, new ShardId(0), new Round(1), false, new ArraySet().Set("x", new double[20]))),
            HostileBytes.Frame(new Draining()), HostileBytes.Frame(new WakeDirectory()),
        };
        for (var sent = 0; sent < messages;)
        {
            var count = int.Min(random.Next(1, 50), messages - sent);
            var items = Enumerable.Range(0, count).Select(_ => Item(frames[random.Next(frames.Length)], random)).ToList();
            switch (random.Next(4))
            {
                case 0:
                    await HostileBytes.Send(port + 1, [HostileBytes.Mutated(hello, random), .. items]);
                    break;
                case 1:
                    await HostileBytes.Send(port, items.Select(item => AkkaFrame(HostileBytes.Mutated(item, random), random)));
                    break;
                default:
                    // A length that promises more than ever comes is the last of it.
                    await HostileBytes.Send(port + 1, [hello, .. items, [0xff, 0xff, 0xff, 0x0f, 1]]);
                    break;
            }

            sent += count;
        }
    }

    /// <summary>
    /// A frame is always damaged (a right one from a stranger is obeyed, where there is no TLS); its letter and length sometimes.
    /// </summary>
    private static byte[] Item(byte[] frame, Random random)
    {
        var damaged = HostileBytes.Mutated(frame, random);
        damaged = damaged.AsSpan().SequenceEqual(frame) ? [.. frame[..^1], (byte)~frame[^1]] : damaged;
        var (kind, id) = random.Next(3) switch { 0 => ("fit", "job"), 1 => ("shard", "job/0"), _ => ("directory", "jobs") };
        var letter = HostileBytes.Letter(kind, id, damaged);
        return HostileBytes.Item((byte)random.Next(1, 5), random.Next(2) == 0 ? letter : HostileBytes.Mutated(letter, random));
    }

    /// <summary>
    /// What Akka's transport takes for a frame: a length, and something like one of its messages; or a length that cannot be.
    /// </summary>
    private static byte[] AkkaFrame(byte[] body, Random random)
    {
        byte[] start = random.Next(3) switch { 0 => [0x0a, (byte)body.Length], 1 => [0x12, 0x04, 0x08, (byte)random.Next(8)], _ => [] };
        var length = random.Next(8) == 0 ? random.Next() : start.Length + body.Length;
        return [.. BitConverter.GetBytes(length), .. start, .. body];
    }

    private static long Memory(int process) => 1024 * long.Parse(
        Resident().Match(File.ReadAllText($"/proc/{process}/status")).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("VmRSS:\\s*([0-9]+) kB")]
    private static partial Regex Resident();
}
