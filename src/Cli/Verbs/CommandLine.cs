using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using FitCluster.Cli.Output;
using FitCluster.Models;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary>The verbs and their options.</summary>
internal static class CommandLine
{
    public static int Run(string[] arguments)
    {
        LoadNamed(arguments);
        var root = Root();
        var configuration = new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null };
        var result = root.Parse(arguments, configuration);
        if (result.Errors.Count > 0 && !AsksForHelp(result))
        {
            throw new ProblemException(ExitCode.BadInput, Problems(result));
        }

        return result.Invoke(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = Terminal.Out, Error = Terminal.Error,
        });
    }

    /// <summary>A model of another assembly that is named on the command line has its options there.</summary>
    private static void LoadNamed(string[] arguments)
    {
        if (arguments.Skip(1).FirstOrDefault(ModelKinds.Names.Contains) is { } model)
        {
            ModelKinds.Get(model);
        }
    }

    /// <summary>The program with its verbs.</summary>
    internal static RootCommand Root()
    {
        (string Title, IReadOnlyList<Command> Verbs)[] groups =
        [
            ("Fit on this machine", [DemoVerb.Create(), FitVerb.Create(), CheckVerb.Create(), EbnmVerb.Create()]),
            ("Use a finished " +
                "fit", [PredictVerb.Create(), RecommendVerb.Create(), ProjectVerb.Create(), CompareVerb.Create(), ReportVerb.Create()]),
            ("Make data", [SimulateVerb.Create(), IngestVerb.Create()]),
            ("Fit on a cluster",
            [
                NodeVerb.Create(), SubmitVerb.Create(), ListVerb.Create(), StatusVerb.Create(), WatchVerb.Create(), StopVerbs.Cancel(),
                StopVerbs.Resume(),
                ResultsVerb.Create(),
            ]),
        ];
        var root = new RootCommand(
            "Fits empirical-Bayes and hierarchical Bayesian models to large matrices, and loses nothing when it is killed.");
        foreach (var verb in groups.SelectMany(group => group.Verbs))
        {
            root.Add(verb);
        }

        root.Options.OfType<HelpOption>().Single().Action = new RootHelp(groups, new HelpAction());
        return root;
    }

    private static bool AsksForHelp(ParseResult result) =>
        result.Tokens.Any(t => t.Type == TokenType.Option && t.Value is "--help" or "-h" or "-?" or "/h" or "/?" or "--version");

    private static List<string> Problems(ParseResult result)
    {
        var command = result.CommandResult.Command;
        var place = command is RootCommand ? "" : $"{command.Name}: ";
        var problems = new List<string>();
        foreach (var token in result.UnmatchedTokens)
        {
            if (token.StartsWith('-'))
            {
                var name = token.Split('=', 2)[0];
                var near = Nearest.Find(name, command.Options.Select(o => o.Name));
                problems.Add($"{place}unknown option '{name}'{(near is null ? "" : $": did you mean '{near}'?")}");
            }
            else if (command is RootCommand)
            {
                problems.Add($"unknown verb '{token}'{Nearest.Suggest(token, command.Subcommands.Select(c => c.Name))}");
            }
            else if (problems.Count == 0)
            {
                problems.Add($"{place}'{token}' is one argument too many");
            }
        }

        if (problems.Count > 0)
        {
            // One unknown verb makes every later word unknown: it alone is the problem.
            return command is RootCommand && !problems[0].StartsWith("unknown option", StringComparison.Ordinal) ? [problems[0]] : problems;
        }

        return command is RootCommand
            ? ["no verb was given: see fitcluster --help"]
            : [.. result.Errors.Select(e => $"{place}{e.Message.TrimEnd('.')}: see fitcluster {command.Name} --help").Distinct()];
    }
}
