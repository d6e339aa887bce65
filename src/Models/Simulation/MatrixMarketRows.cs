using System.Diagnostics;
using System.Globalization;
using FitCluster.Data.Writing;

namespace FitCluster.Models.Simulation;

/// <summary>
/// Entries of a MatrixMarket file, none where missing. The number of entries, which the header has,
/// is known at the end: room is left for it.
/// </summary>
internal sealed class MatrixMarketRows : IRowWriter
{
    private const int CountWidth = 18;

    // Two indices and a number in its longest form.
    private const int LongestLine = 64;

    private readonly AtomicFile _file;
    private readonly StreamWriter _text;
    private readonly long _countAt;
    private readonly bool _counts;
    private readonly char[] _line = new char[LongestLine];
    private long _row;
    private long _count;

    /// <summary>Begins the file. Counts: whole numbers, of which zeros are not stored.</summary>
    public MatrixMarketRows(string path, long rows, int columns, bool counts)
    {
        _counts = counts;
        _file = new AtomicFile(path);
        _text = new StreamWriter(_file.Stream, leaveOpen: true) { NewLine = "\n" };
        _text.WriteLine($"%%MatrixMarket matrix coordinate {(counts ? "integer" : "real")} general");
        _text.Write(string.Create(CultureInfo.InvariantCulture, $"{rows} {columns} "));
        _text.Flush();
        _countAt = _file.Stream.Position;
        _text.WriteLine(new string(' ', CountWidth));
    }

    public void Append(ReadOnlySpan<double> row)
    {
        _row++;
        for (var j = 0; j < row.Length; j++)
        {
            if (double.IsNaN(row[j]) || (_counts && row[j] == 0))
            {
                continue;
            }

            // A whole number as such is written several times as fast.
            var length = 0;
            var done = _counts
                ? _line.AsSpan().TryWrite(CultureInfo.InvariantCulture, $"{_row} {j + 1} {(long)row[j]}\n", out length)
                : _line.AsSpan().TryWrite(CultureInfo.InvariantCulture, $"{_row} {j + 1} {row[j]:R}\n", out length);
            Trace.Assert(done, "a line of a MatrixMarket file is longer than thought");
            _text.Write(_line.AsSpan(0, length));
            _count++;
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
