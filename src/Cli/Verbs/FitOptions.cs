using System.CommandLine;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary>The options that are fields of a spec: shared by the verbs that take one.</summary>
internal sealed class FitOptions
{
    private readonly List<(string Field, Option<string?> Option)> _fields =
    [
        ("data.path", Options.Text("--data", "PATH|URL", "the data: a 10x folder, .mtx, .csv/.tsv, .npy, .npz or store (read by content), or its http(s) URL")),
        ("data.transform", Options.Text("--transform", "NAME", "none, log1p or log1p-cp10k (default none)")),
        ("data.missing", Options.Text("--missing", "WHICH", "entries that count as missing besides NA: none, zeros or unstored (default none)")),
        ("out", Options.Text("--out", "DIR", "the folder of results and checkpoints")),
        ("name", Options.Text("--name", "NAME", "the job's name (default: the folder's)")),
        ("seed", Options.Text("--seed", "N", "the seed of every random number (default 1)")),
        ("shards", Options.Text("--shards", "N", "blocks of rows (default: from the size of the data)")),
        ("threads", Options.Text("--threads", "N", "threads (default: all cores); the result does not depend on it")),
        (SpecOverrides.Factors, Options.Text("--factors", "K", "ebmf: the most factors (default 50, at most the matrix's sides); twineb: the factors (default 15)")),
        ("stop.maxRounds", Options.Text("--max-rounds", "N", "stop after so many rounds")),
        ("stop.tolerance", Options.Text("--tolerance", "X", "the ELBO difference at which the fit has converged")),
        ("stop.maxSeconds", Options.Text("--max-seconds", "S", "stop after so many seconds")),
        ("checkpoint.everySeconds", Options.Text("--checkpoint-seconds", "S", "seconds between checkpoints (default 30)")),
        ("checkpoint.everyRounds", Options.Text("--checkpoint-rounds", "N", "rounds between checkpoints, besides the seconds")),
        ("checkpoint.keep", Options.Text("--keep", "N", "how many checkpoints are kept (default 3)")),
        ("ebmf.loadingsPrior", Options.Text("--loadings-prior", "FAMILY", "ebmf: the prior family of the loadings (default point_normal)")),
        ("ebmf.factorsPrior", Options.Text("--factors-prior", "FAMILY", "ebmf: the prior family of the factors (default point_normal)")),
        ("ebmf.variance", Options.Text("--variance", "KIND", "ebmf: constant, row, column, kronecker or known (default constant)")),
    ];

    private readonly Option<bool> _fresh = Options.Switch("--fresh", "throw away an earlier run in DIR");
    private readonly Option<bool> _tables = Options.Switch("--tables", "write the results as .tsv with names as well");
    private readonly Option<string[]> _set = Options.Many("--set", "FIELD=VALUE", "any field of the spec, as in --set ebmf.variance=row");

    private readonly Argument<string> _spec = new("MODEL|SPEC")
    {
        Description = $"a model ({string.Join(", ", JobSpecReader.Models)}) or a spec file (.yaml or .json)",
    };

    /// <summary>Adds everything to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(_spec);
        foreach (var (_, option) in _fields)
        {
            command.Add(option);
        }

        command.Add(_fresh);
        command.Add(_tables);
        command.Add(_set);
    }

    /// <summary>The spec of the command line; null, with the problems noted, when it is not right.</summary>
    public JobSpec? Read(ParseResult result, ProblemList problems)
    {
        var overrides = new SpecOverrides();
        foreach (var (field, option) in _fields)
        {
            overrides.Add(field, result.GetValue(option), option.Name);
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
