using System.CommandLine;
using System.CommandLine.Parsing;
using FitCluster.Models;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary>The verbs and their options.</summary>
internal static class CommandLine
{
    public static int Run(string[] arguments)
    {
        var root = Root();
        var configuration = new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null };
        var result = root.Parse(arguments, configuration);
        if (result.Errors.Count > 0 && !AsksForHelp(result))
        {
            throw new ProblemException(ExitCode.BadInput, Problems(result));
        }

        return result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    private static RootCommand Root() =>
        new("Fits empirical-Bayes and hierarchical Bayesian models to large matrices, and loses nothing when it is killed.")
        {
            DemoVerb.Create(),
            FitVerb.Create(),
            EbnmVerb.Create(),
            SimulateVerb.Create(),
            IngestVerb.Create(),
            CheckVerb.Create(),
            NodeVerb.Create(),
            SubmitVerb.Create(),
            ListVerb.Create(),
            StatusVerb.Create(),
            WatchVerb.Create(),
            StopVerbs.Cancel(),
            StopVerbs.Resume(),
            ResultsVerb.Create(),
            PredictVerb.Create(),
            RecommendVerb.Create(),
            ProjectVerb.Create(),
        };

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
