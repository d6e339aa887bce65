using System.Text;
using System.Text.RegularExpressions;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;
using Xunit;

namespace FitCluster.Models.Tests;

/// <summary>A job as the program prepares it, fitted by a plain loop, and its folder of results.</summary>
internal sealed class FittedFolder
{
    private FittedFolder(PreparedJob job, string folder, int rounds, double elbo) =>
        (Job, Folder, Rounds, Elbo) = (job, folder, rounds, elbo);

    public PreparedJob Job { get; }

    public string Folder { get; }

    public int Rounds { get; }

    public double Elbo { get; }

    public FinishedFit Fit => FinishedFit.Open(Folder, Assert.Fail);

    /// <summary>Fits a spec; a model is asked to end early after so many rounds.</summary>
    public static FittedFolder Of(Scratch scratch, string name, string spec, int mostRounds = int.MaxValue)
    {
        var job = Prepare(scratch, spec);
        var model = job.Model;
        var data = Enumerable.Range(0, job.Shards).Select(s => job.Load(new ShardId(s))).ToArray();
        var shards = data.Select(model.InitialShard).ToArray();
        var global = model.InitialGlobal();
        var rounds = 0;
        for (; !model.Report(global).IsDone; rounds++)
        {
            global = rounds == mostRounds ? model.EndEarly(global) : global;
            var broadcast = model.Broadcast(global);
            var partials = data.Select((d, s) => model.Local(broadcast, d, shards[s])).ToArray();
            partials[0].Combine(partials.AsSpan(1));
            global = model.Update(global, partials[0]);
        }

        Assert.Null(model.Report(global).Failure);
        var result = model.GlobalResult(global);
        var outcome = new FitOutcome(
            FitStatus.Converged, "", new Round(rounds), result, [.. data.Select((d, s) => model.ShardResult(d, shards[s]))],
                model.Report(global), [], 0);
        var folder = Directory.CreateDirectory(scratch.At(name)).FullName;
        using (var log = new RunLog(scratch.At(name + ".log")))
        {
            new ResultWriter(job, FitFolder.Look(folder), outcome, log).Write(new FitReport(job, name, outcome, log).ToBytes());
        }

        return new FittedFolder(job, folder, rounds, result.Scalar("elbo"));
    }

    /// <summary>Prepares a spec, as a text in YAML.</summary>
    public static PreparedJob Prepare(Scratch scratch, string spec)
    {
        var problems = new ProblemList();
        var read = JobSpecReader.Read(scratch.File("job.yaml", spec), new SpecOverrides(), problems);
        Assert.Empty(problems.All);
        return new PreparedJob(read!, DataOpener.Open(read!.Data));
    }

    /// <summary>The only problem of a spec that cannot be prepared.</summary>
    public static string Problem(Scratch scratch, string spec) =>
        Assert.Single(Assert.Throws<ProblemException>(() => Prepare(scratch, spec)).Problems);

    /// <summary>The job that a node makes of the text of another.</summary>
    public static PreparedJob OnNode(PreparedJob job)
    {
        var text = Json.Bytes(writer => SpecCanonical.Write(writer, job.Spec, job.Shards, forPeople: true, travels: true));
        var problems = new ProblemList();

        // As it travels: without lists of nothing.
        var spec = JobSpecReader.ReadText(Regex.Replace(Encoding.UTF8.GetString(text), "\"fixedFactors\": \\[\\],", ""), "node", problems);
        Assert.Empty(problems.All);
        return new PreparedJob(spec!, DataOpener.Open(spec!.Data));
    }

    /// <summary>Projects data onto the fit.</summary>
    public FinishedFit Project(Scratch scratch, string data, string name, bool ignoresUnknown = false) =>
        Project(Fit, scratch, data, name, ignoresUnknown);

    /// <summary>Projects data onto a fit, or onto projected rows.</summary>
    public static FinishedFit Project(FinishedFit fit, Scratch scratch, string data, string name, bool ignoresUnknown = false)
    {
        var folder = scratch.At(name);
        new RowProjector(fit, data, ignoresUnknown).Write(folder, threads: 2, tables: true, _ => { });
        return FinishedFit.Open(folder, Assert.Fail);
    }
}
