using System.CommandLine;
using FitCluster.Models;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary>
/// The options that are fields of a spec: shared by the verbs that take one. Those of models come from the models' tables of fields.
/// </summary>
internal sealed class FitOptions
{
    private readonly List<(string Field, Option<string?> Option)> _fields =
    [
        ("data.path", Options.Text(
            "--data", "PATH|URL", "the data: a 10x folder, .mtx, .csv/.tsv, .npy, .npz or store (read by content), or its http(s) URL")),
        ("data.format", Options.Text("--data-format", "NAME", Options.DataFormatWords)),
        ("data.featureTypes", Options.Text("--feature-types", "LIST", Options.FeatureTypesWords)),
        ("data.transform", Options.Text("--transform", "NAME", "none, log1p or log1p-cp10k (default none)")),
        ("data.missing", Options.Text(
            "--missing", "WHICH", "entries that count as missing besides NA: none, zeros or unstored (default none)")),
        ("out", Options.Text("--out", "DIR", "the folder of results and checkpoints")),
        ("name", Options.Text("--name", "NAME", "the job's name (default: the folder's)")),
        ("from", Options.Text("--from", "DIR", "start from the finished fit of the same model in DIR")),
        ("seed", Options.Text("--seed", "N", "the seed of every random number (default 1)")),
        ("shards", Options.Text("--shards", "N", "blocks of rows (default: from the size of the data)")),
        ("threads", Options.Text("--threads", "N", "threads (default: all cores); the result does not depend on it")),
        ("stop.maxRounds", Options.Text("--max-rounds", "N", "stop after so many rounds; a larger limit goes on from there")),
        ("stop.tolerance", Options.Text("--tolerance", "X", "the ELBO difference at which the fit has converged")),
        ("stop.maxSeconds", Options.Text("--max-seconds", "S", "stop after so many seconds; a larger limit goes on from there")),
        ("checkpoint.everySeconds", Options.Text("--checkpoint-seconds", "S", "seconds between checkpoints (default 30)")),
        ("checkpoint.everyRounds", Options.Text("--checkpoint-rounds", "N", "rounds between checkpoints, besides the seconds")),
        ("checkpoint.keep", Options.Text("--keep", "N", "how many checkpoints are kept (default 3)")),
    ];

    private readonly List<Option<string?>> _ofModels = [.. ModelOptions.Of(ModelKinds.Loaded.Select(kind => (kind.Name, kind.Fields)))];
    private readonly Option<bool> _fresh = Options.Switch("--fresh", "throw away an earlier run in DIR");
    private readonly Option<bool> _tables = Options.Switch("--tables", "write the results as .tsv with names as well");
    private readonly Option<string[]> _set = Options.Many(
        "--set", "FIELD=VALUE", $"any field of the spec, as in --set {ModelKinds.Names[0]}.variance=row");

    private readonly Argument<string> _spec = new("MODEL|SPEC")
    {
        Description = $"a model ({string.Join(", ", ModelKinds.Names)}) or a spec file (.yaml or .json)",
    };

    /// <summary>Adds everything to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(_spec);
        foreach (var option in _fields.Select(field => field.Option).Concat(_ofModels))
        {
            command.Add(option);
        }

        command.Add(_fresh);
        command.Add(_tables);
        command.Add(_set);
        ModelHelp.AddTo(command);
    }

    /// <summary>The spec of the command line; null, with the problems noted, when it is not right.</summary>
    public JobSpec? Read(ParseResult result, ProblemList problems)
    {
        var overrides = new SpecOverrides();
        foreach (var (field, option) in _fields)
        {
            overrides.Add(field, result.GetValue(option), option.Name);
        }

        foreach (var option in _ofModels)
        {
            overrides.AddOfModel(result.GetValue(option), option.Name);
        }

        overrides.Add("fresh", result.GetValue(_fresh) ? "true" : null, _fresh.Name);
        overrides.Add("tables", result.GetValue(_tables) ? "true" : null, _tables.Name);
        foreach (var assignment in result.GetValue(_set) ?? [])
        {
            overrides.AddAssignment(assignment, problems);
        }

        return JobSpecReader.Read(result.GetValue(_spec)!, overrides, problems);
    }
}
