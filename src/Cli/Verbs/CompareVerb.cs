using System.CommandLine;
using System.Globalization;
using FitCluster.Cli.Output;
using FitCluster.Models;
using FitCluster.Models.Comparison;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster compare</c>: how each column differs between two groups of a fit's rows.</summary>
internal static class CompareVerb
{
    private const int DefaultDraws = 1000;
    private const double Target = 0.05;

    public static Command Create()
    {
        var fit = new Argument<string>("DIR") { Description = "the folder of a finished fit" };
        var a = Options.Text("--a", "NAME", "a group: a dataset, a component, component:dataset, or factor=level of a design");
        var b = Options.Text("--b", "NAME", "the group it is compared with: differences are a less b");
        var reference = Options.Text(
            "--reference", "NAME|FILE", "what differences are taken from: median, mean, iqlr, or a file of columns' names (default " +
            "median)");
        var threshold = Options.Text("--threshold", "X", "also the rate of differences beyond X, in natural logarithms");
        var draws = Options.Text("--draws", "N", "draws of the posterior (default 1000)");
        var composition = Options.Text("--composition", "means|gamma", "compare means, or Gamma draws of cells about them (default means)");
        var seed = Options.Text("--seed", "N", "the seed of the draws (default 1)");
        var output = Options.Text("--out", "FILE", "where the table goes (default: stdout)");
        var format = Options.Text("--format", "tsv|json", "the form of the table (default tsv)");
        var command = new Command(
            "compare", "Compares two groups column by column: differences of log means, local false sign rates, expected false positives.")
        {
            fit, a, b, reference, threshold, draws, composition, seed, output, format
        };
        command.SetAction(result =>
        {
            var problems = new ProblemList();
            foreach (var option in new[] { a, b }.Where(option => result.GetValue(option) is null))
            {
                problems.Add($"compare: {option.Name} NAME is missing: a group of the fit");
            }

            var (root, overrides) = (new MapNode([], new Origin("command line", 0)), new SpecOverrides());
            overrides.Add("threshold", result.GetValue(threshold), "--threshold");
            overrides.Add("composition", result.GetValue(composition), "--composition");
            overrides.Add("seed", result.GetValue(seed), "--seed");
            overrides.ApplyTo(root, problems);
            var section = new SectionReader(root, "", problems);
            var asked = new Asked(
                result.GetValue(a) ?? "", result.GetValue(b) ?? "", result.GetValue(reference), section.Positive("threshold"),
                Options.Integer(result, draws, 100, 1_000_000, problems) ?? DefaultDraws,
                (GroupComposition)(section.Choice("composition", ["means", "gamma"]) ?? 0),
                (ulong)(section.Whole("seed", 0, long.MaxValue) ?? 1), result.GetValue(output),
                RecordWriter.ParseFormat(result.GetValue(format), problems));
            problems.ThrowIfAny();
            return Run(result.GetValue(fit)!, asked);
        });
        return command;
    }

    private static int Run(string folder, Asked asked)
    {
        var fit = FinishedFit.Open(folder, Terminal.Error.WriteLine);
        var compares = fit.As<IComparesGroups>();
        var problems = new ProblemList();
        var reference = ComparisonReference.Read(asked.Reference, fit, problems);
        IGroupDraws? draws = null;
        try
        {
            draws = compares.Pair(asked.A, asked.B, asked.Composition, asked.Seed);
        }
        catch (ProblemException e)
        {
            foreach (var problem in e.Problems)
            {
                problems.Add(problem);
            }
        }

        problems.ThrowIfAny();
        if (asked.Output is not null)
        {
            OutputFiles.CheckWritable(asked.Output);
        }

        var names = fit.Columns.Names;
        var compared = GroupComparison.Of(draws!, names.Count, asked.Draws, reference, asked.Threshold ?? 0);
        string[] fields = asked.Threshold is null
            ? ["gene", "lfc", "sd", "lfsr", "expected_false_positives"]
            : ["gene", "lfc", "sd", "lfsr", "lfsr_beyond", "expected_false_positives"];
        RecordWriter.WriteAll(asked.Output, asked.Format, fields, records =>
        {
            for (var j = 0; j < compared.Length; j++)
            {
                var (lfc, sd, lfsr, beyond, pefp) = compared[j];
                if (asked.Threshold is null)
                {
                    records.Write(names[j], lfc, sd, lfsr, pefp);
                }
                else
                {
                    records.Write(names[j], lfc, sd, lfsr, beyond, pefp);
                }
            }
        });
        var (count, share) = FalsePositives.Callable([.. compared.Select(column => column.Pefp)], Target);
        var far = asked.Threshold is { } t ? string.Create(CultureInfo.InvariantCulture, $" by more than {t}") : "";
        Terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count:N0} of {compared.Length:N0} columns differ{far} where at most {Target} of those called may be false (expected: " +
            $"{share:G3})"));
        return ExitCode.Done;
    }

    private sealed record Asked(
        string A, string B, string? Reference, double? Threshold, int Draws, GroupComposition Composition, ulong Seed, string? Output,
        string Format);
}
