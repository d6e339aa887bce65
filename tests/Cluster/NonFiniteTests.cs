using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>Infinity turns up in the middle of a fit: here because somebody writes into the mapped data while it runs.</summary>
public sealed class NonFiniteTests(EbmfFit fit)
{
    [Fact]
    public async Task An_infinity_ends_the_job_with_array_and_shard_and_the_last_good_checkpoint_is_gone_on_from()
    {
        Effort.OnlyLong();
        await using var cluster = await TestCluster.Start(2);
        var data = Path.Combine(cluster.Folder, "data.store");
        Directory.CreateDirectory(data);
        foreach (var file in Directory.GetFiles(fit.Data))
        {
            File.Copy(file, Path.Combine(data, Path.GetFileName(file)));
        }

        cluster.Run(["submit", .. EbmfFit.Usual, "--name", "job", "--data", data]).Expect(0);
        await cluster.Round("job", 60);
        var values = Path.Combine(data, "values.f64");
        double good;
        await using (var file = File.Open(values, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            good = Exchange(file, double.PositiveInfinity);
        }

        var ran = cluster.Run("watch", "job", "--progress", "none").Expect(1);
        var job = await cluster.Job("job");
        Assert.Equal(JobState.Failed, job.State);
        Assert.Matches("^array '[^']+' of shard 5 of job job is not finite in round [0-9]+$", job.Reason);
        Assert.Contains($"fitcluster: job failed: {job.Reason}", ran.Error, StringComparison.Ordinal);
        var kept = Assert.IsType<CheckpointFound>(
            await cluster.Store.Handle(new FindCheckpoint(new JobName("job")), TestContext.Current.CancellationToken)).Manifest;
        Assert.InRange(kept!.Round.Value, 25, job.Progress.Round.Value);

        await using (var file = File.Open(values, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            Exchange(file, good);
        }

        cluster.Run("resume", "job").Expect(0);
        cluster.Run("watch", "job", "--progress", "none").Expect(0);
        Assert.Contains($"goes on from the checkpoint of round {kept.Round}", await cluster.Events("job"), StringComparison.Ordinal);
        var output = Path.Combine(cluster.Folder, "results");
        cluster.Run("results", "job", "--out", output).Expect(0);
        fit.ExpectSame(output);
    }

    /// <summary>Puts another value in the place of the last one, which is of the last shard.</summary>
    private static double Exchange(FileStream file, double value)
    {
        var bytes = new byte[sizeof(double)];
        file.Seek(-sizeof(double), SeekOrigin.End);
        file.ReadExactly(bytes);
        file.Seek(-sizeof(double), SeekOrigin.End);
        file.Write(BitConverter.GetBytes(value));
        return BitConverter.ToDouble(bytes);
    }
}
