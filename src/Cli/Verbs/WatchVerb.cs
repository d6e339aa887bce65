using System.Globalization;
using System.CommandLine;
using System.Runtime.InteropServices;
using FitCluster.Cli.Cluster;
using FitCluster.Cli.Output;
using FitCluster.Cli.Progress;
using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster watch JOB</c>: shows how a job goes until it ends, and ends with its exit code.</summary>
internal static class WatchVerb
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static Command Create()
    {
        var name = new Argument<string>("JOB") { Description = "the job's name" };
        var progress = Options.Text("--progress", "KIND", "auto, bar, plain or none (default auto), on stderr");
        var command = new Command("watch",
            "Shows how a job goes until it ends: 0 converged, 3 stopped, 1 failed, 130 cancelled. Ctrl-C ends watching, not the job.")
            {
                name, progress
            };
        ClusterVerb.Make(
            command,
            async (result, store, format, problems) =>
            {
                var job = await JobWords.Find(store, result.GetValue(name)!).ConfigureAwait(false);
                return await Watch(store, job.Submission.Job, ProgressDisplays.Parse(result.GetValue(progress), problems), format)
                    .ConfigureAwait(false);
            },
            (result, problems) => ProgressDisplays.Parse(result.GetValue(progress), problems));
        return command;
    }

    /// <summary>Watches; the exit code is the job's.</summary>
    public static async Task<int> Watch(IClusterStore store, JobName name, string progress, OutputFormat format)
    {
        using var handled = Interruption.HandledHere();
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });
        JobEntry? job = null;
        IProgressDisplay? display = null;
        var (seen, isAway, round) = (0L, false, -1L);
        try
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    job = await store.Job(name).ConfigureAwait(false) ??
                        throw ProblemException.BadInput($"there is no job '{name}' any more");
                    display ??= ProgressDisplays.Create(progress, job.Progress.Rows);
                    foreach (var happened in await store.Events(name, seen).ConfigureAwait(false))
                    {
                        display.Message($"{happened.Time:u} {happened.Node}: {happened.Words}");
                        seen = happened.Number;
                    }

                    if (job.Progress.Round.Value != round && job.Progress.Attempt.Value > 0)
                    {
                        var p = job.Progress;
                        round = p.Round.Value;
                        display.Round(new RoundReport(p.Phase, p.Objective, false, false, p.Share), round, p.Seconds);
                    }

                    if (JobWords.ExitCodeOf(job) is { } code)
                    {
                        display.Dispose();
                        return Print(job, code, format);
                    }

                    isAway = false;
                }
                catch (ClusterStoreException error) when (error.IsUnreachable)
                {
                    if (!isAway)
                    {
                        Terminal.Error.WriteLine($"{error.Message} (the job goes on; watching goes on when it answers)");
                    }

                    isAway = true;
                }

                try
                {
                    await Task.Delay(Pause, stop.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    break;
                }
            }
        }
        finally
        {
            display?.Dispose();
        }

        Terminal.Error.WriteLine($"not watched any more; {name} goes on (fitcluster cancel {name} ends it)");
        return ExitCode.Interrupted;
    }

    private static int Print(JobEntry job, int code, OutputFormat format)
    {
        if (format == OutputFormat.Json)
        {
            ClusterVerb.PrintJson(writer => JobWords.Write(writer, job, null));
        }
        else
        {
            Terminal.Out.WriteLine(
                string.Create(CultureInfo.InvariantCulture,
                    $"{job.Submission.Job}: {JobWords.StateOf(job)} after round {job.Progress.Round}, elbo " +
                    $"{JobWords.Elbo(job.Progress.Objective)}, {job.Progress.Seconds:F1} s"));
        }

        if (job.Reason.Length > 0)
        {
            Terminal.Error.WriteLine($"fitcluster: {job.Submission.Job} {JobWords.StateOf(job)}: {job.Reason}");
        }

        return code;
    }
}
