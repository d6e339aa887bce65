using System.CommandLine;
using FitCluster.Cli.Output;
using FitCluster.Models;
using FitCluster.Models.Results;
using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster simulate MODEL</c>: data of known truth.</summary>
internal static class SimulateVerb
{
    public static Command Create()
    {
        var kinds = ModelKinds.Loaded.Where(kind => kind.Simulator is not null).ToList();
        string[] names = [.. kinds.Select(kind => kind.Name)];
        var model = new Argument<string>("MODEL") { Description = $"the model: {string.Join(", ", names)}" };
        var output = Options.Text("--out", "DIR", "the folder of the data and its truth");
        var format = Options.Text("--format", "NAME", $"{string.Join(", ", SimulationReader.Formats)} (default npy, for counts mtx)");
        List<Option<string?>> ofModels = [.. ModelOptions.Of(kinds.Select(kind => (kind.Name, kind.Simulator!.Fields)))];
        var command = new Command("simulate", "Writes data (data.*) with its truth (truth.json, truth_*.npy).") { model, output };
        foreach (var option in ofModels.Append(format))
        {
            command.Add(option);
        }

        command.SetAction(result =>
        {
            var problems = new ProblemList();
            var name = result.GetValue(model)!;
            var kind = ModelKinds.Names.Contains(name) ? ModelKinds.Get(name) : null;
            if (kind?.Simulator is null)
            {
                problems.Add(
                    $"simulate: {(kind is null ? "unknown model" : "there is no simulator of the model")} " +
                    $"'{name}'{Nearest.Suggest(name, names)}");
            }

            var folder = result.GetValue(output);
            if (folder is null)
            {
                problems.Add("simulate: --out DIR is missing");
            }

            problems.ThrowIfAny();
            var given = ofModels.Select(option => (option.Name, result.GetValue(option))).Where(option => option.Item2 is not null);
            var (simulator, form) = SimulationReader.Read(
                name, kind!.Simulator!, [.. given.Select(g => (g.Name, g.Item2!))], result.GetValue(format), problems);
            problems.ThrowIfAny();
            return Run(name, simulator(), form, Path.GetFullPath(folder!));
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
            var how = simulator.FitOptionsIn(folder) + (simulator.HasMissing && format == "mtx" ? " --missing unstored" : "");
            Terminal.ResultsAreIn = folder;
            Terminal.Out.WriteLine(FormattableString.Invariant(
                $"{simulator.Rows:N0} rows x {simulator.Columns:N0} columns with {simulator.Inside} are in {path}"));
            Terminal.Out.WriteLine($"fit them:  fitcluster fit {model} --data {path}{how} --out DIR");
            return ExitCode.Done;
        }
        catch (Exception e) when (OutputFiles.IsFailure(e))
        {
            throw new ProblemException(ExitCode.Failed, $"'{folder}' could not be written: {OutputFiles.Reason(e)}", e);
        }
    }
}
