using FitCluster.Data;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Numerics;

namespace FitCluster.Models.Ebmf;

/// <summary>Known standard errors: their shape is told by their size.</summary>
internal sealed record StandardErrors(KnownErrors Kind, double[] Values, MatrixSource? Matrix)
{
    /// <summary>Those of data: a matrix must have one for every observed entry.</summary>
    public static StandardErrors Read(StandardErrorsChoice? choice, MatrixSource data)
    {
        var errors = Read(choice, data.Rows, data.Columns);
        if (errors.Matrix is { } matrix)
        {
            CheckMatrix(choice!.Path!, matrix, data);
        }

        return errors;
    }

    /// <summary>Those of a matrix of so many rows and columns. A matrix of errors is not looked into.</summary>
    /// <param name="choice">What was asked for.</param>
    /// <param name="rows">The rows; null: none is known by its row.</param>
    /// <param name="columns">The columns.</param>
    public static StandardErrors Read(StandardErrorsChoice? choice, long? rows, int columns)
    {
        if (choice?.Number is { } value)
        {
            return new StandardErrors(KnownErrors.Scalar, [value], null);
        }

        if (choice?.Path is not { } path)
        {
            return new StandardErrors(KnownErrors.None, [], null);
        }

        if (Directory.Exists(path) || path.EndsWith(".mtx", StringComparison.Ordinal) ||
            path.EndsWith(".mtx.gz", StringComparison.Ordinal) ||
            path.EndsWith(".npz", StringComparison.Ordinal) ||
            InputFiles.BeginsWith(path, "%%MatrixMarket"u8) || InputFiles.BeginsWith(path, "PK\u0003\u0004"u8))
        {
            return OfMatrix(path, rows, columns);
        }

        var array = DenseArray.Read(path);
        var at = array.Rows == 1 || array.Columns == 1 ? Array.FindIndex(array.Values, s => !(s > 0)) : -1;
        if (at >= 0)
        {
            throw ProblemException.BadInput(
                FormattableString.Invariant($"{path}: standard error {at + 1} is {array.Values[at]}; each must be a number above 0"));
        }

        return (array.Rows, array.Columns) switch
        {
            (1, 1) => new StandardErrors(KnownErrors.Scalar, array.Values, null),
            (var n, 1) when n == rows => new StandardErrors(KnownErrors.Row, array.Values, null),
            // A vector has no orientation of its own: of the length of the columns, it is theirs.
            (var p, 1) when p == columns => new StandardErrors(KnownErrors.Column, array.Values, null),
            (1, var p) when p == columns => new StandardErrors(KnownErrors.Column, array.Values, null),
            var (n, p) when n == rows && p == columns => OfMatrix(path, rows, columns),
            var (n, p) => throw ProblemException.BadInput(
                $"the standard errors '{path}' are {n} x {p}; for data of {rows} x {columns} give a number, {rows} (by row), {columns} " +
                $"(by column) or {rows} x {columns}"),
        };
    }

    /// <summary>The standard error of a cell of a matrix of them; NaN where there is none above 0.</summary>
    public double OfCell(int row, int column)
    {
        var error = Get(Matrix!.RowBlock(row, 1), 0, column);
        return error > 0 ? error : double.NaN;
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

    private static StandardErrors OfMatrix(string path, long? rows, int columns)
    {
        var errors = MatrixSource.Open(path);
        return errors.Rows == rows && errors.Columns == columns ? new StandardErrors(KnownErrors.Matrix, [], errors)
            : throw ProblemException.BadInput($"the standard errors '{path}' are {errors.Rows} x {errors.Columns}, but the data are " +
                $"{rows} x {columns}");
    }

    private static void CheckMatrix(string path, MatrixSource errors, MatrixSource data)
    {
        if (data.IsSparse && data.Unstored == UnstoredEntries.Zero)
        {
            throw ProblemException.BadInput(
                $"a matrix of standard errors ('{path}') needs an error for every observed entry: give dense data, or say data.missing: " +
                "unstored, or give errors by row or column");
        }

        if (!data.IsSparse && errors.IsSparse)
        {
            throw ProblemException.BadInput($"the standard errors '{path}' are sparse, but the data are dense: give them as .csv or .npy");
        }

        Check(errors, data, path);
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
                        $"{path}: there is no standard error above 0 for row '{data.RowNames[(int)row]}', column " +
                        $"'{data.ColumnNames[column]}', which is observed");
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
