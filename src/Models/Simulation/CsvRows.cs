using System.Globalization;
using FitCluster.Data.Writing;

namespace FitCluster.Models.Simulation;

/// <summary>Rows of a dense text; NA where missing.</summary>
internal sealed class CsvRows : IRowWriter
{
    private readonly AtomicFile _file;
    private readonly StreamWriter _text;
    private long _row;

    public CsvRows(string path, int columns)
    {
        _file = new AtomicFile(path);
        _text = new StreamWriter(_file.Stream, leaveOpen: true) { NewLine = "\n" };
        _text.Write("name");
        for (var j = 1; j <= columns; j++)
        {
            _text.Write(string.Create(CultureInfo.InvariantCulture, $",c{j}"));
        }

        _text.WriteLine();
    }

    public void Append(ReadOnlySpan<double> row)
    {
        _text.Write(string.Create(CultureInfo.InvariantCulture, $"r{++_row}"));
        foreach (var value in row)
        {
            _text.Write(',');
            _text.Write(double.IsNaN(value) ? "NA" : value.ToString("R", CultureInfo.InvariantCulture));
        }

        _text.WriteLine();
    }

    public void Finish()
    {
        _text.Flush();
        _file.Commit();
    }

    public void Dispose() => _file.Dispose();
}
