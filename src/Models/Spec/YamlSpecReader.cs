using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace FitCluster.Models.Spec;

/// <summary>Reads YAML into nodes, with the line of each. No types are inferred here: a scalar is a text.</summary>
internal sealed class YamlSpecReader
{
    private const int DepthLimit = 32;
    private readonly string _source;
    private readonly ProblemList _problems;
    private readonly bool _isOption;

    // source: the file's name, or with isOption the option's.
    private YamlSpecReader(string source, bool isOption, ProblemList problems) =>
        (_source, _isOption, _problems) = (source, isOption, problems);

    /// <summary>The document's root, or null when it cannot be read (the problem is noted).</summary>
    public static SpecNode? Read(string text, string source, ProblemList problems, bool isOption = false) =>
        new YamlSpecReader(source, isOption, problems).Read(text);

    private SpecNode? Read(string text)
    {
        var parser = new Parser(new Scanner(new StringReader(text)));
        try
        {
            parser.MoveNext();
            while (parser.Current is StreamStart or DocumentStart or Comment)
            {
                parser.MoveNext();
            }

            if (parser.Current is null or StreamEnd)
            {
                return new ScalarNode(null, At(default));
            }

            var root = Node(parser, 0);
            while (parser.Current is DocumentEnd or Comment)
            {
                parser.MoveNext();
            }

            if (parser.Current is DocumentStart second)
            {
                _problems.Add(At(second.Start), "there is a second document: a spec is one document");
            }

            return root;
        }
        catch (YamlException e)
        {
            _problems.Add(At(e.Start), $"this is not YAML: {Sentence(e)}");
            return null;
        }
        catch (InvalidOperationException)
        {
            // The scanner gives up in this way on what it met in a place where nothing of the kind can be.
            _problems.Add(At(parser.Current?.End ?? default), "this is not YAML: it breaks off or is mixed up after this line");
            return null;
        }
    }

    private SpecNode Node(Parser parser, int depth)
    {
        if (depth > DepthLimit)
        {
            throw new YamlException(parser.Current!.Start, parser.Current.End, $"it is nested more than {DepthLimit} deep");
        }

        switch (parser.Current)
        {
            case Scalar scalar:
                parser.MoveNext();
                var isNull = scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null" or "Null" or "NULL";
                return new ScalarNode(isNull ? null : scalar.Value, At(scalar.Start));
            case SequenceStart start:
                parser.MoveNext();
                var items = new List<SpecNode>();
                while (parser.Current is not SequenceEnd)
                {
                    items.Add(Node(parser, depth + 1));
                }

                parser.MoveNext();
                return new ListNode(items, At(start.Start));
            case MappingStart start:
                parser.MoveNext();
                var map = new MapNode([], At(start.Start));
                while (parser.Current is not MappingEnd)
                {
                    Entry(parser, map, depth);
                }

                parser.MoveNext();
                return map;
            case var other:
                throw new YamlException(
                    other!.Start, other.End, other is AnchorAlias ? "anchors and aliases are not taken" : "a value was expected");
        }
    }

    private void Entry(Parser parser, MapNode map, int depth)
    {
        if (parser.Current is not Scalar key)
        {
            throw new YamlException(parser.Current!.Start, parser.Current.End, "a key must be a word");
        }

        parser.MoveNext();
        var entry = new MapEntry(key.Value, At(key.Start), Node(parser, depth + 1));
        if (map.Find(entry.Key) is { } earlier)
        {
            _problems.Add(entry.Origin, $"the key '{entry.Key}' is given twice (first at {earlier.Origin})");
        }
        else
        {
            map.Entries.Add(entry);
        }
    }

    private Origin At(Mark mark) => new(_source, _isOption ? 0 : int.Max(1, (int)mark.Line));

    private static string Sentence(YamlException e)
    {
        var message = e.Message;
        var end = message.IndexOf("): ", StringComparison.Ordinal);
        return (message.StartsWith('(') && end > 0 ? message[(end + 3)..] : message).TrimEnd('.');
    }
}
