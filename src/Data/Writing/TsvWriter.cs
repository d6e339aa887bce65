using System.Globalization;
using System.Text;

namespace FitCluster.Data.Writing;

/// <summary>
/// Writes tables with names, tab-separated, numbers in their shortest exact form, missing as NA; row by row; whole or not at all.
/// </summary>
public sealed class TsvWriter : IDisposable
{
    private readonly AtomicFile _file;
    private readonly StreamWriter _text;
    private readonly int _columns;

    /// <summary>Begins a table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="corner">The name of the column of row names.</param>
    /// <param name="columns">The names of the columns.</param>
    public TsvWriter(string path, string corner, IReadOnlyList<string> columns)
    {
        _file = new AtomicFile(path);
        _text = new StreamWriter(_file.Stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
        _columns = columns.Count;
        _text.Write(Safe(corner));
        foreach (var name in columns)
        {
            _text.Write('\t');
            _text.Write(Safe(name));
        }

        _text.WriteLine();
    }

    /// <summary>Writes a whole table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="rows">The names of the rows.</param>
    /// <param name="columns">The names of the columns.</param>
    /// <param name="values">rows x columns, row-major.</param>
    public static void Write(string path, IReadOnlyList<string> rows, IReadOnlyList<string> columns, ReadOnlySpan<double> values)
    {
        using var writer = new TsvWriter(path, "name", columns);
        for (var i = 0; i < rows.Count; i++)
        {
            writer.Append(rows[i], values.Slice(i * columns.Count, columns.Count));
        }

        writer.Finish();
    }

    /// <summary>Writes names, one a line below the line "name", as rows.tsv and columns.tsv have them.</summary>
    public static void WriteNames(string path, IReadOnlyList<string> names)
    {
        using var writer = new TsvWriter(path, "name", []);
        for (var i = 0; i < names.Count; i++)
        {
            writer.Append(names[i], []);
        }

        writer.Finish();
    }

    /// <summary>Appends a row.</summary>
    public void Append(string name, ReadOnlySpan<double> values)
    {
        if (values.Length != _columns)
        {
            throw new ArgumentException(
                $"the row {name} has {values.Length} values where the table has {_columns} columns", nameof(values));
        }

        _text.Write(Safe(name));
        Span<char> number = stackalloc char[32];
        foreach (var value in values)
        {
            _text.Write('\t');
            if (double.IsNaN(value))
            {
                _text.Write("NA");
            }
            else
            {
                value.TryFormat(number, out var length, default, CultureInfo.InvariantCulture);
                _text.Write(number[..length]);
            }
        }

        _text.Write('\n');
    }

    /// <summary>Ends the table and gives the file its name.</summary>
    public void Finish()
    {
        _text.Flush();
        _file.Commit();
    }

    /// <summary>Drops the file when it was not finished.</summary>
    public void Dispose()
    {
        if (_file.Stream.CanWrite)
        {
            _text.Dispose();
        }

        _file.Dispose();
    }

    /// <summary>Tabs and line ends within a name would break the table.</summary>
    private static string Safe(string name) =>
        name.AsSpan().ContainsAny("\t\r\n") ? name.Replace('\t', ' ').Replace('\r', ' ').Replace('\n', ' ') : name;
}
