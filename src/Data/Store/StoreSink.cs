using FitCluster.Data.Reading;
using FitCluster.Data.Storage;

namespace FitCluster.Data.Store;

/// <summary>
/// Writes rows to the files of a store as they come: values.f64 and columns.i32 (one contiguous CSR, so that any run of rows is one
/// block) with row-starts.i64, or values.f64 dense with missing-starts.i64 and missing-columns.i32. Memory does not grow with the matrix.
/// </summary>
internal sealed class StoreSink : RowSink, IDisposable
{
    public const string Values = "values.f64";
    public const string Columns = "columns.i32";
    public const string RowStarts = "row-starts.i64";
    public const string MissingStarts = "missing-starts.i64";
    public const string MissingColumns = "missing-columns.i32";

    private readonly HashedFile _values;
    private readonly HashedFile _columns;
    private readonly HashedFile _starts;
    private long _missing;

    public StoreSink(string folder, bool sparse)
    {
        _values = new HashedFile(folder, Values);
        _columns = new HashedFile(folder, sparse ? Columns : MissingColumns);
        _starts = new HashedFile(folder, sparse ? RowStarts : MissingStarts);
        _starts.Write(0L);
    }

    public ContentHash Hash { get; } = new();

    public long Stored { get; private set; }

    public override void AddSparse(ReadOnlySpan<int> columns, ReadOnlySpan<double> values)
    {
        _values.Write(values);
        _columns.Write(columns);
        Stored += values.Length;
        _starts.Write(Stored);
        Hash.AddSparse(columns, values);
    }

    public override void AddDense(ReadOnlySpan<double> values, ReadOnlySpan<int> missing)
    {
        _values.Write(values);
        _columns.Write(missing);
        Stored += values.Length;
        _missing += missing.Length;
        _starts.Write(_missing);
        Hash.AddDense(values, missing);
    }

    public IReadOnlyList<StoreFile> Finish() => [_values.Finish(), _columns.Finish(), _starts.Finish()];

    public void Dispose()
    {
        _values.Dispose();
        _columns.Dispose();
        _starts.Dispose();
        Hash.Dispose();
    }
}
