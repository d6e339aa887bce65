using System.CommandLine;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary>
/// Makes options. All are texts: their values are checked with everything else, so that every problem is said at once and in our words.
/// </summary>
internal static class Options
{
    /// <summary>What <c>--data-format</c> is, for the verbs that have it.</summary>
    public const string DataFormatWords =
        "what the data are, where content does not tell: table, triplets, mtx, 10x, npy, npz or store (default auto)";

    /// <summary>What <c>--feature-types</c> is, for the verbs that have it.</summary>
    public const string FeatureTypesWords =
        "the types of features of a 10x folder to keep, or all (default: Gene Expression where there are several)";

    public static Option<string?> Text(string name, string valueName, string description) =>
        new(name) { HelpName = valueName, Description = description, Arity = ArgumentArity.ExactlyOne };

    public static Option<string[]> Many(string name, string valueName, string description) =>
        new(name)
        {
            HelpName = valueName, Description = description, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false
        };

    /// <summary>The whole number of an option; null where it is not given, or no such number, which is then among the problems.</summary>
    public static int? Integer(ParseResult result, Option<string?> option, int least, int most, ProblemList problems)
    {
        var (root, overrides) = (new MapNode([], new Origin("command line", 0)), new SpecOverrides());
        var field = option.Name.TrimStart('-');
        overrides.Add(field, result.GetValue(option), option.Name);
        overrides.ApplyTo(root, problems);
        return (int?)new SectionReader(root, "", problems).Whole(field, least, most);
    }

    public static Option<bool> Switch(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.Zero };
}
