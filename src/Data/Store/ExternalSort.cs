using System.Runtime.InteropServices;
using FitCluster.Data.Reading;

namespace FitCluster.Data.Store;

/// <summary>
/// Turns entries in any order into rows with bounded memory. A first pass counts the entries of each row; rows are then cut into runs
/// whose entries fit the memory; a second pass fills the runs: one after the other where the file has the order of rows, and
/// otherwise through a spill file for each run. Memory beyond the limit: 16 bytes a row, and the names.
/// </summary>
internal sealed class ExternalSort(EntrySource source, MatrixPlan plan, RowSink sink, string folder, long memoryBytes)
{
    /// <summary>A run in memory (12 bytes an entry) beside the buffers (16 bytes an entry over all of the spill).</summary>
    private const int BytesPerEntry = 24;

    public void Run()
    {
        var counting = new CountingSink(plan.RowCount);
        source.Read(MatrixReader.Mapped(plan, counting), SourceBase.DefaultBatch);
        var counts = counting.Counts;
        var runs = Cut(counts, long.Max(1, memoryBytes / BytesPerEntry));
        if (counting.IsSorted || runs.Count <= 1)
        {
            using var filler = new RunFiller(plan.Pipeline, sink, counts, runs);
            source.Read(MatrixReader.Mapped(plan, filler), SourceBase.DefaultBatch);
            filler.End();
        }
        else
        {
            Spill(counts, runs);
        }
    }

    private static List<Range> Cut(long[] counts, long most)
    {
        var runs = new List<Range>();
        var (first, entries) = (0, 0L);
        for (var i = 0; i < counts.Length; i++)
        {
            if (i > first && entries + counts[i] > most)
            {
                runs.Add(first..i);
                (first, entries) = (i, 0);
            }

            entries += counts[i];
        }

        if (counts.Length > 0)
        {
            runs.Add(first..counts.Length);
        }

        return runs;
    }

    private void Spill(long[] counts, List<Range> runs)
    {
        var spill = new SpillSink(folder, counts.Length, runs, memoryBytes / 3);
        source.Read(MatrixReader.Mapped(plan, spill), SourceBase.DefaultBatch);
        spill.End();
        var buffer = new Entry[8192];
        for (var r = 0; r < runs.Count; r++)
        {
            var (first, length) = runs[r].GetOffsetAndLength(counts.Length);
            using var bucket = new CsrBucket(first, counts.AsSpan(first, length));
            using (var file = File.OpenRead(spill.PathOf(r)))
            {
                var bytes = MemoryMarshal.AsBytes(buffer.AsSpan());
                for (var n = file.ReadAtLeast(bytes, bytes.Length, false); n > 0; n = file.ReadAtLeast(bytes, bytes.Length, false))
                {
                    foreach (ref readonly var entry in MemoryMarshal.Cast<byte, Entry>(bytes[..n]))
                    {
                        bucket.Scatter(entry);
                    }
                }
            }

            bucket.EndScattering();
            bucket.Finish(plan.Pipeline, sink);
            File.Delete(spill.PathOf(r));
        }
    }

    /// <summary>Fills the runs one after the other.</summary>
    private sealed class RunFiller(RowPipeline pipeline, RowSink sink, long[] counts, List<Range> runs) : IEntrySink, IDisposable
    {
        private int _run = -1;
        private int _end;
        private CsrBucket? _bucket;

        public void Add(ReadOnlySpan<Entry> entries)
        {
            foreach (ref readonly var entry in entries)
            {
                while (entry.Row >= _end)
                {
                    Next();
                }

                _bucket!.Scatter(entry);
            }
        }

        public void End()
        {
            while (_run < runs.Count)
            {
                Next();
            }
        }

        public void Dispose() => _bucket?.Dispose();

        private void Next()
        {
            if (_bucket is not null)
            {
                _bucket.EndScattering();
                _bucket.Finish(pipeline, sink);
                _bucket.Dispose();
                _bucket = null;
            }

            if (++_run < runs.Count)
            {
                var (first, length) = runs[_run].GetOffsetAndLength(counts.Length);
                _bucket = new CsrBucket(first, counts.AsSpan(first, length));
                _end = first + length;
            }
        }
    }
}
