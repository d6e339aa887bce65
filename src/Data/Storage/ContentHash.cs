using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace FitCluster.Data.Storage;

/// <summary>
/// SHA-256 of a matrix's content: each row as the columns and values of its entries other than observed zeros and the columns of its
/// missing entries; then shape, what unstored entries mean, names. It does not depend on the format, on dense or sparse storage,
/// on paths or on time. (Little-endian; stated once, since nothing else runs .NET 10.)
/// </summary>
internal sealed class ContentHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int[] _columns = [];
    private double[] _values = [];

    public static string Of(MatrixStorage storage, IReadOnlyList<string> rowNames, IReadOnlyList<string> columnNames)
    {
        storage.BeforeUse?.Invoke(0, storage.Rows);
        using var hash = new ContentHash();
        for (var i = 0L; i < storage.Rows; i++)
        {
            if (storage.IsSparse)
            {
                hash.AddSparse(storage.RowColumns(i), storage.RowValues(i));
            }
            else
            {
                hash.AddDense(storage.RowValues(i), storage.RowMissing(i));
            }
        }

        GC.KeepAlive(storage.Owner);
        return hash.Finish(rowNames, columnNames, storage.Unstored == Math.Numerics.UnstoredEntries.Missing);
    }

    public void AddSparse(ReadOnlySpan<int> columns, ReadOnlySpan<double> values) => Add(columns, values, []);

    public void AddDense(ReadOnlySpan<double> values, ReadOnlySpan<int> missing)
    {
        if (_columns.Length < values.Length)
        {
            _columns = new int[values.Length];
            _values = new double[values.Length];
        }

        var count = 0;
        for (var j = 0; j < values.Length; j++)
        {
            if (values[j] != 0)
            {
                _columns[count] = j;
                _values[count++] = values[j];
            }
        }

        Add(_columns.AsSpan(0, count), _values.AsSpan(0, count), missing);
    }

    public string Finish(IReadOnlyList<string> rowNames, IReadOnlyList<string> columnNames, bool unstoredMissing)
    {
        AddNames(rowNames);
        AddNames(columnNames);
        _hash.AppendData(Encoding.UTF8.GetBytes(unstoredMissing ? "fitcluster matrix 1, missing" : "fitcluster matrix 1, zero"));
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    public void Dispose() => _hash.Dispose();

    private void Add(ReadOnlySpan<int> columns, ReadOnlySpan<double> values, ReadOnlySpan<int> missing)
    {
        Span<byte> counts = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(counts, columns.Length);
        BinaryPrimitives.WriteInt32LittleEndian(counts[4..], missing.Length);
        _hash.AppendData(counts);
        _hash.AppendData(MemoryMarshal.AsBytes(columns));
        _hash.AppendData(MemoryMarshal.AsBytes(values));
        _hash.AppendData(MemoryMarshal.AsBytes(missing));
    }

    private void AddNames(IReadOnlyList<string> names)
    {
        _hash.AppendData(BitConverter.GetBytes((long)names.Count));
        for (var i = 0; i < names.Count; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(names[i]);
            _hash.AppendData(BitConverter.GetBytes(bytes.Length));
            _hash.AppendData(bytes);
        }
    }
}
