using System.CommandLine;
using FitCluster.Models;
using FitCluster.Models.Results;
using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster simulate ebmf|twineb</c>: data of known truth.</summary>
internal static class SimulateVerb
{
    private static readonly (string Field, Option<string?> Option)[] Fields =
    [
        ("rows", Options.Text("--rows", "N", "rows (default 1000)")),
        ("columns", Options.Text("--columns", "P", "columns (default 200)")),
        ("factors", Options.Text("--factors", "K", "factors (default 5)")),
        ("noise", Options.Text("--noise", "SD", "ebmf: standard deviation of the noise of dense data (default 1)")),
        ("loadingsDensity", Options.Text("--loadings-density", "SHARE", "ebmf: share of loadings that are not zero (default 0.3)")),
        ("factorsDensity", Options.Text("--factors-density", "SHARE", "ebmf: share of factor entries that are not zero (default 0.5)")),
        ("missing", Options.Text("--missing", "SHARE", "ebmf: share of entries that are missing (default 0)")),
        ("density", Options.Text("--density", "SHARE", "ebmf --sparse, and twineb: share of counts that are not zero (ebmf: default 0.1)")),
        ("rate", Options.Text("--rate", "MEAN", "twineb: the mean count, instead of a density (default 1)")),
        ("rowComponents", Options.Text("--row-components", "K", "twineb: components of the rows' mixture (default 15)")),
        ("columnComponents", Options.Text("--column-components", "K", "twineb: components of the columns' mixture (default 20)")),
        ("seed", Options.Text("--seed", "N", "the seed (default 1)")),
        ("format", Options.Text("--format", "NAME", $"{string.Join(", ", SimulationReader.Formats)} (default npy, for counts mtx)")),
    ];

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = $"the model: {string.Join(", ", JobSpecReader.Models)}" };
        var output = Options.Text("--out", "DIR", "the folder of the data and its truth");
        var sparse = Options.Switch("--sparse", "ebmf: counts, most of them zero, instead of dense data");
        var command = new Command("simulate", "Writes data (data.*) with its truth (truth.json, truth_*.npy).") { model, output, sparse };
        foreach (var (_, option) in Fields)
        {
            command.Add(option);
        }

        command.SetAction(result =>
        {
            var problems = new ProblemList();
            var name = result.GetValue(model)!;
            if (!JobSpecReader.Models.Contains(name))
            {
                problems.Add($"simulate: unknown model '{name}'{Nearest.Suggest(name, JobSpecReader.Models)}");
            }

            var folder = result.GetValue(output);
            if (folder is null)
            {
                problems.Add("simulate: --out DIR is missing");
            }

            var overrides = new SpecOverrides();
            foreach (var (field, option) in Fields)
            {
                overrides.Add(field, result.GetValue(option), option.Name);
            }

            var (simulator, format) = SimulationReader.Read(name, result.GetValue(sparse), overrides, problems);
            problems.ThrowIfAny();
            return Run(name, simulator(), format, Path.GetFullPath(folder!));
        });
        return command;
    }

    private static int Run(string model, ISimulator simulator, string format, string folder)
    {
        var empty = new EmptyFolder(folder);
        try
        {
            var path = "";
            empty.Fill(() => path = SimulationWriter.Write(simulator, format, folder));
            var how = simulator.AreCounts && model == "ebmf" ? " --transform log1p" : simulator.HasMissing && format == "mtx" ? " --missing unstored" : "";
            Console.Out.WriteLine(FormattableString.Invariant(
                $"{simulator.Rows:N0} rows x {simulator.Columns:N0} columns with {simulator.Factors} factors are in {path}"));
            Console.Out.WriteLine($"fit them:  fitcluster fit {model} --data {path}{how} --out DIR");
            return ExitCode.Done;
        }
        catch (Exception e) when (OutputFiles.IsFailure(e))
        {
            throw new ProblemException(ExitCode.Failed, $"'{folder}' could not be written: {OutputFiles.Reason(e)}", e);
        }
    }
}
