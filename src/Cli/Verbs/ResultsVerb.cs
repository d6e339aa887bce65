using System.CommandLine;
using FitCluster.Cli.Cluster;
using FitCluster.Cli.Output;
using FitCluster.Data.Writing;
using FitCluster.Engine;
using FitCluster.Models;
using FitCluster.Models.Results;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster results JOB --out DIR</c>: fetches what 'fit' would have written.</summary>
internal static class ResultsVerb
{
    public static Command Create()
    {
        var name = new Argument<string>("JOB") { Description = "the job's name" };
        var output = Options.Text("--out", "DIR", "the folder for the files");
        var fresh = Options.Switch("--fresh", "replace another fit in DIR");
        var wait = Options.Switch("--wait", "wait until the job has ended");
        var command =
            new Command("results", "Fetches the files of a job that has ended: the same that 'fit' writes.") { name, output, fresh, wait };
        ClusterVerb.Make(
            command,
            async (result, store, format, _) =>
            {
                var job = await JobWords.Find(store, result.GetValue(name)!).ConfigureAwait(false);
                if (result.GetValue(wait) && JobWords.ExitCodeOf(job) is null)
                {
                    await WatchVerb.Watch(store, job.Submission.Job, "none", OutputFormat.Table).ConfigureAwait(false);
                    job = await JobWords.Find(store, job.Submission.Job.Value).ConfigureAwait(false);
                }

                return await Fetch(store, job, result.GetValue(output)!, result.GetValue(fresh), format).ConfigureAwait(false);
            },
            (result, problems) =>
            {
                if (result.GetValue(output) is null)
                {
                    problems.Add("results: --out DIR is missing");
                }
            });
        return command;
    }

    private static async Task<int> Fetch(IClusterStore store, JobEntry job, string path, bool fresh, OutputFormat format)
    {
        var name = job.Submission.Job;
        var stored = await store.Results(name).ConfigureAwait(false);
        if (job.State is not (JobState.Converged or JobState.Stopped) && (job.State != JobState.Failed || stored.Count == 0))
        {
            var reason = job.Reason.Length > 0 ? $" ({job.Reason})" : "";
            throw new ProblemException(
                ExitCode.Failed, $"{name} has no results: it is {JobWords.StateOf(job)}{reason}, at round {job.Progress.Round}");
        }

        using var folder = FitFolder.Check(Path.GetFullPath(path));
        var found = fresh ? null : RunFile.Read(folder.At(RunFile.ResultName)) ?? RunFile.Read(folder.At(RunFile.FileName));
        if (found is not null && (found.SpecHash != job.Submission.SpecHash || found.DataHash != job.Submission.DataHash))
        {
            throw ProblemException.BadInput(
                $"'{path}' holds the fit '{found.Name}' with another spec or other data: give another --out, or --fresh to throw " +
                "that fit away");
        }

        if (stored.FirstOrDefault(file => !IsFileName(file.Name)) is { } strange)
        {
            throw new ProblemException(ExitCode.Failed,
                $"the store has a result of {name} under the name '{strange.Name}', which is not that of a file in a folder: nothing " +
                "was written; see who else writes to the store");
        }

        folder.Take();
        folder.Clear();
        var temporary = folder.At(FitFolder.TemporaryName);
        try
        {
            Directory.CreateDirectory(temporary);
            foreach (var file in stored)
            {
                await using var to = File.Create(Path.Combine(temporary, file.Name));
                await store.CopyResult(name, file, to).ConfigureAwait(false);
                to.Flush(flushToDisk: true);
            }

            // fit.json last: a fit without it has no results.
            foreach (var file in stored.OrderBy(f => f.Name == RunFile.ResultName))
            {
                OutputPath.MoveInto(Path.Combine(temporary, file.Name), folder.At(file.Name));
            }
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }

        Terminal.ResultsAreIn = path;
        if (format == OutputFormat.Json)
        {
            Terminal.Write(await File.ReadAllBytesAsync(folder.At(RunFile.ResultName)).ConfigureAwait(false));
        }
        else
        {
            Terminal.Out.WriteLine($"{name}: {JobWords.StateOf(job)} after round {job.Progress.Round}; the files are in '{path}'");
        }

        return JobWords.ExitCodeOf(job)!.Value;
    }

    private static bool IsFileName(string name) =>
        name.Length > 0 && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
