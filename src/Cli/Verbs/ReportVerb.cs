using System.CommandLine;
using FitCluster.Cli.Output;
using FitCluster.Data.Writing;
using FitCluster.Models;
using FitCluster.Models.Reports;
using FitCluster.Models.Results;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster report DIR</c>: a finished fit as one HTML file.</summary>
internal static class ReportVerb
{
    public static Command Create()
    {
        var fit = new Argument<string>("DIR") { Description = "the folder of a finished fit" };
        var output = Options.Text("--out", "FILE", "the file (default: report.html in DIR)");
        var command = new Command("report", "Writes a finished fit as one HTML file that needs nothing else.") { fit, output };
        command.SetAction(result =>
        {
            var found = FinishedFit.Open(result.GetValue(fit)!, Terminal.Error.WriteLine);
            var path = result.GetValue(output) is { } given ? Path.GetFullPath(given) : found.At(FitFolder.ReportName);
            OutputFiles.CheckWritable(path);
            Write(found, path);
            Terminal.ResultsAreIn = path;
            if (!OutputFiles.AreOnStandardOutput(path))
            {
                Terminal.Out.WriteLine($"the report is in {path}");
            }

            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Writes the report of a fit.</summary>
    public static void Write(FinishedFit fit, string path) => AtomicFile.WriteAllText(path, HtmlReport.Of(fit));
}
