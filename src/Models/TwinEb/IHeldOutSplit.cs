using FitCluster.Math.TwinEb;

namespace FitCluster.Models.TwinEb;

/// <summary>A cell that is not trained on.</summary>
/// <param name="Column">Its column.</param>
/// <param name="Kind">What it is for.</param>
internal readonly record struct HeldOutCell(int Column, HeldOutKind Kind);

/// <summary>
/// Which rows and cells are not trained on. A row's part depends on that row alone, so that every shard makes its own. Thread-safe.
/// </summary>
internal interface IHeldOutSplit
{
    /// <summary>What is hashed with the data: the content of files, or nothing.</summary>
    string Content { get; }

    /// <summary>Whether a row is held out.</summary>
    bool IsHeldOutRow(long row);

    /// <summary>Appends the cells of a row, columns ascending.</summary>
    void AddCells(long row, TwinEbRow entries, List<HeldOutCell> cells);
}
