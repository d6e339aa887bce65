using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using FitCluster.Cli.Output;
using FitCluster.Models;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster fit MODEL --help</c>: after the verb's own help the fields of the model.</summary>
internal sealed class ModelHelp(HelpAction verb) : SynchronousCommandLineAction
{
    private const int Width = 100;
    private const int Indent = 4;

    /// <summary>Makes --help of a verb know the models.</summary>
    public static void AddTo(Command command) => command.Add(new HelpOption { Action = new ModelHelp(new HelpAction()) });

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var code = verb.Invoke(parseResult);
        if (parseResult.Tokens.Select(token => token.Value).FirstOrDefault(ModelKinds.Names.Contains) is { } model)
        {
            Write(ModelKinds.Get(model));
        }

        return code;
    }

    private static void Write(ModelKind kind)
    {
        Terminal.Out.WriteLine($"{kind.Name}: {kind.Summary}. Fields of a spec, each with --set {kind.Name}.FIELD=VALUE:");
        foreach (var field in kind.Fields.Fields)
        {
            Terminal.Out.WriteLine($"  {kind.Name}.{field.Name}{(field.Flag is null ? "" : $", {field.Flag}")}");
            foreach (var line in Wrapped($"{field.Help}; {field.TypeWords} (default {field.ShownDefault})"))
            {
                Terminal.Out.WriteLine($"{new string(' ', Indent)}{line}");
            }
        }

        Terminal.Out.WriteLine();
    }

    private static IEnumerable<string> Wrapped(string text)
    {
        while (text.Length > Width - Indent)
        {
            var at = text.LastIndexOf(' ', Width - Indent);
            at = at > 0 ? at : Width - Indent;
            yield return text[..at];
            text = text[at..].TrimStart();
        }

        yield return text;
    }
}
