namespace FitCluster.Data.Reading;

/// <summary>
/// What happens to each row on its way in, sparse or dense: total, selection of columns, transform, zeros; and the facts gathered.
/// All work is in place and depends on the row alone, so that the result does not depend on the file's order.
/// </summary>
internal sealed class RowPipeline
{
    private readonly string _file;
    private readonly Transform _transform;
    private readonly int[]? _columnMap;
    private readonly bool _keepZeros;
    private readonly bool _unstoredMissing;
    private readonly bool[] _columnUsed;
    private readonly bool[]? _columnZero;
    private long[]? _columnMissing;

    /// <param name="file">The file, for errors.</param>
    /// <param name="columns">The columns of the file.</param>
    /// <param name="columnMap">For each column of the file its new index or -1, or null when all are kept.</param>
    /// <param name="transform">What is done to each value.</param>
    /// <param name="unstoredMissing">Whether unstored entries are missing.</param>
    /// <param name="keepZeros">Whether stored zeros are kept: where unstored entries are missing, but not zeros.</param>
    public RowPipeline(string file, int columns, int[]? columnMap, Transform transform, bool unstoredMissing, bool keepZeros)
    {
        (_file, _columnMap, _transform, _unstoredMissing, _keepZeros) = (file, columnMap, transform, unstoredMissing, keepZeros);
        Columns = columnMap is null ? columns : columnMap.Count(c => c >= 0);
        _columnUsed = new bool[Columns];
        _columnZero = keepZeros ? new bool[Columns] : null;
    }

    /// <summary>The columns kept.</summary>
    public int Columns { get; }

    /// <summary>The rows seen.</summary>
    public long Rows { get; private set; }

    /// <summary>Rows with observed entries, all of them zero.</summary>
    public long ZeroRows { get; private set; }

    /// <summary>Rows without any observed entry.</summary>
    public long UnobservedRows { get; private set; }

    public long ZeroColumns => Enumerable.Range(0, Columns).LongCount(c => !_columnUsed[c] && IsObserved(c));

    public long UnobservedColumns => Enumerable.Range(0, Columns).LongCount(c => !_columnUsed[c] && !IsObserved(c));

    public long Negatives { get; private set; }

    public long NonIntegers { get; private set; }

    public long NonZeros { get; private set; }

    public long Missing { get; private set; }

    public MatrixEntry? FirstNegative { get; private set; }

    public MatrixEntry? FirstNonInteger { get; private set; }

    /// <summary>A row of columns ascending; returns how many entries are kept, at the front of the spans.</summary>
    public int Sparse(Span<int> columns, Span<double> values)
    {
        var factor = Factor(values);
        var count = 0;
        var used = false;
        for (var k = 0; k < values.Length; k++)
        {
            var column = _columnMap is null ? columns[k] : _columnMap[columns[k]];
            if (column < 0)
            {
                continue;
            }

            var value = values[k];
            if (value == 0)
            {
                if (!_keepZeros)
                {
                    continue;
                }

                value = 0;
                _columnZero![column] = true;
            }
            else
            {
                value = Apply(value, factor);
                Note(column, value);
                used |= value != 0;
            }

            columns[count] = column;
            values[count++] = value;
        }

        return Finish(used, !_unstoredMissing || count > 0, count);
    }

    /// <summary>A dense row, NaN where missing; returns its columns, with 0 where missing and those columns listed.</summary>
    public int Dense(Span<double> values, Span<int> missing, out int missingCount)
    {
        var factor = Factor(values);
        var (count, used) = (0, false);
        missingCount = 0;
        for (var j = 0; j < values.Length; j++)
        {
            var column = _columnMap is null ? j : _columnMap[j];
            if (column < 0)
            {
                continue;
            }

            var value = values[j];
            if (double.IsNaN(value))
            {
                missing[missingCount++] = column;
                (_columnMissing ??= new long[Columns])[column]++;
                value = 0;
            }
            else if (value != 0)
            {
                value = Apply(value, factor);
                Note(column, value);
                used |= value != 0;
            }

            values[count++] = value == 0 ? 0 : value;
        }

        Missing += missingCount;
        return Finish(used, !_unstoredMissing && missingCount < count, count);
    }

    private int Finish(bool used, bool observed, int count)
    {
        Rows++;
        ZeroRows += !used && observed ? 1 : 0;
        UnobservedRows += used || observed ? 0 : 1;
        return count;
    }

    /// <summary>Whether a column that is not used has an observed entry.</summary>
    private bool IsObserved(int column) =>
        _unstoredMissing ? _columnZero?[column] == true : _columnMissing is null || _columnMissing[column] < Rows;

    /// <summary>10,000 / total of the row, or 1 when the transform does not scale.</summary>
    private double Factor(ReadOnlySpan<double> values)
    {
        if (_transform != Transform.Log1pCp10k)
        {
            return 1;
        }

        var total = 0.0;
        foreach (var value in values)
        {
            if (value < 0)
            {
                throw new DataException(
                    $"{_file}: the transform log1p-cp10k needs counts, but row {Rows + 1} has the value {value}; use another transform");
            }

            total += double.IsNaN(value) ? 0 : value;
        }

        return total > 0 ? 10_000 / total : 0;
    }

    private double Apply(double value, double factor)
    {
        if (_transform == Transform.None)
        {
            return value;
        }

        return value > -1
            ? double.LogP1(value * factor)
            : throw new DataException(
                $"{_file}: the transform log1p needs values above -1, but row {Rows + 1} has the value {value}; use another transform");
    }

    private void Note(int column, double value)
    {
        _columnUsed[column] = true;
        NonZeros += value != 0 ? 1 : 0;
        if (value < 0)
        {
            Negatives++;
            FirstNegative ??= new MatrixEntry(Rows, column, value);
        }

        if (value != double.Truncate(value))
        {
            NonIntegers++;
            FirstNonInteger ??= new MatrixEntry(Rows, column, value);
        }
    }
}
