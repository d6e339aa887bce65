using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Training cells that are set aside where counts turn out to be overdispersed and there is no validation set: a shard's data with
/// these cells as validation cells. Which they are depends on (seed, row) and the row's cells alone, so that every round, shard and
/// attempt finds the same ones; of zeros that are data as many are drawn as of other cells of that number.
/// </summary>
internal static class ConjugateSlice
{
    private const ulong Stream = 0x511C_E000_0000_0000;

    /// <summary>The share of the training cells that is set aside, of so many.</summary>
    public static double Share(double cells) =>
        double.Min(ConjugateSettings.SliceShare, ConjugateSettings.MostSliceCells / double.Max(cells, 1));

    /// <summary>The shard's data with that share set aside, but for one cell of a row at least.</summary>
    public static ShardData Of(ShardData data, ulong seed, double share)
    {
        var (row, block) = (new ConjugateRow(data, zerosAreImplied: true), data.Block);
        var (values, columns, starts) = (new List<double>(), new List<int>(), new List<long> { 0 });
        var (cellStarts, cellColumns, cellValues, cellKinds) =
            (new List<double> { 0 }, new List<double>(), new List<double>(), new List<double>());
        var drawn = new List<int>();
        for (var i = 0; i < row.Rows; i++)
        {
            row.Read(i);
            drawn.Clear();
            if (!row.Cells.IsHeldOutRow(i))
            {
                Draw(row, block, seed, (ulong)(data.FirstRow + i), share, drawn);
            }

            Merge(row.Cells, i, row, drawn, cellColumns, cellValues, cellKinds);
            cellStarts.Add(cellColumns.Count);
            for (var e = 0; block.IsSparse && e < row.Columns.Length; e++)
            {
                if (drawn.BinarySearch(row.Columns[e]) < 0)
                {
                    columns.Add(row.Columns[e]);
                    values.Add(row.Values[e]);
                }
            }

            starts.Add(values.Count);
        }

        var extras = new ArraySet();
        foreach (var array in data.Extras)
        {
            extras.Set(array);
        }

        extras.Set("heldOutStart", [.. cellStarts]).Set("heldOutColumn", [.. cellColumns]).Set("heldOutValue", [.. cellValues])
            .Set("heldOutKind", [.. cellKinds]);
        return data with
        {
            // Of a dense block a reader leaves out what is held out.
            Block = block.IsSparse ? MatrixBlock.FromCsr(
                block.Rows, block.Columns, values.ToArray(), columns.ToArray(), starts.ToArray(), block.Unstored) : block,
            Extras = extras,
        };
    }

    // With replacement: so many draws as the share says, each cell once, in the order of their columns.
    private static void Draw(ConjugateRow row, MatrixBlock block, ulong seed, ulong at, double share, List<int> drawn)
    {
        var amongStored = block.IsSparse && block.Unstored == UnstoredEntries.Missing;
        var among = amongStored ? row.Columns.Length : block.Columns;
        var draws = (int)double.Floor((share * among) + Philox.Uniform(seed, Stream + at, 0));
        var excluded = amongStored ? [] : row.Excluded.ToArray();
        Array.Sort(excluded);
        for (var draw = 0; draw < draws; draw++)
        {
            var index = (int)double.Floor(among * Philox.Uniform(seed, Stream + at, (ulong)draw + 1));
            var column = amongStored ? row.Columns[index] : index;
            if (Array.BinarySearch(excluded, column) < 0)
            {
                drawn.Add(column);
            }
        }

        drawn.Sort();
        for (var d = drawn.Count - 1; d > 0; d--)
        {
            if (drawn[d] == drawn[d - 1])
            {
                drawn.RemoveAt(d);
            }
        }

        if (drawn.Count > 0 && drawn.Count == among - excluded.Length)
        {
            drawn.RemoveAt(0);
        }
    }

    // The row's cells that were held out already and those that are drawn, columns ascending.
    private static void Merge(
        HeldOutCells cells, int i, ConjugateRow row, List<int> drawn, List<double> columns, List<double> values, List<double> kinds)
    {
        var heldColumns = cells.RowColumns(i);
        var heldValues = cells.RowValues(i);
        var heldKinds = cells.RowKinds(i);
        for (int h = 0, d = 0; h < heldColumns.Length || d < drawn.Count;)
        {
            if (d == drawn.Count || (h < heldColumns.Length && heldColumns[h] < drawn[d]))
            {
                columns.Add(heldColumns[h]);
                values.Add(heldValues[h]);
                kinds.Add(heldKinds[h++]);
            }
            else
            {
                var stored = row.Columns.BinarySearch(drawn[d]);
                columns.Add(drawn[d++]);
                values.Add(stored < 0 ? 0 : row.Values[stored]);
                kinds.Add((int)HeldOutKind.Validation);
            }
        }
    }
}
