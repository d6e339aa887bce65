using FitCluster.Data;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Numerics;

namespace FitCluster.Models.Ebmf;

/// <summary>Known standard errors: their shape is told by their size.</summary>
internal sealed record StandardErrors(KnownErrors Kind, double[] Values, MatrixSource? Matrix)
{
    public static StandardErrors Read(EbmfSpec spec, MatrixSource data)
    {
        if (spec.StandardError is { } value)
        {
            return new StandardErrors(KnownErrors.Scalar, [value], null);
        }

        if (spec.StandardErrorsPath is not { } path)
        {
            return new StandardErrors(KnownErrors.None, [], null);
        }

        var (n, p) = (data.Rows, data.Columns);
        if (Directory.Exists(path) || path.EndsWith(".mtx", StringComparison.Ordinal) || path.EndsWith(".mtx.gz", StringComparison.Ordinal) ||
            path.EndsWith(".npz", StringComparison.Ordinal))
        {
            return OfMatrix(path, data);
        }

        var array = DenseArray.Read(path);
        var at = array.Rows == 1 || array.Columns == 1 ? Array.FindIndex(array.Values, s => !(s > 0)) : -1;
        if (at >= 0)
        {
            throw ProblemException.BadInput(FormattableString.Invariant($"{path}: standard error {at + 1} is {array.Values[at]}; each must be a number above 0"));
        }

        return (array.Rows, array.Columns) switch
        {
            (1, 1) => new StandardErrors(KnownErrors.Scalar, array.Values, null),
            (var rows, 1) when rows == n => new StandardErrors(KnownErrors.Row, array.Values, null),
            // A vector has no orientation of its own: of the length of the columns, it is theirs.
            (var rows, 1) when rows == p => new StandardErrors(KnownErrors.Column, array.Values, null),
            (1, var columns) when columns == p => new StandardErrors(KnownErrors.Column, array.Values, null),
            var (rows, columns) when rows == n && columns == p => OfMatrix(path, data),
            var (rows, columns) => throw ProblemException.BadInput(
                $"the standard errors '{path}' are {rows} x {columns}; for data of {n} x {p} give a number, {n} (by row), {p} (by column) or {n} x {p}"),
        };
    }

    /// <summary>A shard's rows of a matrix of standard errors, with the stored entries of its block.</summary>
    public MatrixBlock? Block(ShardRange range, MatrixBlock data)
    {
        if (Matrix is null)
        {
            return null;
        }

        var errors = Matrix.RowBlock(range);
        if (!data.IsSparse)
        {
            return errors;
        }

        var (values, columns, starts) = (new List<double>(), new List<int>(), new long[data.Rows + 1]);
        for (var i = 0; i < data.Rows; i++)
        {
            foreach (var j in data.RowColumns(i))
            {
                columns.Add(j);
                values.Add(Get(errors, i, j));
            }

            starts[i + 1] = columns.Count;
        }

        return MatrixBlock.FromCsr(data.Rows, data.Columns, [.. values], [.. columns], starts, data.Unstored);
    }

    private static StandardErrors OfMatrix(string path, MatrixSource data)
    {
        var errors = MatrixSource.Open(path);
        if (errors.Rows != data.Rows || errors.Columns != data.Columns)
        {
            throw ProblemException.BadInput($"the standard errors '{path}' are {errors.Rows} x {errors.Columns}, but the data are {data.Rows} x {data.Columns}");
        }

        if (data.IsSparse && data.Unstored == UnstoredEntries.Zero)
        {
            throw ProblemException.BadInput(
                $"a matrix of standard errors ('{path}') needs an error for every observed entry: give dense data, or say data.missing: unstored, or give errors by row or column");
        }

        if (!data.IsSparse && errors.IsSparse)
        {
            throw ProblemException.BadInput($"the standard errors '{path}' are sparse, but the data are dense: give them as .csv or .npy");
        }

        Check(errors, data, path);
        return new StandardErrors(KnownErrors.Matrix, [], errors);
    }

    private static void Check(MatrixSource errors, MatrixSource data, string path)
    {
        for (var row = 0L; row < data.Rows; row++)
        {
            var (values, block) = (errors.RowBlock(row, 1), data.RowBlock(row, 1));
            var missing = block.MissingColumns(0);
            var count = block.IsSparse ? block.RowColumns(0).Length : block.Columns;
            for (var t = 0; t < count; t++)
            {
                var column = block.IsSparse ? block.RowColumns(0)[t] : t;
                if (!(Get(values, 0, column) > 0) && missing.BinarySearch(column) < 0)
                {
                    throw ProblemException.BadInput(
                        $"{path}: there is no standard error above 0 for row '{data.RowNames[(int)row]}', column '{data.ColumnNames[column]}', which is observed");
                }
            }
        }
    }

    private static double Get(MatrixBlock block, int row, int column)
    {
        if (!block.IsSparse)
        {
            return block.DenseRows(row, 1)[column];
        }

        var at = block.RowColumns(row).BinarySearch(column);
        return at < 0 ? 0 : block.RowValues(row)[at];
    }
}
