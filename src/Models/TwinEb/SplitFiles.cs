using FitCluster.Data;
using FitCluster.Data.Writing;
using FitCluster.Math.TwinEb;

namespace FitCluster.Models.TwinEb;

/// <summary>
/// The form of a split in files: split_rows.tsv (row, role) and split_cells.tsv (row, column, kind), tab-separated, by names.
/// </summary>
internal static class SplitFiles
{
    /// <summary>The file of the rows.</summary>
    public const string RowsName = "split_rows.tsv";

    /// <summary>The file of the cells.</summary>
    public const string CellsName = "split_cells.tsv";

    /// <summary>The roles of rows.</summary>
    public static IReadOnlyList<string> Roles { get; } = ["training", "heldOut"];

    /// <summary>The kinds of cells, in the order of <see cref="HeldOutKind"/> from 1.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["validation", "test", "ignored"];

    /// <summary>Writes both files into a folder, reading the data once.</summary>
    public static void Write(
        string folder, MatrixSource data, IReadOnlyList<ShardRange> ranges, IHeldOutSplit split, bool isCounts, double? threshold)
    {
        using var rows = new AtomicFile(Path.Combine(folder, RowsName));
        using var cells = new AtomicFile(Path.Combine(folder, CellsName));
        using (var rowText = new StreamWriter(rows.Stream, leaveOpen: true) { NewLine = "\n" })
        using (var cellText = new StreamWriter(cells.Stream, leaveOpen: true) { NewLine = "\n" })
        {
            rowText.WriteLine("row\trole");
            cellText.WriteLine("row\tcolumn\tkind");
            var found = new List<HeldOutCell>();
            foreach (var range in ranges)
            {
                var entries = new TwinEbRow(data.RowBlock(range), isCounts, threshold);
                for (var i = 0; i < range.Count; i++)
                {
                    var (row, name) = (range.First + i, data.RowNames[(int)(range.First + i)]);
                    rowText.WriteLine($"{name}\t{Roles[split.IsHeldOutRow(row) ? 1 : 0]}");
                    entries.Read(i);
                    found.Clear();
                    split.AddCells(row, entries, found);
                    foreach (var cell in found)
                    {
                        cellText.WriteLine($"{name}\t{data.ColumnNames[cell.Column]}\t{Kinds[(int)cell.Kind - 1]}");
                    }
                }
            }
        }

        rows.Commit();
        cells.Commit();
    }
}
