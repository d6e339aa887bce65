using System.Globalization;
using System.Runtime.InteropServices;
using FitCluster.Data.Reading;

namespace FitCluster.Data.Store;

/// <summary>
/// Sends each entry to the file of its run of rows. A file is open only while its buffer is written, so that their number has no limit.
/// </summary>
internal sealed class SpillSink : IEntrySink
{
    private const int MostEntries = 1 << 16;
    private const int LeastEntries = 256;
    private readonly string _folder;
    private readonly int[] _runOfRow;
    private readonly Entry[][] _buffers;
    private readonly int[] _filled;

    public SpillSink(string folder, int rows, List<Range> runs, long memoryBytes)
    {
        _folder = folder;
        _runOfRow = new int[rows];
        _buffers = new Entry[runs.Count][];
        _filled = new int[runs.Count];
        var size = (int)long.Clamp(memoryBytes / 16 / runs.Count, LeastEntries, MostEntries);
        for (var r = 0; r < runs.Count; r++)
        {
            var (first, length) = runs[r].GetOffsetAndLength(rows);
            _runOfRow.AsSpan(first, length).Fill(r);
            _buffers[r] = new Entry[size];
            File.Create(PathOf(r)).Dispose();
        }
    }

    public string PathOf(int run) => Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"spill-{run}"));

    public void Add(ReadOnlySpan<Entry> entries)
    {
        foreach (ref readonly var entry in entries)
        {
            var run = _runOfRow[entry.Row];
            var buffer = _buffers[run];
            buffer[_filled[run]++] = entry;
            if (_filled[run] == buffer.Length)
            {
                Flush(run);
            }
        }
    }

    public void End()
    {
        for (var r = 0; r < _buffers.Length; r++)
        {
            Flush(r);
            _buffers[r] = [];
        }
    }

    private void Flush(int run)
    {
        using var file = new FileStream(PathOf(run), FileMode.Append, FileAccess.Write, FileShare.None, 0);
        file.Write(MemoryMarshal.AsBytes(_buffers[run].AsSpan(0, _filled[run])));
        _filled[run] = 0;
    }
}
