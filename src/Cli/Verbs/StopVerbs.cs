using System.CommandLine;
using System.Globalization;
using FitCluster.Cli.Cluster;
using FitCluster.Cli.Output;
using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Models;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster cancel JOB</c> and <c>fitcluster resume JOB</c>: both may be said twice.</summary>
internal static class StopVerbs
{
    private const int DefaultTimeout = 60;

    public static Command Cancel()
    {
        var timeout = Options.Text("--timeout", "S", $"how long to wait for the checkpoint (default {DefaultTimeout})");
        return Make("cancel", "Stops a job with a checkpoint: 'resume' goes on from there.", timeout, async (store, job, seconds) =>
        {
            var entry = (await store.Cancel(job).ConfigureAwait(false))!;
            for (var until = Environment.TickCount64 + (seconds * 1000L); entry.State == JobState.Running && entry.CancelWanted &&
                Environment.TickCount64 < until;)
            {
                await Task.Delay(200).ConfigureAwait(false);
                entry = (await store.Job(job).ConfigureAwait(false))!;
            }

            return (entry, entry.State switch
            {
                JobState.Cancelled => $"{job} is cancelled after round {entry.Progress.Round}: 'fitcluster resume {job}' goes on with it",
                JobState.Running or JobState.Queued => $"{job} is being cancelled: it writes its checkpoint when its round ends",
                _ => $"{job} had ended: {JobWords.StateOf(entry)}",
            });
        });
    }

    public static Command Resume() => Make("resume",
        "Goes on with a job that was cancelled or has failed, from its last checkpoint.", null, async (store, job, _) =>
    {
        var entry = (await store.Resume(job).ConfigureAwait(false))!;
        return (entry, entry.State is JobState.Queued or JobState.Running
            ? $"{job} goes on from its last checkpoint"
            : $"{job} has ended ({JobWords.StateOf(entry)}): there is nothing to go on with");
    });

    private static Command Make(string verb, string description, Option<string?>? timeout,
        Func<IClusterStore, JobName, int, Task<(JobEntry Entry, string Words)>> change)
    {
        var name = new Argument<string>("JOB") { Description = "the job's name" };
        var cluster = new ClusterOptions();
        var format = Options.Text("--format", "table|json", "how the answer is printed on stdout (default table)");
        var command = new Command(verb, description) { name, format };
        cluster.AddTo(command);
        if (timeout is not null)
        {
            command.Add(timeout);
        }

        command.SetAction(result =>
        {
            var problems = new ProblemList();
            var printed = OutputFormats.Parse(result.GetValue(format), problems);
            var url = cluster.Store(result, problems);
            JobWords.CheckName(result.GetValue(name)!, problems);
            var seconds = DefaultTimeout;
            if (timeout is not null && result.GetValue(timeout) is { } text &&
                !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds <= 86_400))
            {
                problems.Add($"--timeout is '{text}'; it must be a whole number of seconds from 0 to 86400");
            }

            problems.ThrowIfAny();
            return ClusterVerb.Run(url, async store =>
            {
                var job = (await JobWords.Find(store, result.GetValue(name)!).ConfigureAwait(false)).Submission.Job;
                var (entry, words) = await change(store, job, seconds).ConfigureAwait(false);
                if (printed == OutputFormat.Json)
                {
                    ClusterVerb.PrintJson(writer => JobWords.Write(writer, entry, null));
                }
                else
                {
                    Terminal.Out.WriteLine(words);
                }

                return ExitCode.Done;
            }).GetAwaiter().GetResult();
        });
        return command;
    }
}
