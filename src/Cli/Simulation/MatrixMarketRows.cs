using System.Globalization;
using FitCluster.Data.Writing;

namespace FitCluster.Cli.Simulation;

/// <summary>Entries of a MatrixMarket file, none where missing. The number of entries, which the header has, is known at the end: room is left for it.</summary>
internal sealed class MatrixMarketRows : IRowWriter
{
    private const int CountWidth = 18;
    private readonly AtomicFile _file;
    private readonly StreamWriter _text;
    private readonly long _countAt;
    private readonly bool _zeros;
    private long _row;
    private long _count;

    public MatrixMarketRows(string path, SimulationOptions options)
    {
        _zeros = !options.Sparse;
        _file = new AtomicFile(path);
        _text = new StreamWriter(_file.Stream, leaveOpen: true) { NewLine = "\n" };
        _text.WriteLine($"%%MatrixMarket matrix coordinate {(options.Sparse ? "integer" : "real")} general");
        _text.Write(string.Create(CultureInfo.InvariantCulture, $"{options.Rows} {options.Columns} "));
        _text.Flush();
        _countAt = _file.Stream.Position;
        _text.WriteLine(new string(' ', CountWidth));
    }

    public void Append(ReadOnlySpan<double> row)
    {
        _row++;
        for (var j = 0; j < row.Length; j++)
        {
            if (!double.IsNaN(row[j]) && (_zeros || row[j] != 0))
            {
                _text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_row} {j + 1} {row[j]:R}"));
                _count++;
            }
        }
    }

    public void Finish()
    {
        _text.Flush();
        _file.Stream.Position = _countAt;
        _text.Write(_count.ToString(CultureInfo.InvariantCulture).PadLeft(CountWidth));
        _text.Flush();
        _file.Commit();
    }

    public void Dispose() => _file.Dispose();
}
