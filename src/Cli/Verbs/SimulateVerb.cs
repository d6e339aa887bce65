using System.CommandLine;
using FitCluster.Cli.Output;
using FitCluster.Cli.Running;
using FitCluster.Cli.Simulation;
using FitCluster.Cli.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster simulate ebmf</c>: data of known truth.</summary>
internal static class SimulateVerb
{
    private static readonly string[] Formats = ["csv", "mtx", "npy", "store"];

    private static readonly (string Field, Option<string?> Option)[] Fields =
    [
        ("rows", Options.Text("--rows", "N", "rows (default 1000)")),
        ("columns", Options.Text("--columns", "P", "columns (default 200)")),
        ("factors", Options.Text("--factors", "K", "factors (default 5)")),
        ("noise", Options.Text("--noise", "SD", "standard deviation of the noise of dense data (default 1)")),
        ("loadingsDensity", Options.Text("--loadings-density", "SHARE", "share of loadings that are not zero (default 0.3)")),
        ("factorsDensity", Options.Text("--factors-density", "SHARE", "share of factor entries that are not zero (default 0.5)")),
        ("missing", Options.Text("--missing", "SHARE", "share of entries that are missing (default 0)")),
        ("density", Options.Text("--density", "SHARE", "with --sparse: share of counts that are not zero (default 0.1)")),
        ("seed", Options.Text("--seed", "N", "the seed (default 1)")),
        ("format", Options.Text("--format", "NAME", $"{string.Join(", ", Formats)} (default npy, with --sparse mtx)")),
    ];

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = $"the model: {string.Join(", ", JobSpecReader.Models)}" };
        var output = Options.Text("--out", "DIR", "the folder of the data and its truth");
        var sparse = Options.Switch("--sparse", "counts, most of them zero, instead of dense data");
        var command = new Command("simulate", "Writes data with its truth: data.*, truth_loadings.npy, truth_factors.npy, truth.json.") { model, output, sparse };
        foreach (var (_, option) in Fields)
        {
            command.Add(option);
        }

        command.SetAction(result =>
        {
            var problems = new ProblemList();
            if (!JobSpecReader.Models.Contains(result.GetValue(model)!))
            {
                problems.Add($"simulate: unknown model '{result.GetValue(model)}'{Nearest.Suggest(result.GetValue(model)!, JobSpecReader.Models)}");
            }

            var folder = result.GetValue(output);
            if (folder is null)
            {
                problems.Add("simulate: --out DIR is missing");
            }

            var (options, format) = Read(result, result.GetValue(sparse), problems);
            problems.ThrowIfAny();
            return Run(options, format, Path.GetFullPath(folder!));
        });
        return command;
    }

    private static (SimulationOptions Options, string Format) Read(ParseResult result, bool sparse, ProblemList problems)
    {
        var root = new MapNode([], new Origin("command line", 0));
        var overrides = new SpecOverrides();
        foreach (var (field, option) in Fields)
        {
            overrides.Add(field, result.GetValue(option), option.Name);
        }

        overrides.ApplyTo(root, problems);
        var section = new SectionReader(root, "", problems);
        var options = new SimulationOptions
        {
            Rows = section.Integer("rows", 1, int.MaxValue) ?? 1000,
            Columns = (int?)section.Integer("columns", 2, 1 << 24) ?? 200,
            Factors = (int?)section.Integer("factors", 1, 10_000) ?? 5,
            Noise = section.Positive("noise") ?? 1,
            LoadingsDensity = Share(section, "loadingsDensity") ?? 0.3,
            FactorsDensity = Share(section, "factorsDensity") ?? 0.5,
            Missing = Share(section, "missing") ?? 0,
            Sparse = sparse,
            Density = Share(section, "density") ?? 0.1,
            Seed = (ulong?)section.Integer("seed", 0, long.MaxValue) ?? 1,
        };
        var format = section.Choice("format", Formats) is { } at ? Formats[at] : sparse ? "mtx" : "npy";
        if (!sparse && section.Node("density") is not null)
        {
            section.Wrong("density", "has no effect without --sparse: remove it");
        }

        if (sparse && section.Node("noise") is not null)
        {
            section.Wrong("noise", "has no effect with --sparse, whose counts are Poisson: remove it");
        }

        if (options.Factors > long.Min(options.Rows, options.Columns))
        {
            problems.Add($"simulate: {options.Factors} factors are more than a matrix of {options.Rows} x {options.Columns} can have");
        }

        if (sparse && options.Missing > 0)
        {
            problems.Add("simulate: --missing has no effect with --sparse, where what is not stored is zero: remove one of them");
        }

        return (options, format);
    }

    private static double? Share(SectionReader section, string key)
    {
        var value = section.Text(key) == "0" ? 0 : section.Positive(key);
        if (value >= 1 && key is "missing" or "density" || value > 1)
        {
            section.Wrong(key, "must be below 1");
        }

        return value;
    }

    private static int Run(SimulationOptions options, string format, string folder)
    {
        using (FitFolder.Check(folder))
        {
            // Only asks whether the folder can be made.
        }

        var wasThere = Directory.Exists(folder);
        if (wasThere && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw CliException.BadInput($"--out '{folder}' is not empty: give another folder");
        }

        try
        {
            var path = SimulationWriter.Write(options, format, folder);
            var how = options.Sparse ? " --transform log1p" : options.Missing > 0 && format == "mtx" ? " --missing unstored" : "";
            Console.Out.WriteLine(FormattableString.Invariant($"{options.Rows:N0} rows x {options.Columns:N0} columns with {options.Factors} factors are in {path}"));
            Console.Out.WriteLine($"fit them:  fitcluster fit ebmf --data {path}{how} --out DIR");
            return ExitCode.Done;
        }
        catch (Exception e) when (OutputFiles.IsFailure(e))
        {
            // The folder was empty or not there: all that is in it is half of what was to be.
            foreach (var file in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
            {
                File.Delete(file);
            }

            if (!wasThere && Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            throw new CliException(ExitCode.Failed, $"'{folder}' could not be written: {OutputFiles.Reason(e)}", e);
        }
    }
}
