using System.CommandLine;
using FitCluster.Cli.Output;
using FitCluster.Cli.Progress;
using FitCluster.Data.Writing;
using FitCluster.Models;
using FitCluster.Models.Reports;
using FitCluster.Models.Results;
using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster demo</c>: a tour in less than a minute: simulate, fit on all cores, compare with the truth, report.</summary>
internal static class DemoVerb
{
    private const string DefaultFolder = "fitcluster-demo";

    private static readonly IModelDemo Tour = ModelKinds.Loaded.Select(kind => kind.Demo).OfType<IModelDemo>().First();

    public static Command Create()
    {
        var output = Options.Text("--out", "DIR", $"the folder of the tour (default {DefaultFolder})");
        var progress = Options.Text("--progress", "KIND", "auto, bar, plain or none (default auto), on stderr");
        var command = new Command("demo",
            "A minute's tour: simulates an atlas of known truth, fits it on all cores, shows recovery, writes a report.")
            {
                output, progress
            };
        command.SetAction(result =>
        {
            var problems = new ProblemList();
            var display = ProgressDisplays.Parse(result.GetValue(progress), problems);
            problems.ThrowIfAny();
            return Run(Path.GetFullPath(result.GetValue(output) ?? DefaultFolder), display);
        });
        return command;
    }

    private static int Run(string folder, string progress)
    {
        FitFolder.CheckWritable(folder);
        var (data, fit) = (Path.Combine(folder, "data"), Path.Combine(folder, "fit"));
        var isDemo = File.Exists(Path.Combine(data, "truth.json"));
        if (!isDemo && Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw ProblemException.BadInput($"'{folder}' is not empty and no earlier demo: give another folder with --out");
        }

        var simulator = Tour.Simulator();
        Terminal.Error.WriteLine(FormattableString.Invariant(
            $"simulating {simulator.Rows:N0} rows x {simulator.Columns:N0} columns with {simulator.Factors} factors into {data}"));
        if (isDemo)
        {
            OutputFolder.Remove(data);
        }

        var path = SimulationWriter.Write(simulator, "npy", data);
        Terminal.Error.WriteLine($"fitting on {Environment.ProcessorCount} cores into {fit}; the fit does not know the truth");
        var code = FitVerb.Run(Tour.Spec(path, fit), OutputFormat.Table, progress);
        if (code is ExitCode.Done or ExitCode.NotConverged)
        {
            Show(folder, data, fit);
        }

        return code;
    }

    private static void Show(string folder, string data, string folderOfFit)
    {
        var fit = FinishedFit.Open(folderOfFit, Terminal.Error.WriteLine);
        var (words, sections) = Tour.Compare(data, fit);
        Terminal.Out.WriteLine();
        Terminal.Out.Write(words);
        var report = Path.Combine(folder, "report.html");
        AtomicFile.WriteAllText(report, HtmlReport.Of(fit, sections));
        Terminal.Out.WriteLine();
        Terminal.Out.WriteLine($"report:     {report}");
        Terminal.Out.WriteLine("next, with data of your own (a 10x folder, .mtx, .csv, .npy):");
        foreach (var next in Tour.Next)
        {
            Terminal.Out.WriteLine($"  {next}");
        }

        Terminal.Out.WriteLine("stop that with Ctrl-C, or kill it: the same command goes on from the last checkpoint");
    }
}
