using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using FitCluster.Cli.Output;
using FitCluster.Cli.Progress;
using FitCluster.Data;
using FitCluster.Data.Writing;
using FitCluster.Models;
using FitCluster.Models.Ebmf;
using FitCluster.Models.Reports;
using FitCluster.Models.Results;
using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster demo</c>: a tour in less than a minute: simulate, fit on all cores, compare with the truth, report.</summary>
internal static class DemoVerb
{
    private const string DefaultFolder = "fitcluster-demo";
    private static readonly SimulationOptions Atlas = new() { Rows = 4000, Columns = 500, Factors = 6 };

    public static Command Create()
    {
        var output = Options.Text("--out", "DIR", $"the folder of the tour (default {DefaultFolder})");
        var progress = Options.Text("--progress", "KIND", "auto, bar, plain or none (default auto), on stderr");
        var command = new Command("demo", "A minute's tour: simulates an atlas of known truth, fits it on all cores, shows recovery, writes a report.") { output, progress };
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

        Console.Error.WriteLine(FormattableString.Invariant(
            $"simulating {Atlas.Rows:N0} rows x {Atlas.Columns:N0} columns with {Atlas.Factors} factors into {data}"));
        if (isDemo)
        {
            Directory.Delete(data, recursive: true);
        }

        var path = SimulationWriter.Write(new EbmfSimulator(Atlas), "npy", data);
        Console.Error.WriteLine($"fitting on {Environment.ProcessorCount} cores into {fit}; the fit does not know the truth");
        var spec = new JobSpec
        {
            Name = "demo",
            Model = "ebmf",
            Data = new DataSpec { Path = path },
            Out = fit,
            Fresh = true,
            Ebmf = new EbmfSpec { MaxFactors = 10 },
        };
        var code = FitVerb.Run(spec, OutputFormat.Table, progress);
        if (code is ExitCode.Done or ExitCode.NotConverged)
        {
            Show(folder, data, fit);
        }

        return code;
    }

    private static void Show(string folder, string data, string fit)
    {
        var recovery = Recovery.Of(
            DenseArray.Read(Path.Combine(data, "truth_loadings.npy")), DenseArray.Read(Path.Combine(data, "truth_factors.npy")),
            DenseArray.Read(Path.Combine(fit, "loadings_mean.npy")), DenseArray.Read(Path.Combine(fit, "factors_mean.npy")));
        Console.Out.WriteLine();
        Console.Out.WriteLine("recovery    fitted   correlation with the truth");
        Console.Out.WriteLine("true factor factor   loadings  factors");
        for (var t = 0; t < recovery.Match.Length; t++)
        {
            var k = recovery.Match[t];
            Console.Out.WriteLine(k < 0
                ? FormattableString.Invariant($"{t + 1,11}      -   not found")
                : FormattableString.Invariant($"{t + 1,11} {k + 1,6} {recovery.Loadings[t, k],10:F4} {recovery.Factors[t, k],8:F4}"));
        }

        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(fit, RunFile.ResultName)));
        var report = Path.Combine(folder, "report.html");
        AtomicFile.WriteAllText(report, DemoReport.Html(document.RootElement, Trace(fit), recovery));
        Console.Out.WriteLine();
        Console.Out.WriteLine($"report:     {report}");
        Console.Out.WriteLine("next, with data of your own (a 10x folder, .mtx, .csv, .npy):");
        Console.Out.WriteLine("  fitcluster check ebmf --data PATH --factors 20");
        Console.Out.WriteLine("  fitcluster fit ebmf --data PATH --factors 20 --out DIR");
        Console.Out.WriteLine("stop that with Ctrl-C, or kill it: the same command goes on from the last checkpoint");
    }

    private static List<(double Round, double Elbo)> Trace(string fit)
    {
        var lines = File.ReadLines(Path.Combine(fit, "trace.csv")).Skip(1).Select(l => l.Split(','));
        return [.. lines.Where(f => f[^1].Length > 0).Select(f => (double.Parse(f[0], CultureInfo.InvariantCulture), double.Parse(f[^1], CultureInfo.InvariantCulture)))];
    }
}
