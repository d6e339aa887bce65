namespace FitCluster.Data.Reading;

/// <summary>A SciPy sparse matrix in an .npz archive: csr, csc or coo.</summary>
internal sealed class NpzSparseSource : EntrySource
{
    private readonly NpzArchive _archive;
    private readonly string _kind;
    private readonly double[] _starts = [];
    private readonly long _count;
    private long _entry;

    public NpzSparseSource(string path, NpzArchive archive)
    {
        (File, _archive) = (path, archive);
        _kind = archive.Text("format");
        var shape = archive.Values("shape");
        if (shape.Length != 2 || shape.Any(s => s > int.MaxValue || s < 0))
        {
            throw new DataException($"{path} has a shape of ({string.Join(", ", shape)}); a matrix has 2 dimensions below {int.MaxValue}");
        }

        (Rows, Columns) = ((int)shape[0], (int)shape[1]);
        using (var data = archive.Array("data"))
        {
            _count = data.Header.Count;
        }

        if (_kind is "csr" or "csc")
        {
            _starts = archive.Values("indptr");
            CheckStarts(_kind == "csr" ? Rows : Columns);
        }
        else if (_kind != "coo")
        {
            throw new DataException($"{path} holds a sparse matrix in the format {_kind}; save it as csr, csc or coo");
        }

        if (_kind == "csr")
        {
            RowCounts = new long[Rows];
            for (var i = 0; i < Rows; i++)
            {
                RowCounts[i] = (long)(_starts[i + 1] - _starts[i]);
            }
        }

        EntryCount = _count;
        Orientation = $"SciPy {_kind} matrix of {Rows} rows x {Columns} columns, {_count} entries";
    }

    public string File { get; }

    public override string Where => $"entry {_entry}";

    public override void Read(IEntrySink sink, int batch)
    {
        using var values = new Column(_archive.Array("data"));
        using var first = new Column(_archive.Array(_kind == "coo" ? "row" : "indices"));
        using var second = _kind == "coo" ? new Column(_archive.Array("col")) : null;
        if (first.Count != _count || (second is not null && second.Count != _count))
        {
            throw new DataException($"{File} has {_count} values but {first.Count} indices; write it again with scipy.sparse.save_npz");
        }

        var entries = new Batch(sink, batch);
        var major = 0;
        for (var k = 0L; k < _count; k++)
        {
            _entry = k + 1;
            while (second is null && k >= _starts[major + 1])
            {
                major++;
            }

            var index = (long)first.Next();
            var (row, column) = _kind switch { "csr" => (major, index), "csc" => (index, major), _ => (index, (long)second!.Next()) };
            if (row < 0 || row >= Rows || column < 0 || column >= Columns)
            {
                throw new DataException(
                    $"{File}, entry {_entry}: row {row}, column {column} is outside {Rows} x {Columns}; indices count from 0");
            }

            var value = values.Next();
            entries.Add(row, column, double.IsFinite(value) || (TakesInfinities && double.IsInfinity(value)) ? value
                : throw new DataException(
                    $"{File}, entry {_entry}: the value is not finite; leave missing entries out of a sparse matrix"));
        }

        entries.Flush();
    }

    private void CheckStarts(int majors)
    {
        var fits = _starts.Length == majors + 1 && _starts[0] == 0 && _starts[^1] == _count;
        for (var i = 0; fits && i < majors; i++)
        {
            fits = _starts[i] <= _starts[i + 1];
        }

        if (!fits)
        {
            throw new DataException(
                $"{File} has an indptr that does not fit its shape and its {_count} values; write it again with scipy.sparse.save_npz");
        }
    }

    /// <summary>The values of an array one by one.</summary>
    private sealed class Column(NpyReader reader) : IDisposable
    {
        private readonly double[] _buffer = new double[8192];
        private int _at;
        private int _filled;
        private long _left = reader.Header.Count;

        public long Count { get; } = reader.Header.Count;

        public double Next()
        {
            if (_at == _filled)
            {
                _filled = (int)long.Min(_buffer.Length, _left);
                _left -= _filled;
                reader.Read(_buffer.AsSpan(0, _filled));
                _at = 0;
            }

            return _buffer[_at++];
        }

        public void Dispose() => reader.Dispose();
    }
}
