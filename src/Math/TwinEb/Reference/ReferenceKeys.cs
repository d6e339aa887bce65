using FitCluster.Math.Models;

namespace FitCluster.Math.TwinEb;

/// <summary>The arrays of a reference fit's states, broadcasts and partial results.</summary>
internal static class ReferenceKeys
{
    // At the coordinator, in broadcasts, and of a partial the gradient by each (with local steps its change).
    public static readonly StateKey Columns = new("columns");
    public static readonly StateKey RowPrior = new("rowPrior");
    public static readonly StateKey ColumnPrior = new("columnPrior");

    /// <summary>Columns [2, D, L], free parameters of the rows' prior, and of the columns' prior: the three learnt parts.</summary>
    public static readonly StateKey[] Parts = [Columns, RowPrior, ColumnPrior];

    /// <summary>Adam's first moments, by part.</summary>
    public static readonly StateKey[] First = In("first");

    /// <summary>Adam's second moments, by part.</summary>
    public static readonly StateKey[] Second = In("second");

    /// <summary>The parameters of the best epoch, by part.</summary>
    public static readonly StateKey[] Best = In("best");

    /// <summary>The parameters of the best restart, by part.</summary>
    public static readonly StateKey[] Kept = In("kept");

    // The rest of the coordinator's state; the slots are also broadcast, and summed.
    public static readonly StateKey Slots = new("slots");
    public static readonly StateKey Validation = new("validation");
    public static readonly StateKey Test = new("test");
    public static readonly StateKey Scores = new("scores");

    /// <summary>The scalars of the coordinator's state, as shards are told them, by <see cref="ReferenceField"/>.</summary>
    public static readonly StateKey Orders = new("scalars");

    // Rows at a shard [2, rows, L], with moments and copies; the gradient that waits for its clip factor, and of which rows it is.
    public static readonly StateKey Rows = new("rows");
    public static readonly StateKey RowsFirst = Rows.In("first");
    public static readonly StateKey RowsSecond = Rows.In("second");
    public static readonly StateKey RowsBest = Rows.In("best");
    public static readonly StateKey RowsKept = Rows.In("kept");
    public static readonly StateKey PendingRows = new("pendingRows");
    public static readonly StateKey PendingGradient = new("pendingGradient");
    public static readonly StateKey TrainingRows = new("trainingRows");
    public static readonly StateKey HeldOutRows = new("heldOutRows");
    public static readonly StateKey Constants = new("constants");

    /// <summary>Of a partial: the squared norm of the rows' gradient, the loss, the weight of the loss.</summary>
    public static readonly StateKey Sums = new("sums");

    /// <summary>
    /// Of a partial: how many shards found something that is not finite, by what it is first of: the rows' gradient or the loss, the
    /// columns, the rows' prior, the columns' prior (<see cref="ReferenceDivergence"/> from 1 on).
    /// </summary>
    public static readonly StateKey Flags = new("flags");

    // Partials of other rounds.
    public static readonly StateKey Cells = new("cells");
    public static readonly StateKey Score = new("score");

    private static StateKey[] In(string scope) => [.. Parts.Select(part => part.In(scope))];
}
