namespace FitCluster.Math.Ebmf;

/// <summary>
/// The listed entries of some rows, sorted by column (within a column by row), beside the rows' moments: what
/// <see cref="RowGrams"/> adds to its sums by column. Its arrays grow to the largest batch and are used again.
/// </summary>
internal sealed class ColumnBatch
{
    private int[] _starts = [];
    private int[] _rows = [];
    private double[] _weights = [];
    private double[] _values = [];

    /// <summary>E l of the rows, one row after the other, padded.</summary>
    public double[] Means { get; private set; } = [];

    /// <summary>E l^2 of the active factors, one row after the other, padded.</summary>
    public double[] Seconds { get; private set; } = [];

    /// <summary>Makes room for the entries of so many rows.</summary>
    public void Reset(int rows, int entries, int pad, int activePad, int columns)
    {
        if (Means.Length < rows * pad)
        {
            (Means, Seconds) = (new double[rows * pad], new double[rows * activePad]);
        }

        if (_rows.Length < entries)
        {
            (_rows, _weights, _values) = (new int[entries], new double[entries], new double[entries]);
        }

        if (_starts.Length != columns + 2)
        {
            _starts = new int[columns + 2];
        }

        _starts.AsSpan().Clear();
    }

    /// <summary>Counts the entries of a row.</summary>
    public void Count(ReadOnlySpan<int> columns)
    {
        foreach (var j in columns)
        {
            _starts[j + 2]++;
        }
    }

    /// <summary>All rows are counted: their entries have their places.</summary>
    public void Place()
    {
        // Put moves the start of a column to its end, which is the start of the next.
        for (var j = 2; j < _starts.Length; j++)
        {
            _starts[j] += _starts[j - 1];
        }
    }

    /// <summary>Puts an entry where its column has its next place.</summary>
    public void Put(int column, int row, double weight, double value)
    {
        var at = _starts[column + 1]++;
        (_rows[at], _weights[at], _values[at]) = (row, weight, value);
    }

    /// <summary>The entries of a column: their rows.</summary>
    public ReadOnlySpan<int> Rows(int column) => _rows.AsSpan(_starts[column], _starts[column + 1] - _starts[column]);

    /// <summary>The entries' weights.</summary>
    public ReadOnlySpan<double> Weights(int column) => _weights.AsSpan(_starts[column], _starts[column + 1] - _starts[column]);

    /// <summary>The entries' weighted values.</summary>
    public ReadOnlySpan<double> Values(int column) => _values.AsSpan(_starts[column], _starts[column + 1] - _starts[column]);
}
