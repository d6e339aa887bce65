using FitCluster.Data;

namespace FitCluster.Models.TwinEb;

/// <summary>
/// Mean and standard deviation of each column over its observed training entries; 0 and 1 where there are none, or no spread.
/// </summary>
/// <param name="Center">By column: the mean.</param>
/// <param name="Scale">By column: the standard deviation, of the entries themselves (divisor n).</param>
internal sealed record ColumnScale(double[] Center, double[] Scale)
{
    /// <summary>Reads the data once, in the order of the rows.</summary>
    public static ColumnScale Of(MatrixSource data, IReadOnlyList<ShardRange> ranges, IHeldOutSplit? split)
    {
        var (count, mean, squares) = (new long[data.Columns], new double[data.Columns], new double[data.Columns]);

        // Sums are of entries divided by a power of two near the column's first that is not 0: squares of entries of 1e-170 or 1e160 are
        // no numbers, and dividing changes no bit.
        var unit = new double[data.Columns];
        var cells = new List<HeldOutCell>();
        foreach (var range in ranges)
        {
            var entries = new TwinEbRow(data.RowBlock(range), isCounts: false, threshold: null);
            for (var i = 0; i < range.Count; i++)
            {
                if (split?.IsHeldOutRow(range.First + i) == true)
                {
                    continue;
                }

                entries.Read(i);
                cells.Clear();
                split?.AddCells(range.First + i, entries, cells);
                var held = 0;
                for (var t = 0; t < entries.Columns.Length; t++)
                {
                    var column = entries.Columns[t];
                    if (held < cells.Count && cells[held].Column == column)
                    {
                        held++;
                        continue;
                    }

                    if (unit[column] == 0 && entries.Values[t] != 0)
                    {
                        unit[column] = double.ScaleB(1, double.ILogB(entries.Values[t]));
                    }

                    // Welford's update: no difference of large sums.
                    var value = entries.Values[t] == 0 ? 0 : entries.Values[t] / unit[column];
                    var difference = value - mean[column];
                    mean[column] += difference / ++count[column];
                    squares[column] += difference * (value - mean[column]);
                }
            }
        }

        for (var j = 0; j < squares.Length; j++)
        {
            var sd = count[j] == 0 ? 0 : double.Sqrt(squares[j] / count[j]);
            squares[j] = sd > 0 ? sd * unit[j] : 1;
            mean[j] *= unit[j];
        }

        return new ColumnScale(mean, squares);
    }
}
