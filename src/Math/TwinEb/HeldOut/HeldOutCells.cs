using FitCluster.Math.Models;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The cells of a shard that are not training cells, and which of its rows are held out, as the shard's extra arrays carry them: "rowRole"
/// [rows] (0 training row, 1 held-out row), and in CSR form "heldOutStart" [rows + 1], "heldOutColumn" [n] (ascending within a
/// row), "heldOutValue" [n], "heldOutKind" [n] (<see cref="HeldOutKind"/>). Without these arrays every row and every cell is for training.
/// Shares the arrays, never writes to them.
/// </summary>
public readonly struct HeldOutCells
{
    private readonly double[] _roles;
    private readonly double[] _starts;
    private readonly double[] _columns;
    private readonly double[] _values;
    private readonly double[] _kinds;

    /// <summary>Reads the extra arrays of a shard.</summary>
    /// <exception cref="ArgumentException">The arrays contradict each other or the block.</exception>
    public HeldOutCells(ShardData data)
    {
        var (extras, rows) = (data.Extras, data.Block.Rows);
        Rows = rows;
        _roles = extras.Contains("rowRole") ? extras["rowRole"] : [];
        var any = extras.Contains("heldOutStart");
        _starts = any ? extras["heldOutStart"] : [];
        _columns = any ? extras["heldOutColumn"] : [];
        _values = any ? extras["heldOutValue"] : [];
        _kinds = any ? extras["heldOutKind"] : [];
        if (_roles.Length != 0 && _roles.Length != rows)
        {
            throw new ArgumentException($"shard {data.Shard.Value} has {_roles.Length} row roles for {rows} rows", nameof(data));
        }

        if (any && (_starts.Length != rows + 1 || _starts[rows] != _columns.Length || _values.Length != _columns.Length ||
            _kinds.Length != _columns.Length))
        {
            throw new ArgumentException(
                $"shard {data.Shard.Value} has {_starts.Length} row starts, {_columns.Length} columns, {_values.Length} values and " +
                $"{_kinds.Length} kinds of held-out cells for {rows} rows", nameof(data));
        }
    }

    /// <summary>The rows of the shard.</summary>
    public int Rows { get; }

    /// <summary>The cells of all kinds.</summary>
    public int Count => _columns.Length;

    /// <summary>The training rows of the shard.</summary>
    public int TrainingRows
    {
        get
        {
            var count = 0;
            for (var i = 0; i < Rows; i++)
            {
                count += IsHeldOutRow(i) ? 0 : 1;
            }

            return count;
        }
    }

    /// <summary>Whether a row is a held-out (test) row.</summary>
    public bool IsHeldOutRow(int row) => _roles.Length != 0 && _roles[row] != 0;

    /// <summary>The index of a row's first cell.</summary>
    public int Start(int row) => _starts.Length == 0 ? 0 : (int)_starts[row];

    /// <summary>The index after a row's last cell.</summary>
    public int End(int row) => _starts.Length == 0 ? 0 : (int)_starts[row + 1];

    /// <summary>The columns of a row's cells, ascending; whole numbers stored as doubles.</summary>
    public ReadOnlySpan<double> RowColumns(int row) => _columns.AsSpan(Start(row), End(row) - Start(row));

    /// <summary>The values of a row's cells.</summary>
    public ReadOnlySpan<double> RowValues(int row) => _values.AsSpan(Start(row), End(row) - Start(row));

    /// <summary>The kinds of a row's cells (<see cref="HeldOutKind"/>), stored as doubles.</summary>
    public ReadOnlySpan<double> RowKinds(int row) => _kinds.AsSpan(Start(row), End(row) - Start(row));

    /// <summary>How many cells of a kind there are, in all rows, whose value is zero, and whose value is not.</summary>
    public (long Zeros, long Others) CountOf(HeldOutKind kind)
    {
        var (zeros, others) = (0L, 0L);
        for (var c = 0; c < _kinds.Length; c++)
        {
            if (_kinds[c] == (int)kind)
            {
                zeros += _values[c] == 0 ? 1 : 0;
                others += _values[c] == 0 ? 0 : 1;
            }
        }

        return (zeros, others);
    }
}
