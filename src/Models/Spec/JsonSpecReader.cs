using System.Text;
using System.Text.Json;

namespace FitCluster.Models.Spec;

/// <summary>Reads JSON (comments and trailing commas allowed) into nodes, with the line of each.</summary>
internal ref struct JsonSpecReader
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly string _source;
    private readonly ProblemList _problems;
    private Utf8JsonReader _reader;
    private int _line;
    private int _counted;

    private JsonSpecReader(ReadOnlySpan<byte> bytes, string source, ProblemList problems)
    {
        _bytes = bytes;
        (_source, _problems, _line) = (source, problems, 1);
        _reader = new Utf8JsonReader(bytes, new JsonReaderOptions
        {
            CommentHandling = JsonCommentHandling.Skip,
            AllowTrailingCommas = true,
            MaxDepth = 32,
        });
    }

    /// <summary>The root, or null when it cannot be read (the problem is noted).</summary>
    public static SpecNode? Read(string text, string source, ProblemList problems)
    {
        var reader = new JsonSpecReader(Encoding.UTF8.GetBytes(text), source, problems);
        try
        {
            reader._reader.Read();
            var root = reader.Node();
            reader._reader.Read();
            return root;
        }
        catch (JsonException e)
        {
            var message = e.Message;
            var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            problems.Add(new Origin(source, (int)(e.LineNumber ?? 0) + 1),
                $"this is not JSON: {(end > 0 ? message[..end] : message).TrimEnd('.')}");
            return null;
        }
    }

    private SpecNode Node()
    {
        var origin = Here();
        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var map = new MapNode([], origin);
                while (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
                {
                    var (key, at) = (_reader.GetString()!, Here());
                    _reader.Read();
                    var entry = new MapEntry(key, at, Node());
                    if (map.Find(key) is { } earlier)
                    {
                        _problems.Add(at, $"the key '{key}' is given twice (first at {earlier.Origin})");
                    }
                    else
                    {
                        map.Entries.Add(entry);
                    }
                }

                return map;
            case JsonTokenType.StartArray:
                var items = new List<SpecNode>();
                while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
                {
                    items.Add(Node());
                }

                return new ListNode(items, origin);
            case JsonTokenType.Null:
                return new ScalarNode(null, origin);
            case JsonTokenType.String:
                return new ScalarNode(_reader.GetString(), origin);
            default:
                return new ScalarNode(Encoding.UTF8.GetString(_reader.ValueSpan), origin);
        }
    }

    private Origin Here()
    {
        var at = (int)_reader.TokenStartIndex;
        _line += _bytes[_counted..at].Count((byte)'\n');
        _counted = at;
        return new Origin(_source, _line);
    }
}
