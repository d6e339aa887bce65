using System.CommandLine;
using System.Diagnostics;
using FitCluster.Cli.Output;
using FitCluster.Cli.Progress;
using FitCluster.Data;
using FitCluster.Models;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster project</c>: parameters of new rows, columns and priors frozen.</summary>
internal static class ProjectVerb
{
    public static Command Create()
    {
        var fit = new Argument<string>("DIR") { Description = "the folder of a finished fit" };
        var data = Options.Text(
            "--data", "PATH", "the new rows: any format that 'fit' reads, or its http(s) URL; columns are matched by name");
        var dataFormat = Options.Text("--data-format", "NAME", Options.DataFormatWords);
        var output = Options.Text("--out", "DIR2", "the folder of the results, which predict and recommend take");
        var threads = Options.Text("--threads", "N", "threads (default: all cores)");
        var tables = Options.Switch("--tables", "the arrays as .tsv with names as well");
        var ignore = Options.Switch("--ignore-unknown-columns", "pass over columns that the fit does not have");
        var allow = Options.Switch("--allow-missing-columns", "columns of the fit that the data lack count as missing");
        var progress = Options.Text("--progress", "KIND", "auto, bar, plain or none (default auto), on stderr");
        var command = new Command("project", "Fits new rows to a finished fit whose columns and priors stay as they are.")
        {
            fit, data, dataFormat, output, threads, tables, ignore, allow, progress
        };
        command.SetAction(result =>
        {
            var problems = new ProblemList();
            var (path, folder) = (result.GetValue(data), result.GetValue(output));
            if (path is null)
            {
                problems.Add("project: --data PATH is missing: the new rows");
            }

            if (folder is null)
            {
                problems.Add("project: --out DIR2 is missing: a folder for the results");
            }

            var count = Options.Integer(result, threads, 1, 4096, problems) ?? Environment.ProcessorCount;
            var display = ProgressDisplays.Parse(result.GetValue(progress), problems);
            var form = result.GetValue(dataFormat) ?? "auto";
            if (!MatrixOptions.FormatNames.Contains(form))
            {
                problems.Add($"--data-format is '{form}'; it must be one of {string.Join(", ", MatrixOptions.FormatNames)}");
            }

            problems.ThrowIfAny();
            var source = DataUrl.IsUrl(path!) ? path! : Path.GetFullPath(path!);
            return Run(result.GetValue(fit)!, source, form, Path.GetFullPath(folder!), count, result.GetValue(tables),
                result.GetValue(ignore), result.GetValue(allow), display);
        });
        return command;
    }

    private static int Run(
        string fit, string data, string form, string folder, int threads, bool tables, bool ignoresUnknown, bool allowsMissing,
        string progress)
    {
        var empty = new EmptyFolder(folder);
        var watch = Stopwatch.StartNew();
        var projector = new RowProjector(FinishedFit.Open(fit, Terminal.Error.WriteLine), data, ignoresUnknown, allowsMissing, form);
        foreach (var line in projector.Lines)
        {
            Terminal.Error.WriteLine(line);
        }

        try
        {
            using var display = ProgressDisplays.Create(progress, projector.Rows);
            var begun = Stopwatch.StartNew();
            empty.Fill(() => projector.Write(folder, threads, tables,
                rows => display.Done((double)rows / projector.Rows, Words(rows, projector.Rows, begun.Elapsed.TotalSeconds))));
        }
        catch (Exception e) when (OutputFiles.IsFailure(e))
        {
            throw new ProblemException(
                ExitCode.Failed, $"'{folder}' could not be written, nothing of it is left: {OutputFiles.Reason(e)}", e);
        }

        Terminal.ResultsAreIn = folder;
        Terminal.Out.WriteLine(
            FormattableString.Invariant($"{projector.Rows:N0} rows projected in {Duration.Words(watch.Elapsed.TotalSeconds)}"));
        Terminal.Out.WriteLine($"results are in {folder}");
        return ExitCode.Done;
    }

    private static string Words(long rows, long all, double seconds)
    {
        var left = rows < all ? $"  ETA {Duration.Words(seconds / rows * (all - rows))}" : "";
        return FormattableString.Invariant(
            $"{rows:N0} of {all:N0} rows  {Duration.Words(seconds)}  {rows / double.Max(seconds, 1e-3):N0} rows/s{left}");
    }
}
