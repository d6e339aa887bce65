using System.Globalization;
using System.CommandLine;
using FitCluster.Cli.Output;
using FitCluster.Cli.Progress;
using FitCluster.Cli.Running;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster fit</c>: runs one job in this process and waits.</summary>
internal static class FitVerb
{
    public static Command Create()
    {
        var options = new FitOptions();
        var format = Options.Text("--format", "table|json", "how the result is printed on stdout (default table)");
        var progress = Options.Text("--progress", "KIND", "auto, bar, plain or none (default auto), on stderr");
        var command = new Command("fit", "Runs one job here and waits. An unfinished run in --out is gone on with.");
        var report = Options.Switch("--report", "write report.html beside the results");
        options.AddTo(command);
        command.Add(format);
        command.Add(progress);
        command.Add(report);
        command.SetAction(result =>
        {
            var problems = new ProblemList();
            var printed = OutputFormats.Parse(result.GetValue(format), problems);
            var display = ProgressDisplays.Parse(result.GetValue(progress), problems);
            var spec = options.Read(result, problems);
            if (spec is { Out: null })
            {
                problems.Add("there is no folder for the results: give --out DIR, or 'out' in the spec");
            }

            problems.ThrowIfAny();
            return Run(spec!, printed, display, result.GetValue(report));
        });
        return command;
    }

    /// <summary>Runs a job; returns the exit code.</summary>
    public static int Run(JobSpec spec, OutputFormat format, string progress, bool withReport = false)
    {
        using var folder = FitFolder.Check(spec.Out!);
        var data = DataOpener.Open(spec.Data);
        var job = new PreparedJob(spec, data);
        foreach (var line in Describe(job))
        {
            Terminal.Error.WriteLine(line);
        }

        var state = folder.Find(job, spec.Fresh, out var found);
        if (state == FolderState.Finished)
        {
            Terminal.Error.WriteLine($"'{spec.Out}' holds this very fit, {found!.Status} already: nothing to do (--fresh does it again)");
            folder.TidyUp(found);
            WriteReport(folder, withReport);
            Print(job, format, folder, null);
            return found.Status == "converged" ? ExitCode.Done : ExitCode.NotConverged;
        }

        folder.Take();
        try
        {
            var name = found?.Name ?? spec.Name ?? NameOf(spec.Out!);
            Begin(folder, state, new RunFile(name, job.SpecHash, job.DataHash, "running"));
            return Finish(job, folder, name, state == FolderState.Stopped ? found!.Resume : null, format, progress, withReport);
        }
        catch (Exception e) when (OutputFiles.IsFailure(e))
        {
            folder.Abandon();
            throw new ProblemException(ExitCode.Failed,
                $"'{spec.Out}' could not be written: {OutputFiles.Reason(e)}; the same command goes on when that is mended", e);
        }
    }

    /// <summary>What a user should know of the data.</summary>
    public static IEnumerable<string> Describe(PreparedJob job)
    {
        var facts = job.Data.Facts;
        yield return facts.Orientation;
        foreach (var warning in facts.Warnings())
        {
            yield return $"warning: {warning}";
        }

        foreach (var note in facts.Notes)
        {
            yield return note;
        }

        foreach (var note in job.Own.Notes)
        {
            yield return note;
        }

        var data = job.Data;
        var missing = data.MissingCount > 0 ? $", {data.MissingCount:N0} entries missing" : "";
        yield return string.Create(CultureInfo.InvariantCulture,
            $"{data.Rows:N0} rows x {data.Columns:N0} columns, {data.StoredCount:N0} stored entries{missing}; {job.Shards} " +
            $"{(job.Shards == 1 ? "shard" : "shards")}");
    }

    private static void Begin(FitFolder folder, FolderState state, RunFile run)
    {
        if (state == FolderState.New)
        {
            folder.Clear();
            run.Write(folder.At(RunFile.FileName));
        }
        else if (state == FolderState.Stopped)
        {
            Terminal.Error.WriteLine($"'{folder.Path}' holds this fit, which a limit had stopped: going on with it");
            run.Write(folder.At(RunFile.FileName));
        }
        else
        {
            Terminal.Error.WriteLine($"'{folder.Path}' holds an unfinished run of this fit: going on with it");
            if (!File.Exists(folder.At(RunFile.FileName)))
            {
                run.Write(folder.At(RunFile.FileName));
            }
        }
    }

    private static int Finish(
        PreparedJob job, FitFolder folder, string name, ResumePoint? goesOnFrom, OutputFormat format, string progress, bool withReport)
    {
        using var log = new RunLog(folder.Log);
        if (goesOnFrom is { } point && log.LastRound > point.Round.Value)
        {
            log.GoBackTo(point.Round.Value);
        }

        FitRunner runner;
        FitOutcome outcome;
        using (var display = ProgressDisplays.Create(progress, job.Data.Rows))
        {
            runner = new FitRunner(job, folder, new JobName(name), log, display);
            outcome = runner.Run(job.Spec.Threads ?? Environment.ProcessorCount);
        }

        var report = new FitReport(job, name, outcome, log).ToBytes();
        switch (outcome.Status)
        {
            case FitStatus.Converged or FitStatus.Stopped:
                // The shards' results are gone once they are written.
                var warnings = job.Own.Output.Warnings(outcome);
                new ResultWriter(job, folder, outcome, log).Write(report);
                if (outcome.Resume is not null)
                {
                    runner.DropResults(outcome);
                }

                log.Dispose();
                folder.EndRun(outcome.Resume is not null);
                WriteReport(folder, withReport);
                foreach (var warning in warnings)
                {
                    Terminal.Error.WriteLine($"warning: {warning}");
                }

                Print(job, format, folder, outcome);
                if (outcome.Status == FitStatus.Converged)
                {
                    return ExitCode.Done;
                }

                var why = outcome.Reason.Length > 0 ? outcome.Reason : $"the limit of sweeps was reached ({job.Own.Output.LimitOption})";
                var next = outcome.Resume is null ? $": {job.Own.Output.AdviceWhereNotConverged}"
                    : "; the same command with a larger limit goes on from there";
                Terminal.Error.WriteLine($"fitcluster: not converged: {why}; the results are written{next}");
                return ExitCode.NotConverged;
            case FitStatus.Interrupted:
                OutputFiles.Write(folder.At(RunFile.ResultName), stream => stream.Write(report));
                Terminal.Error.WriteLine(log.LastCheckpoint >= outcome.Rounds.Value
                    ? $"fitcluster: interrupted after round {outcome.Rounds}; a checkpoint is written: the same command goes on from there"
                    : $"fitcluster: interrupted after round {outcome.Rounds}; the last checkpoint is of round {log.LastCheckpoint}: the " +
                        "same command goes on from there");
                return ExitCode.Interrupted;
            case FitStatus.Refused:
                throw ProblemException.BadInput(
                    $"'{folder.Path}' has checkpoints of another fit ({outcome.Reason}): give another --out, or --fresh");
            default:
                var words = $"the fit failed after round {outcome.Rounds}: {outcome.Reason}";
                if (outcome.GlobalResult is not null)
                {
                    new ResultWriter(job, folder, outcome, log).Write(report);
                    runner.DropResults(outcome);
                    throw new ProblemException(ExitCode.Failed, $"{words}; the best so far is written to '{folder.Path}'");
                }

                OutputFiles.Write(folder.At(RunFile.ResultName), stream => stream.Write(report));
                throw new ProblemException(ExitCode.Failed, words);
        }
    }

    private static void Print(PreparedJob job, OutputFormat format, FitFolder folder, FitOutcome? outcome)
    {
        Terminal.ResultsAreIn = folder.Path;
        if (format == OutputFormat.Json)
        {
            Terminal.Write(File.ReadAllBytes(folder.At(RunFile.ResultName)));
        }
        else if (outcome is not null)
        {
            Terminal.Out.Write(job.Own.Output.Table(outcome, folder.Path));
        }
    }

    private static void WriteReport(FitFolder folder, bool isWanted)
    {
        if (isWanted)
        {
            ReportVerb.Write(FinishedFit.Open(folder.Path, Terminal.Error.WriteLine), folder.At(FitFolder.ReportName));
        }
    }

    private static string NameOf(string path)
    {
        var name = new string([.. Path.GetFileName(path.TrimEnd('/')).Select(
            c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-')]).TrimStart('.');
        return JobName.IsValid(name) ? name : "fit";
    }
}
