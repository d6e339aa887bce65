using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Spec;
using Xunit;

namespace FitCluster.Cli.Tests.Running;

/// <summary>A twineb job as the program prepares it, fitted by a plain loop.</summary>
internal sealed class TwinEbRun
{
    public TwinEbRun(string spec, Scratch scratch)
    {
        Job = Prepare(spec, scratch);
        var model = Job.Model;
        var data = Enumerable.Range(0, Job.Shards).Select(s => Job.Load(new ShardId(s))).ToArray();
        var shards = data.Select(model.InitialShard).ToArray();
        var global = model.InitialGlobal();
        while (!model.Report(global).IsDone)
        {
            var broadcast = model.Broadcast(global);
            var partials = data.Select((d, s) => model.Local(broadcast, d, shards[s])).ToArray();
            foreach (var partial in partials[1..])
            {
                partials[0].Combine(partial);
            }

            global = model.Update(global, partials[0]);
        }

        Assert.Null(model.Report(global).Failure);
        Result = model.GlobalResult(global);
        Rows = [.. data.SelectMany((d, s) => model.ShardResult(d, shards[s])["rows_mean"])];
    }

    public PreparedJob Job { get; }

    public ArraySet Result { get; }

    public double[] Rows { get; }

    /// <summary>All numbers of the result that are not NaN, and the rows.</summary>
    public double[] Numbers => [.. Rows, .. Result.SelectMany(a => a.Values).Where(v => !double.IsNaN(v))];

    public static PreparedJob Prepare(string spec, Scratch scratch)
    {
        var problems = new ProblemList();
        var read = JobSpecReader.Read(scratch.File("job.yaml", spec), new SpecOverrides(), problems);
        Assert.Empty(problems.All);
        return new PreparedJob(read!, DataOpener.Open(read!.Data));
    }
}
