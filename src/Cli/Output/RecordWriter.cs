using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Output;

/// <summary>
/// Writes records of the same fields one after another, however many: a table with a header, tab-separated, or a list of JSON objects.
/// </summary>
internal sealed class RecordWriter : IDisposable
{
    // The first is the default.
    private static readonly string[] Formats = ["tsv", "json"];

    private const int FlushBytes = 1 << 16;
    private readonly Stream _stream;
    private readonly string[] _fields;
    private readonly StreamWriter? _text;
    private readonly Utf8JsonWriter? _json;

    public RecordWriter(Stream stream, string format, params string[] fields)
    {
        (_stream, _fields) = (stream, fields);
        if (format == "json")
        {
            _json = new Utf8JsonWriter(
                stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true });
            _json.WriteStartArray();
        }
        else
        {
            _text = new StreamWriter(stream, new UTF8Encoding(false), FlushBytes, leaveOpen: true) { NewLine = "\n" };
            _text.WriteLine(string.Join('\t', fields));
        }
    }

    /// <summary>Reads the option --format of verbs that write records.</summary>
    public static string ParseFormat(string? text, ProblemList problems)
    {
        if (text is not null && !Formats.Contains(text))
        {
            problems.Add($"--format cannot be '{text}'{Nearest.Suggest(text, Formats)}");
        }

        return text ?? Formats[0];
    }

    /// <summary>Writes a record: a text or a number for each field. Numbers in their shortest exact form.</summary>
    public void Write(params ReadOnlySpan<object> values)
    {
        _json?.WriteStartObject();
        for (var f = 0; f < values.Length; f++)
        {
            if (f > 0)
            {
                _text?.Write('\t');
            }

            switch (values[f])
            {
                case string text:
                    _text?.Write(text);
                    _json?.WriteString(_fields[f], text);
                    break;
                case double number:
                    _text?.Write(number.ToString("R", CultureInfo.InvariantCulture));
                    _json?.Number(_fields[f], number);
                    break;
                case int number:
                    _text?.Write(number.ToString(CultureInfo.InvariantCulture));
                    _json?.WriteNumber(_fields[f], number);
                    break;
                default:
                    throw new ArgumentException($"the field {_fields[f]} is neither a text nor a number", nameof(values));
            }
        }

        _text?.WriteLine();
        if (_json is not null)
        {
            _json.WriteEndObject();
            if (_json.BytesPending > FlushBytes)
            {
                _json.Flush();
            }
        }
    }

    /// <summary>Ends the list.</summary>
    public void Dispose()
    {
        _text?.Dispose();
        if (_json is not null)
        {
            _json.WriteEndArray();
            _json.Dispose();
            _stream.WriteByte((byte)'\n');
        }
    }

    /// <summary>Writes records to a file, whole or not at all; or to stdout.</summary>
    public static void WriteAll(string? path, string format, string[] fields, Action<RecordWriter> write)
    {
        void To(Stream stream)
        {
            using var records = new RecordWriter(stream, format, fields);
            write(records);
        }

        if (path is not null)
        {
            OutputFiles.Write(path, To);
            return;
        }

        using var stdout = new BufferedStream(Terminal.OpenOut(), FlushBytes);
        To(stdout);
    }
}
