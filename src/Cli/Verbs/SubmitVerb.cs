using System.CommandLine;
using FitCluster.Cli.Cluster;
using FitCluster.Cli.Output;
using FitCluster.Cli.Progress;
using FitCluster.Data;
using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Models;
using FitCluster.Models.Jobs;
using FitCluster.Models.Spec;
using FitCluster.Node;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster submit</c>: hands a job to a cluster. The same job twice is one job.</summary>
internal static class SubmitVerb
{
    public static Command Create()
    {
        var options = new FitOptions();
        var cluster = new ClusterOptions();
        var format = Options.Text("--format", "table|json", "how the answer is printed on stdout (default table)");
        var progress = Options.Text("--progress", "KIND", "with --wait: auto, bar, plain or none (default auto), on stderr");
        var wait = Options.Switch("--wait", "watch the job until it ends, and end with its exit code");
        var command = new Command("submit",
            "Hands a job to a cluster. The same name, spec and data again are the same job; another spec under the name is refused.");
        options.AddTo(command);
        cluster.AddTo(command);
        command.Add(format);
        command.Add(progress);
        command.Add(wait);
        command.SetAction(result =>
        {
            using var inputs = InputFiles.Refusing("give a file that every node of the cluster has, or a URL");
            var problems = new ProblemList();
            var printed = OutputFormats.Parse(result.GetValue(format), problems);
            var display = ProgressDisplays.Parse(result.GetValue(progress), problems);
            var store = cluster.Store(result, problems);
            var spec = options.Read(result, problems);
            if (spec is { Name: null })
            {
                problems.Add("a job of a cluster needs a name: give --name NAME, or 'name' in the spec");
            }

            foreach (var path in (spec?.Data.Files ?? []).Where(path => !DataUrl.IsUrl(path)))
            {
                try
                {
                    InputFiles.Find(path);
                }
                catch (DataException e)
                {
                    problems.Add(e.Message);
                }
            }

            foreach (var (isGiven, what) in new[]
            {
                (spec?.Out is not null, "out"), (spec?.Threads is not null, "threads"), (spec?.Fresh == true, "fresh")
            })
            {
                if (isGiven)
                {
                    problems.Add(
                        $"'{what}' is for 'fit' on one machine: a cluster's results are fetched with 'results JOB --out DIR', and its " +
                        "nodes have their own threads");
                }
            }

            problems.ThrowIfAny();
            return ClusterVerb.Run(
                store, reached => Submit(spec!, reached, printed, result.GetValue(wait) ? display : null), makesStore: true)
                .GetAwaiter().GetResult();
        });
        return command;
    }

    private static async Task<int> Submit(JobSpec spec, IClusterStore store, OutputFormat format, string? watch)
    {
        var job = new PreparedJob(spec, DataOpener.Open(spec.Data));
        foreach (var line in FitVerb.Describe(job))
        {
            Terminal.Error.WriteLine(line);
        }

        var name = new JobName(spec.Name!);
        var submission = new JobSubmission(name, ClusterSpec.Write(job), job.SpecHash, job.DataHash, job.Shards);
        var submitted = await store.Job(name).ConfigureAwait(false) is { State: JobState.Stopped } stopped &&
            stopped.Submission.SpecHash == job.SpecHash && stopped.Submission.DataHash == job.DataHash &&
            !job.Spec.Stop.IsBeyond(ClusterSpec.Read(stopped.Submission.Spec).Spec.Stop)
                ? Submitted.Same
                : await store.Submit(submission).ConfigureAwait(false);
        if (submitted is Submitted.OtherSpec or Submitted.OtherData)
        {
            throw new ProblemException(
                ExitCode.NameTaken,
                    $"the name '{name}' belongs to a job with {(submitted == Submitted.OtherSpec ? "another spec" : "other data")}: " +
                    "give the new job another --name");
        }

        if (watch is not null)
        {
            return await WatchVerb.Watch(store, name, watch, format).ConfigureAwait(false);
        }

        var entry = await JobWords.Find(store, name.Value).ConfigureAwait(false);
        if (format == OutputFormat.Json)
        {
            ClusterVerb.PrintJson(writer => JobWords.Write(writer, entry, null));
        }
        else
        {
            Terminal.Out.WriteLine(submitted == Submitted.New
                ? $"{name} is submitted: {job.Shards} {(job.Shards == 1 ? "shard" : "shards")}"
                : submitted == Submitted.GoesOn ? $"{name} had been stopped by a limit, and goes on"
                : $"{name} was submitted before, and is {JobWords.StateOf(entry)}");
        }

        return ExitCode.Done;
    }
}
