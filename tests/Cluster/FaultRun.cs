using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using FitCluster.Engine;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>What a fault cost a job that ended with the bits of one process.</summary>
/// <param name="Events">The job's events.</param>
/// <param name="SecondsToProgress">
/// From the fault to the next report of a round that could not have been done before it: one after the round in which a shard was lost, or,
/// where another coordinator took over, one of its that is further than the job was. NaN when the job ended without another report.
/// </param>
/// <param name="Redone">The rounds that the whole job did again.</param>
internal sealed partial record FaultRun(string Events, double SecondsToProgress, long Redone)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(150);

    /// <summary>Submits a job, harms its cluster in the middle of it, and compares what it ends with.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="fit">The job.</param>
    /// <param name="job">Its name.</param>
    /// <param name="harm">The fault; the job goes on meanwhile.</param>
    /// <param name="checkpointRounds">How often it writes a checkpoint.</param>
    public static async Task<FaultRun> Of(
        TestCluster cluster, FaultFit fit, string job, Func<TestCluster, string, Task> harm,
        int checkpointRounds = EbmfFit.CheckpointRounds)
    {
        cluster.Run(
            ["submit", .. fit.Arguments, "--name", job, "--data", fit.Data, "--checkpoint-rounds", $"{checkpointRounds}"]).Expect(0);
        await cluster.Round(job, 60);
        var before = (await cluster.Job(job)).Progress;
        Assert.True((await cluster.Job(job)).Ended is null, "the job ended before anything could be done to it");
        var clock = Stopwatch.StartNew();
        var harming = harm(cluster, job);
        var reports = new List<(double Time, long Attempt, long Round)>();
        while (clock.Elapsed < Limit)
        {
            var now = await Progress(cluster, job);
            reports.Add((clock.Elapsed.TotalSeconds, now.Progress.Attempt.Value, now.Progress.Round.Value));
            if (now.Ended is not null)
            {
                break;
            }

            await Task.Delay(20);
        }

        await harming;
        await cluster.End(job);
        var events = await cluster.Events(job);
        var ended = await cluster.Job(job);
        Assert.True(ended.State is JobState.Converged or JobState.Stopped, $"{ended.Reason}\n{events}");
        var output = Path.Combine(cluster.Folder, $"results-{job}");
        var ran = cluster.Run("results", job, "--out", output);
        Assert.True(ran.ExitCode is 0 or 3, ran.Error);
        fit.ExpectSame(output);
        return Cost(before, reports, events);
    }

    private static FaultRun Cost(JobProgress before, List<(double Time, long Attempt, long Round)> reports, string events)
    {
        var resumed = Resumed().Match(events);
        var lost = Lost().Match(events);
        var round = long.Max(before.Round.Value, !resumed.Success && lost.Success ? Number(lost) : 0);
        var attempt = before.Attempt.Value + (resumed.Success ? 1 : 0);
        var next = reports.FirstOrDefault(r => r.Round > round && r.Attempt >= attempt, (double.NaN, 0, 0));
        // What is said last before a coordinator dies may have been done after the fault was begun.
        var furthest = reports.Where(r => r.Attempt < attempt).Select(r => r.Round).Append(before.Round.Value).Max();
        return new FaultRun(events, next.Item1, resumed.Success ? long.Max(0, furthest - Number(resumed)) : 0);
    }

    private static long Number(Match match) => long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    private static async Task<JobEntry> Progress(TestCluster cluster, string job)
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            try
            {
                return await cluster.Job(job);
            }
            catch (ClusterStoreException) when (clock.Elapsed < Limit)
            {
                // It may be the one that is harmed.
            }
        }
    }

    [GeneratedRegex("goes on from the checkpoint of round ([0-9]+)")]
    private static partial Regex Resumed();

    [GeneratedRegex("was lost in round ([0-9]+)")]
    private static partial Regex Lost();
}
