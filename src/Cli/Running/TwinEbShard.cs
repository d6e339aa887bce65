using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;

namespace FitCluster.Cli.Running;

/// <summary>Builds what a shard of twineb reads: a sparse block of the training entries, and the held-out cells as <see cref="HeldOutCells"/> has them.</summary>
internal sealed class TwinEbShard(ColumnScale? scale)
{
    private readonly List<double> _values = [];
    private readonly List<int> _columns = [];
    private readonly List<long> _starts = [0];
    private readonly List<double> _heldColumns = [];
    private readonly List<double> _heldValues = [];
    private readonly List<double> _heldKinds = [];
    private readonly List<double> _heldStarts = [0];
    private readonly List<double> _roles = [];

    /// <summary>Adds the next row.</summary>
    /// <param name="isHeldOut">Whether it is held out.</param>
    /// <param name="entries">Its entries.</param>
    /// <param name="cells">Its cells that are not trained on, columns ascending.</param>
    public void Add(bool isHeldOut, TwinEbRow entries, IReadOnlyList<HeldOutCell> cells)
    {
        _roles.Add(isHeldOut ? 1 : 0);
        var (stored, cell) = (0, 0);
        var missing = 0;
        while (stored < entries.Columns.Length || cell < cells.Count || missing < entries.Missing.Length)
        {
            var column = int.Min(At(entries.Columns, stored), int.Min(At(entries.Missing, missing), cell < cells.Count ? cells[cell].Column : int.MaxValue));
            var isStored = At(entries.Columns, stored) == column;
            var value = isStored ? Scaled(column, entries.Values[stored]) : 0;
            if (cell < cells.Count && cells[cell].Column == column)
            {
                Hold(column, value, cells[cell++].Kind);
            }
            else if (At(entries.Missing, missing) == column)
            {
                // A missing entry among implied zeros: it is no zero.
                Hold(column, 0, HeldOutKind.Ignored);
            }
            else
            {
                _columns.Add(column);
                _values.Add(value);
            }

            stored += isStored ? 1 : 0;
            missing += At(entries.Missing, missing) == column ? 1 : 0;
        }

        _starts.Add(_values.Count);
        _heldStarts.Add(_heldColumns.Count);
    }

    /// <summary>The block of the training entries.</summary>
    public MatrixBlock Block(int columns, UnstoredEntries unstored) =>
        MatrixBlock.FromCsr(_roles.Count, columns, [.. _values], [.. _columns], [.. _starts], unstored);

    /// <summary>The arrays of the cells that are not.</summary>
    public ArraySet Extras() => new ArraySet()
        .Set("rowRole", [.. _roles])
        .Set("heldOutStart", [.. _heldStarts])
        .Set("heldOutColumn", [.. _heldColumns])
        .Set("heldOutValue", [.. _heldValues])
        .Set("heldOutKind", [.. _heldKinds]);

    private static int At(ReadOnlySpan<int> columns, int index) => index < columns.Length ? columns[index] : int.MaxValue;

    private double Scaled(int column, double value) => scale is null ? value : (value - scale.Center[column]) / scale.Scale[column];

    private void Hold(int column, double value, HeldOutKind kind)
    {
        _heldColumns.Add(column);
        _heldValues.Add(value);
        _heldKinds.Add((int)kind);
    }
}
