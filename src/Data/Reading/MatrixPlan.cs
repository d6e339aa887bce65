using FitCluster.Data.Storage;
using FitCluster.Math.Numerics;

namespace FitCluster.Data.Reading;

/// <summary>A source with its options resolved: which rows and columns are kept, their names, the pipeline for the rows.</summary>
internal sealed class MatrixPlan
{
    private readonly SourceBase _source;
    private readonly MatrixOptions _options;
    private readonly SelectionFilter _rowFilter;
    private readonly List<int> _keptRows = [];
    private readonly List<string> _rowNames = [];
    private readonly int[]? _keptColumns;
    private long _rowsSeen;
    private bool _rowsNamed;

    public MatrixPlan(SourceBase source, MatrixOptions options)
    {
        (_source, _options) = (source, options);
        _rowFilter = new SelectionFilter(options.Rows, "row", source.Path);
        var dense = source is DenseSource;
        var missingZeros = options.Missing == MissingEntries.Zeros;
        if (dense && options.Missing == MissingEntries.Unstored)
        {
            throw new DataException($"{source.Path} is dense, so that missing: unstored cannot take effect; use zeros or none");
        }

        var unstoredMissing = options.Missing != MissingEntries.None || source is EntrySource { UnstoredIsMissing: true };
        IsSparse = !dense || missingZeros;
        Unstored = unstoredMissing ? UnstoredEntries.Missing : UnstoredEntries.Zero;
        _keptColumns = SelectColumns();
        var map = _keptColumns is null ? null : Invert(_keptColumns, source.Columns);
        Pipeline = new RowPipeline(source.Path, source.Columns, map, options.Transform, unstoredMissing, unstoredMissing && !missingZeros);
        if (source is EntrySource entries)
        {
            SelectRows(entries);
        }
    }

    public RowPipeline Pipeline { get; }

    public bool IsSparse { get; }

    public UnstoredEntries Unstored { get; }

    /// <summary>The transform the values have been through in all.</summary>
    public Transform Transform => _options.Transform == Transform.None ? _source.Applied : _options.Transform;

    /// <summary>How missing entries were told in all.</summary>
    public MissingEntries Missing => _options.Missing == MissingEntries.None ? _source.AppliedMissing : _options.Missing;

    /// <summary>For each row of a sparse source its new index or -1, or null when all are kept.</summary>
    public int[]? RowMap { get; private set; }

    /// <summary>The rows of a sparse source that are kept.</summary>
    public int RowCount { get; private set; }

    public IReadOnlyList<string> RowNames =>
        _rowsNamed ? _rowNames : new GeneratedNames('r', _options.Rows is null ? null : _keptRows, Pipeline.Rows);

    public IReadOnlyList<string> ColumnNames => _source.ColumnNames is null
        ? new GeneratedNames('c', _keptColumns, Pipeline.Columns)
        : _keptColumns is null ? _source.ColumnNames : [.. _keptColumns.Select(c => _source.ColumnNames[c])];

    /// <summary>Passes the rows of a dense source on to a sink.</summary>
    public void ReadDense(DenseSource source, RowSink sink)
    {
        var missing = new int[source.Columns];
        var columns = new int[source.Columns];
        source.Read((name, values) =>
        {
            if (!KeepRow(name))
            {
                return;
            }

            var count = Pipeline.Dense(values, missing, out var missingCount);
            if (!IsSparse)
            {
                sink.AddDense(values[..count], missing.AsSpan(0, missingCount));
                return;
            }

            var stored = 0;
            for (var j = 0; j < count; j++)
            {
                if (values[j] != 0)
                {
                    (columns[stored], values[stored]) = (j, values[j]);
                    stored++;
                }
            }

            sink.AddSparse(columns.AsSpan(0, stored), values[..stored]);
        });
        _rowFilter.Finish(_rowsSeen);
    }

    /// <summary>Checks, when all rows are read, that there is a matrix.</summary>
    public void CheckShape()
    {
        if (Pipeline.Rows == 0)
        {
            throw new DataException($"{_source.Path} has no rows; give a matrix with at least one");
        }

        if (Pipeline.Columns < 2)
        {
            var (count, which) = (Pipeline.Columns == 0 ? "no columns" : "one column", _options.Columns is null ? "" : " as selected");
            throw new DataException($"{_source.Path} has {count}{which}; a matrix to factorize has at least two");
        }
    }

    public MatrixFacts Facts() => new()
    {
        Format = _source.Format,
        Orientation = _source.Orientation,
        ZeroRows = Pipeline.ZeroRows,
        ZeroColumns = Pipeline.ZeroColumns,
        UnobservedRows = Pipeline.UnobservedRows,
        UnobservedColumns = Pipeline.UnobservedColumns,
        NegativeCount = Pipeline.Negatives,
        FirstNegative = Pipeline.FirstNegative,
        NonIntegerCount = Pipeline.NonIntegers,
        FirstNonInteger = Pipeline.FirstNonInteger,
        NonZeroCount = Pipeline.NonZeros,
        Transform = Transform,
        Notes = [.. _source.Notes, .. _options.Rows?.Notes ?? [], .. _options.Columns?.Notes ?? []],
    };

    /// <summary>The error for an entry given twice, with the places of both.</summary>
    public DataException Explain(DuplicateEntryException duplicate, EntrySource source)
    {
        var row = RowMap is null ? duplicate.Row : Array.IndexOf(RowMap, duplicate.Row);
        var places = new DuplicateFinder(source, row, duplicate.Column);
        source.Read(places, 1);
        return new DataException(
            $"{source.Path}: the entry of row {source.RowName(row)} and column {source.ColumnName(duplicate.Column)} is given twice, " +
            $"at {string.Join(" and at ", places.Places.Take(2))}; keep one of them, or add them up");
    }

    /// <summary>
    /// Where an entry, by its row and column after the selection, stands in its source, by reading that again; null when it is not there.
    /// </summary>
    public string? Where(EntrySource source, long row, int column)
    {
        var found = new DuplicateFinder(
            source, RowMap is null ? (int)row : Array.IndexOf(RowMap, (int)row), _keptColumns is null ? column : _keptColumns[column]);
        source.Read(found, 1);
        return found.Places.FirstOrDefault();
    }

    /// <summary>For each of so many rows or columns its index among those that are kept, or -1.</summary>
    public static int[] Invert(int[] kept, int count)
    {
        var map = new int[count];
        Array.Fill(map, -1);
        for (var i = 0; i < kept.Length; i++)
        {
            map[kept[i]] = i;
        }

        return map;
    }

    private int[]? SelectColumns()
    {
        if (_options.Columns is null)
        {
            return null;
        }

        var filter = new SelectionFilter(_options.Columns, "column", _source.Path);
        int[] kept = [.. Enumerable.Range(0, _source.Columns).Where(j => filter.Keep(j, _source.ColumnNames?[j]))];
        filter.Finish(_source.Columns);
        return kept;
    }

    private void SelectRows(EntrySource source)
    {
        for (var i = 0; i < source.Rows && (_options.Rows is not null || source.RowNames is not null); i++)
        {
            KeepRow(source.RowNames?[i]);
        }

        if (_options.Rows is not null)
        {
            _rowFilter.Finish(source.Rows);
            RowMap = Invert([.. _keptRows], source.Rows);
        }

        RowCount = _options.Rows is null ? source.Rows : _keptRows.Count;
    }

    private bool KeepRow(string? name)
    {
        var index = _rowsSeen++;
        if (!_rowFilter.Keep(index, name))
        {
            return false;
        }

        if (_options.Rows is not null)
        {
            _keptRows.Add(checked((int)index));
        }

        if (name is not null)
        {
            _rowsNamed = true;
            _rowNames.Add(name);
        }

        return true;
    }

    /// <summary>Notes where one entry stands.</summary>
    private sealed class DuplicateFinder(EntrySource source, int row, int column) : IEntrySink
    {
        public List<string> Places { get; } = [];

        public void Add(ReadOnlySpan<Entry> entries)
        {
            foreach (var entry in entries)
            {
                if (entry.Row == row && entry.Column == column)
                {
                    Places.Add(source.Where);
                }
            }
        }
    }
}
