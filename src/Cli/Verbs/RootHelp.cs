using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using FitCluster.Cli.Output;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster --help</c>: the verbs by what they are for, and the exit codes.</summary>
/// <param name="groups">The verbs, each group below a title.</param>
/// <param name="verb">The help of a verb, which is asked for by the same option.</param>
internal sealed class RootHelp(IReadOnlyList<(string Title, IReadOnlyList<Command> Verbs)> groups, HelpAction verb)
    : SynchronousCommandLineAction
{
    private static readonly (int Code, string Words)[] ExitCodes =
    [
        (Models.ExitCode.Done, "done"),
        (Models.ExitCode.Failed, "the fit failed (diverged, or out of retries), or results could not be written"),
        (Models.ExitCode.BadInput, "bad input, option or spec: nothing was started or written"),
        (Models.ExitCode.NotConverged, "not converged within the limit asked for; the results are written"),
        (Models.ExitCode.Unreachable, "the store or the nodes cannot be reached"),
        (Models.ExitCode.NameTaken, "the name is taken by a job with another spec or other data"),
        (Models.ExitCode.Interrupted, "interrupted: a checkpoint is written, and how to go on is said"),
    ];

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        if (parseResult.CommandResult.Command is not RootCommand)
        {
            return verb.Invoke(parseResult);
        }

        var text = Terminal.Out;
        text.WriteLine(parseResult.RootCommandResult.Command.Description);
        text.WriteLine();
        text.WriteLine("Usage: fitcluster VERB [options]       fitcluster VERB --help       fitcluster --version");
        var width = groups.SelectMany(group => group.Verbs).Max(one => Usage(one).Length);
        foreach (var (title, verbs) in groups)
        {
            text.WriteLine();
            text.WriteLine($"{title}:");
            foreach (var one in verbs)
            {
                text.WriteLine($"  {Usage(one).PadRight(width)}  {one.Description}");
            }
        }

        text.WriteLine();
        text.WriteLine("Exit codes:");
        foreach (var (code, words) in ExitCodes)
        {
            text.WriteLine($"  {code,3}  {words}");
        }

        return Models.ExitCode.Done;
    }

    private static string Usage(Command one) =>
        string.Join(' ', one.Arguments.Select(argument => $"<{argument.Name}>").Prepend(one.Name));
}
