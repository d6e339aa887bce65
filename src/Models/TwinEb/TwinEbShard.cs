using FitCluster.Data;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Models.Jobs;

namespace FitCluster.Models.TwinEb;

/// <summary>
/// Builds what a shard of twineb reads: a sparse block of the training entries, and the held-out cells as <see cref="HeldOutCells"/> has
/// them.
/// </summary>
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

    /// <summary>What a shard reads of data: their own block where nothing of it is changed or held out, else one that is built.</summary>
    /// <param name="data">The data.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="range">Its rows.</param>
    /// <param name="isCounts">Whether zeros need not be stored.</param>
    /// <param name="threshold">Entries above it become 1, others 0; null: as they are.</param>
    /// <param name="scale">Means and deviations of the columns; null: entries are not standardized.</param>
    /// <param name="split">What is held out; null: nothing.</param>
    /// <param name="map">Where the columns are among those of a fit; null: they are the same.</param>
    public static ShardData Load(
        MatrixSource data, ShardId shard, ShardRange range, bool isCounts, double? threshold, ColumnScale? scale,
        IHeldOutSplit? split = null, ColumnMap? map = null)
    {
        var block = data.RowBlock(range);
        if (!Rebuilds(data, threshold, scale is not null, split, map))
        {
            return new ShardData(shard, range.First, data.Rows, block, null, new ArraySet());
        }

        var built = new TwinEbShard(scale);
        var entries = new TwinEbRow(block, isCounts, threshold, map);
        var cells = new List<HeldOutCell>();
        for (var i = 0; i < range.Count; i++)
        {
            entries.Read(i);
            cells.Clear();
            split?.AddCells(range.First + i, entries, cells);
            built.Add(split?.IsHeldOutRow(range.First + i) == true, entries, cells);
        }

        var unstored = entries.ZerosAreObserved ? UnstoredEntries.Zero : UnstoredEntries.Missing;
        return new ShardData(shard, range.First, data.Rows, built.Block(entries.ColumnCount, unstored), null, built.Extras());
    }

    /// <summary>Whether shards hold copies of the data.</summary>
    public static bool Rebuilds(MatrixSource data, double? threshold, bool isScaled, IHeldOutSplit? split, ColumnMap? map = null) =>
        threshold is not null || isScaled || split is not null || map is not null || !data.IsSparse;

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
            var column = int.Min(
                At(entries.Columns, stored), int.Min(At(entries.Missing, missing), cell < cells.Count ? cells[cell].Column : int.MaxValue));
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
