using System.Diagnostics;
using System.Globalization;
using FitCluster.Engine.Tests.Checkpoints;
using FitCluster.Messages;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Engine.Tests.Cluster.Sqlite;

/// <summary>Processes over one file, killed.</summary>
[Trait(Effort.Quick, "no")]
public sealed class SqliteProcessTests
{
    private const string Variable = "FITCLUSTER_SQLITE_PROCESS";
    private const int Processes = 8;
    private static readonly JobName Shared = new("shared");

    [Fact]
    public async Task Eight_processes_make_a_store_and_write_to_it_and_what_they_were_told_is_kept_is_there_when_they_are_killed()
    {
        await using var harness = new SqliteHarness();
        var children = Enumerable.Range(0, Processes).Select(i => Start(harness.Path, i)).ToList();
        try
        {
            for (var clock = Stopwatch.StartNew(); children.Exists(child => Told(child, "commit").Count < 5);)
            {
                Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), "too slow");
                Assert.True(children.TrueForAll(child => !child.Process.HasExited), All(children));
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }

            using var patience = new CancellationTokenSource(300);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => harness.Cluster.LockJoining(patience.Token));
        }
        finally
        {
            foreach (var child in children)
            {
                child.Process.Kill();
                await child.Process.WaitForExitAsync(CancellationToken.None);
                child.Process.Dispose();
            }
        }

        await using var held = await harness.Cluster.LockJoining().WaitAsync(TimeSpan.FromSeconds(20));
        await harness.Cluster.Prepare(TestContext.Current.CancellationToken);
        Assert.Equal("ok", harness.Scalar("PRAGMA integrity_check"));
        Assert.Single(children.SelectMany(child => Told(child, "submit")), (long)Submitted.New);
        var attempts = children.SelectMany(child => Told(child, "claim")).Order().ToList();
        Assert.Equal(attempts.Distinct(), attempts);
        Assert.True(attempts[^1] < Assert.IsType<AttemptClaimed>(await harness.Store.Do(new ClaimAttempt(Shared))).Attempt.Value);
        // Each may have been killed between the number it was told and its line of the log.
        Assert.True((await harness.Cluster.Events(Shared)).Count >= attempts.Count - Processes);
        foreach (var (child, i) in children.Select((child, i) => (child, i)))
        {
            var found = Assert.IsType<CheckpointFound>(await harness.Store.Do(new FindCheckpoint(JobOf(i))));
            Assert.Empty(found.PassedOver);
            Assert.InRange(found.Manifest!.Round.Value, Told(child, "commit")[^1], long.MaxValue);
            Assert.InRange((long)harness.Scalar($"SELECT count(*) FROM parts WHERE job = '{JobOf(i)}'")!, 1, 4);
        }
    }

    /// <summary>What each process does: in a process of its own, until it is killed.</summary>
    [Fact(Explicit = true)]
    public async Task Process()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split('|') is not [var path, var text])
        {
            return;
        }

        var number = int.Parse(text, CultureInfo.InvariantCulture);
        await using var store = new SqliteStore(path);
        using var log = new StreamWriter(LogOf(path, number)) { AutoFlush = true };
        await store.Prepare();
        log.WriteLine($"submit {(int)await store.Submit(new JobSubmission(Shared, "spec", "s", "d", 1))}");
        var held = number == 0 ? await store.LockJoining() : null;
        var job = JobOf(number);
        var attempt = Assert.IsType<AttemptClaimed>(await store.Do(new ClaimAttempt(job))).Attempt;
        for (var round = new Round(1); ; round = new Round(round.Value + 1))
        {
            var state = new ArraySet().Set("x", [.. Enumerable.Range(0, 20_000).Select(i => (double)i * round.Value)]);
            var saved = Assert.IsType<PartSaved>(await store.Do(new SavePart(job, attempt, round, new ShardId(0), state)));
            var manifest = new CheckpointManifest(
                job, attempt, round, "s", "d", 1, [new CheckpointPart(new ShardId(0), attempt, saved.Checksum, saved.Bytes)]);
            Assert.Null((await store.Do(new CommitCheckpoint(job, attempt, manifest, 2))).Error);
            log.WriteLine($"commit {round}");
            log.WriteLine($"claim {Assert.IsType<AttemptClaimed>(await store.Do(new ClaimAttempt(Shared))).Attempt}");
            await store.AddEvent(Shared, text, "words");
            GC.KeepAlive(held);
        }
    }

    private static JobName JobOf(int number) => new($"job-{number}");

    private static string LogOf(string path, int number) => $"{path}.log-{number}";

    private static (Process Process, string Log) Start(string path, int number)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath!,
            ["-explicit", "only", "-noColor", "-method", $"{typeof(SqliteProcessTests).FullName}.{nameof(Process)}"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, Environment = { [Variable] = $"{path}|{number}" },
        };
        return (System.Diagnostics.Process.Start(start)!, LogOf(path, number));
    }

    /// <summary>The numbers that a process has noted of something; a line that it was killed in does not count.</summary>
    private static List<long> Told((Process, string Log) child, string what)
    {
        using var file = new StreamReader(new FileStream(child.Log, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite));
        var lines = file.ReadToEnd().Split('\n')[..^1];
        return [.. lines.Where(line => line.StartsWith(what, StringComparison.Ordinal))
            .Select(line => long.Parse(line[(what.Length + 1)..], CultureInfo.InvariantCulture))];
    }

    private static string All(IEnumerable<(Process Process, string Log)> children) => string.Join(
        '\n', children.Where(child => child.Process.HasExited).Select(child => child.Process.StandardOutput.ReadToEnd()));
}
