using System.CommandLine;
using System.Globalization;
using FitCluster.Cli.Ebnm;
using FitCluster.Cli.Output;
using FitCluster.Data;
using FitCluster.Math.Ebnm;
using FitCluster.Models;
using FitCluster.Models.Priors;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster ebnm</c>: solves one normal-means problem.</summary>
internal static class EbnmVerb
{
    public static Command Create()
    {
        var input = Options.Text("--input", "FILE", "CSV with the header x,s: observations and their standard errors");
        var family = Options.Text("--family", "FAMILY", $"the prior family: {string.Join(", ", EbnmFamilies.Names)}");
        var output = Options.Text("--out", "FILE", "where the JSON result goes (default: stdout)");
        var mode = Options.Text("--mode", "NUMBER|estimate", "the prior's mode (default 0)");
        var scale = Options.Text("--scale", "NUMBER", "the slab's scale (default: estimated, or the family's grid)");
        var prior = Options.Text("--prior", "FILE", "start from this prior (JSON, or the result of an earlier run)");
        var fix = Options.Switch("--fix-prior", "keep the prior of --prior: only posteriors are computed");
        var format = Options.Text("--format", "table|json", "what is printed on stdout when --out is given (default table)");
        var command = new Command("ebnm", "Solves one empirical-Bayes normal-means problem: x_i ~ N(theta_i, s_i^2), theta_i ~ g.")
        {
            input, family, output, mode, scale, prior, fix, format,
        };
        command.SetAction(result =>
        {
            var problems = new ProblemList();
            var options = ReadOptions(
                result.GetValue(family), result.GetValue(mode), result.GetValue(scale), result.GetValue(prior),
                result.GetValue(fix), problems);
            var inputPath = result.GetValue(input);
            if (inputPath is null)
            {
                problems.Add("ebnm: --input FILE is missing: a CSV with the header x,s");
            }

            var printed = OutputFormats.Parse(result.GetValue(format), problems);
            problems.ThrowIfAny();
            return Run(inputPath!, options.Family, options.Options, result.GetValue(output), printed);
        });
        return command;
    }

    private static (PriorFamily Family, EbnmOptions Options) ReadOptions(
        string? familyName, string? mode, string? scale, string? priorPath, bool fix, ProblemList problems)
    {
        var options = new EbnmOptions { FixPrior = fix };
        if (priorPath is not null)
        {
            options = options with { Start = PriorJson.ReadFile(priorPath) };
        }
        else if (fix)
        {
            problems.Add("ebnm: --fix-prior has no effect without --prior FILE");
        }

        var family = options.Start?.Family ?? PriorFamily.PointNormal;
        if (familyName is null && options.Start is null)
        {
            problems.Add($"ebnm: --family is missing (there are: {string.Join(", ", EbnmFamilies.Names)})");
        }
        else if (familyName is not null && !EbnmFamilies.TryParse(familyName, out family))
        {
            problems.Add($"--family: unknown family '{familyName}'{Nearest.Suggest(familyName, EbnmFamilies.Names)}");
        }
        else if (options.Start is { } start && start.Family != family)
        {
            problems.Add($"--family is {familyName}, but the prior of '{priorPath}' is of the family {EbnmFamilies.Name(start.Family)}");
        }

        if (mode is not null)
        {
            options = options with { EstimateMode = mode == "estimate", Mode = mode == "estimate" ? 0 : Number("--mode", mode, problems) };
            if (fix)
            {
                problems.Add("ebnm: --mode has no effect with --fix-prior: remove it");
            }
        }

        if (scale is not null)
        {
            options = options with { Scale = Number("--scale", scale, problems) };
            if (options.Scale <= 0)
            {
                problems.Add($"--scale is '{scale}': it must be a number above 0");
            }

            if (fix || !EbnmFamilies.Get(family).Traits.HasScale)
            {
                problems.Add(
                    $"ebnm: --scale has no effect with {(fix ? "--fix-prior" : $"the family {EbnmFamilies.Name(family)}")}: remove it");
            }
        }

        return (family, options);
    }

    private static double Number(string option, string text, ProblemList problems)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value))
        {
            return value;
        }

        problems.Add($"{option} is '{text}': it must be a number{(option == "--mode" ? ", or estimate" : "")}");
        return 1;
    }

    private static int Run(string inputPath, PriorFamily family, EbnmOptions options, string? outPath, OutputFormat format)
    {
        var input = EbnmInput.Read(InputFiles.FindFile(inputPath), Terminal.Error.WriteLine);
        if (outPath is not null)
        {
            OutputFiles.CheckWritable(outPath);
        }

        EbnmSolution solution;
        try
        {
            solution = EbnmSolution.Solve(input, family, options);
        }
        catch (ArgumentException e)
        {
            var words = e.Message.ReplaceLineEndings(" ").Replace(" (Parameter 'options')", "", StringComparison.Ordinal);
            throw ProblemException.BadInput($"{EbnmFamilies.Name(family)}: {words}", e);
        }

        var json = Json.Bytes(solution.Write);
        if (outPath is not null)
        {
            OutputFiles.Write(outPath, stream => stream.Write(json));
            Terminal.ResultsAreIn = outPath;
        }

        if (outPath is null || (format == OutputFormat.Json && !OutputFiles.AreOnStandardOutput(outPath)))
        {
            Terminal.Write(json);
        }
        else if (!OutputFiles.AreOnStandardOutput(outPath))
        {
            Terminal.Out.Write(solution.Table());
        }

        if (!solution.Fit.Converged)
        {
            Terminal.Error.WriteLine(
                $"fitcluster: the prior did not converge in {solution.Fit.Iterations} iterations; the result is written");
            return ExitCode.NotConverged;
        }

        return ExitCode.Done;
    }
}
