using FitCluster.Math.Numerics;
using FitCluster.Models.Results;

namespace FitCluster.Models.Jobs;

/// <summary>Where the columns of data are among the columns of a fit.</summary>
/// <param name="Targets">By column of the data: the fit's; -1 where the fit does not have it.</param>
/// <param name="Count">The columns of the fit.</param>
public sealed record ColumnMap(int[] Targets, int Count)
{
    private const int MostNamed = 5;

    /// <summary>The fit's columns that the data lack, ascending: all their entries are missing.</summary>
    public IReadOnlyList<int> Absent { get; private init; } = [];

    /// <summary>Matches by name; null where both have the same columns in the same order.</summary>
    /// <param name="fit">The fit.</param>
    /// <param name="names">The columns of the data.</param>
    /// <param name="data">The data, in words.</param>
    /// <param name="ignoresUnknown">Whether columns that the fit has not are passed over.</param>
    /// <param name="mayLack">Whether columns of the fit may be absent.</param>
    /// <exception cref="ProblemException">The data lack a column of the fit that may not be absent, or all of them, or have one that the
    /// fit has not and that is not to be ignored.</exception>
    public static ColumnMap? Of(
        FinishedFit fit, IReadOnlyList<string> names, string data, bool ignoresUnknown, bool mayLack = false)
    {
        if (fit.Columns.Equal(names))
        {
            return null;
        }

        var own = new NameIndex(names, "column", $"the data '{data}'");
        int[] absent = [.. Enumerable.Range(0, fit.Columns.Names.Count).Where(j => !own.Has(fit.Columns.Names[j]))];
        var all = absent.Length == fit.Columns.Names.Count;
        if (absent.Length > 0 && (all || !mayLack))
        {
            var which = all ? $"have none of the fit's {absent.Length} columns" : $"lack {absent.Length} of the fit's " +
                $"{fit.Columns.Names.Count} columns";
            throw ProblemException.BadInput(
                $"the data '{data}' {which} ({Words([.. absent.Select(j => fit.Columns.Names[j])])}): " + (all
                    ? "columns are matched by name; give data with the fit's"
                    : "add them, or let them count as missing (--allow-missing-columns)"));
        }

        // Refuses a name that is that of several.
        int[] targets = [.. Enumerable.Repeat(-1, names.Count)];
        foreach (var j in Enumerable.Range(0, fit.Columns.Names.Count).Except(absent))
        {
            fit.Columns.Find(fit.Columns.Names[j], "");
            targets[own.Find(fit.Columns.Names[j], "")] = j;
        }

        var unknown = names.Where((_, j) => targets[j] < 0).ToList();
        return unknown.Count == 0 || ignoresUnknown ? new ColumnMap(targets, fit.Columns.Names.Count) { Absent = absent }
            : throw ProblemException.BadInput(
                $"the data '{data}' have {unknown.Count} columns that the fit does not have ({Words(unknown)}): take them out, or give " +
                "--ignore-unknown-columns");
    }

    /// <summary>
    /// Turns columns of the data into ascending columns of the fit, and their values with them; returns how many are left.
    /// </summary>
    public int Apply(Span<int> columns, Span<double> values)
    {
        var count = 0;
        for (var t = 0; t < columns.Length; t++)
        {
            if (Targets[columns[t]] is >= 0 and var target)
            {
                columns[count] = target;
                if (!values.IsEmpty)
                {
                    values[count] = values[t];
                }

                count++;
            }
        }

        if (values.IsEmpty)
        {
            columns[..count].Sort();
        }
        else
        {
            columns[..count].Sort(values[..count]);
        }

        return count;
    }

    /// <summary>
    /// The same rows with the fit's columns; what is missing stays missing. Dense where columns are absent of a block whose entries are
    /// zeros where they are not stored: it cannot say otherwise what is missing.
    /// </summary>
    public MatrixBlock Apply(MatrixBlock block)
    {
        var mapped = !block.IsSparse || (Absent.Count > 0 && block.Unstored == UnstoredEntries.Zero) ? Dense(block) : Sparse(block);
        block.KeepAlive();
        return mapped;
    }

    private MatrixBlock Dense(MatrixBlock block)
    {
        var values = new double[checked(block.Rows * Count)];
        for (var i = 0; i < block.Rows; i++)
        {
            var from = block.IsSparse ? block.RowValues(i) : block.DenseRows(i, 1);
            var columns = block.IsSparse ? block.RowColumns(i) : [];
            var to = values.AsSpan(i * Count, Count);
            for (var t = 0; t < from.Length; t++)
            {
                if (Targets[columns.IsEmpty ? t : columns[t]] is >= 0 and var target)
                {
                    to[target] = from[t];
                }
            }

            foreach (var j in Absent)
            {
                to[j] = double.NaN;
            }

            foreach (var j in block.MissingColumns(i))
            {
                if (Targets[j] >= 0)
                {
                    to[Targets[j]] = double.NaN;
                }
            }
        }

        return MatrixBlock.FromDense(block.Rows, Count, values);
    }

    private MatrixBlock Sparse(MatrixBlock block)
    {
        var (columns, values) = (new int[checked((int)block.StoredCount)], new double[checked((int)block.StoredCount)]);
        var starts = new long[block.Rows + 1];
        var count = 0;
        for (var i = 0; i < block.Rows; i++)
        {
            var length = block.RowColumns(i).Length;
            block.RowColumns(i).CopyTo(columns.AsSpan(count));
            block.RowValues(i).CopyTo(values.AsSpan(count));
            count += Apply(columns.AsSpan(count, length), values.AsSpan(count, length));
            starts[i + 1] = count;
        }

        return MatrixBlock.FromCsr(block.Rows, Count, values.AsSpan(0, count), columns.AsSpan(0, count), starts, block.Unstored);
    }

    private static string Words(List<string> names) =>
        string.Join(", ", names.Take(MostNamed).Select(n => $"'{n}'")) + (names.Count > MostNamed ? ", ..." : "");
}
