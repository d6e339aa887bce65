using FitCluster.Data;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Numerics;

namespace FitCluster.Models.Ebmf;

/// <summary>
/// Known standard errors: their shape is told by their size. One that is infinite says that the entry tells nothing, and so does one of a
/// matrix that is not there (NaN): such entries count as missing.
/// </summary>
internal sealed record StandardErrors(KnownErrors Kind, double[] Values, MatrixSource? Matrix)
{
    // The square of it, and of its reciprocal, is a number.
    private const double Least = 1e-150;

    /// <summary>What to tell of how the file was read.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Those of data: a matrix must have one for every observed entry.</summary>
    public static StandardErrors Read(StandardErrorsChoice? choice, MatrixSource data)
    {
        var errors = Read(choice, data.Rows, data.Columns);
        if (errors.Matrix is { } matrix)
        {
            return errors with { Uninformed = CheckMatrix(choice!.Path!, matrix, data) };
        }

        var infinite = errors.Uninformed;
        if (infinite > 0 && infinite == errors.Values.Length)
        {
            throw ProblemException.BadInput(
                $"{choice!.Path}: every standard error is infinite, so that no entry tells anything; give one that is finite");
        }

        if (infinite > 0 && data.IsSparse && data.Unstored == UnstoredEntries.Zero)
        {
            var side = errors.Kind == KnownErrors.Row ? "row" : "column";
            var at = Array.FindIndex(errors.Values, double.IsPositiveInfinity);
            throw ProblemException.BadInput(
                $"{choice!.Path}: standard error {at + 1} is infinite, but of sparse data whose zeros are observed no {side} can be " +
                $"missing: leave that {side} out by data.{side}s, or give dense data");
        }

        return errors;
    }

    /// <summary>The rows, columns or observed entries whose standard errors say that they tell nothing.</summary>
    public long Uninformed { get; private init; }

    /// <summary>
    /// The values of a vector, an infinite one as the largest finite: which it is has no effect, as what it belongs to is missing
    /// (<see cref="Mask"/>).
    /// </summary>
    public double[] FiniteValues => Uninformed == 0 || Matrix is not null ? Values
        : [.. Values.Select(s => double.IsPositiveInfinity(s) ? Values.Where(double.IsFinite).Max() : s)];

    /// <summary>A sentence on what tells nothing; null where everything tells something.</summary>
    public string? Note => (Uninformed, Kind) switch
    {
        (0, _) => null,
        (1, KnownErrors.Row or KnownErrors.Column) =>
            $"the standard error of 1 {(Kind == KnownErrors.Row ? "row" : "column")} is infinite: it counts as missing",
        (var count, KnownErrors.Row or KnownErrors.Column) =>
            $"the standard errors of {count} {(Kind == KnownErrors.Row ? "rows" : "columns")} are infinite: they count as missing",
        (1, _) => "1 observed entry has an infinite standard error, or none: it counts as missing",
        var (count, _) => $"{count} observed entries have an infinite standard error, or none: they count as missing",
    };

    /// <summary>Those of a matrix of so many rows and columns. A matrix of errors is not looked into.</summary>
    /// <param name="choice">What was asked for.</param>
    /// <param name="rows">The rows; null: none is known by its row.</param>
    /// <param name="columns">The columns.</param>
    public static StandardErrors Read(StandardErrorsChoice? choice, long? rows, int columns)
    {
        var errors = ReadShape(choice, rows, columns);
        var at = Array.FindIndex(errors.Values, s => s < Least || (s > 1 / Least && double.IsFinite(s)));
        if (at >= 0)
        {
            var name = choice!.Path ?? "ebmf.standardErrors";
            throw ProblemException.BadInput(FormattableString.Invariant(
                $"{name}: standard error {at + 1} is {errors.Values[at]}; they must be from 1e-150 to 1e150"));
        }

        return errors with { Uninformed = errors.Values.Count(double.IsPositiveInfinity) };
    }

    private static StandardErrors ReadShape(StandardErrorsChoice? choice, long? rows, int columns)
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

        var array = DenseArray.Read(path, infinite: true);
        var at = array.Rows == 1 || array.Columns == 1 ? Array.FindIndex(array.Values, s => !(s > 0)) : -1;
        if (at >= 0)
        {
            throw ProblemException.BadInput(
                FormattableString.Invariant(
                    $"{path}: standard error {at + 1} is {array.Values[at]}; each must be a number above 0 (Inf where nothing is known)"));
        }

        return (array.Rows, array.Columns) switch
        {
            (1, 1) => new StandardErrors(KnownErrors.Scalar, array.Values, null) { Notes = array.Notes },
            (var n, 1) when n == rows => new StandardErrors(KnownErrors.Row, array.Values, null) { Notes = array.Notes },
            // A vector has no orientation of its own: of the length of the columns, it is theirs.
            (var p, 1) when p == columns => new StandardErrors(KnownErrors.Column, array.Values, null) { Notes = array.Notes },
            (1, var p) when p == columns => new StandardErrors(KnownErrors.Column, array.Values, null) { Notes = array.Notes },
            var (n, p) when n == rows && p == columns =>
                new StandardErrors(KnownErrors.Matrix, [], MatrixSource.FromArray(array)) { Notes = array.Notes },
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
        return data.IsSparse ? Stored(data, (i, j, _) => (true, Get(errors, i, j))) : errors;
    }

    /// <summary>A shard's rows of the data, in which what tells nothing is missing.</summary>
    public MatrixBlock Mask(ShardRange range, MatrixBlock data)
    {
        var errors = Matrix?.RowBlock(range);
        bool IsSilent(int row, int column) => !double.IsFinite(Kind switch
        {
            KnownErrors.Row => Values[range.First + row],
            KnownErrors.Column => Values[column],
            _ => Known(errors!, row, column),
        });

        if (Uninformed == 0)
        {
            return data;
        }

        if (data.IsSparse)
        {
            return Stored(data, (i, j, value) => (!IsSilent(i, j), value));
        }

        var values = new double[checked(data.Rows * data.Columns)];
        for (var i = 0; i < data.Rows; i++)
        {
            var row = values.AsSpan(i * data.Columns, data.Columns);
            data.DenseRows(i, 1).CopyTo(row);
            foreach (var j in data.MissingColumns(i))
            {
                row[j] = double.NaN;
            }

            for (var j = 0; j < row.Length; j++)
            {
                row[j] = IsSilent(i, j) ? double.NaN : row[j];
            }
        }

        return MatrixBlock.FromDense(data.Rows, data.Columns, values);
    }

    /// <summary>The stored entries of a sparse block that are kept, with other values.</summary>
    private static MatrixBlock Stored(MatrixBlock data, Func<int, int, double, (bool IsKept, double Value)> map)
    {
        var (values, columns, starts) = (new List<double>(), new List<int>(), new long[data.Rows + 1]);
        for (var i = 0; i < data.Rows; i++)
        {
            var stored = data.RowColumns(i);
            for (var t = 0; t < stored.Length; t++)
            {
                var (isKept, value) = map(i, stored[t], data.RowValues(i)[t]);
                if (isKept)
                {
                    columns.Add(stored[t]);
                    values.Add(value);
                }
            }

            starts[i + 1] = columns.Count;
        }

        return MatrixBlock.FromCsr(data.Rows, data.Columns, [.. values], [.. columns], starts, data.Unstored);
    }

    private static StandardErrors OfMatrix(string path, long? rows, int columns)
    {
        var errors = MatrixSource.Open(path, new MatrixOptions { TakesInfinities = true });
        return errors.Rows == rows && errors.Columns == columns ? new StandardErrors(KnownErrors.Matrix, [], errors)
        {
            Notes = [$"standard errors: {errors.Facts.Orientation}", .. errors.Facts.Notes],
        }
            : throw ProblemException.BadInput($"the standard errors '{path}' are {errors.Rows} x {errors.Columns}, but the data are " +
                $"{rows} x {columns}");
    }

    /// <summary>Whether there is an error for every observed entry; how many of them say that it tells nothing.</summary>
    private static long CheckMatrix(string path, MatrixSource errors, MatrixSource data)
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

        return Check(errors, data, path);
    }

    private static long Check(MatrixSource errors, MatrixSource data, string path)
    {
        var (silent, observed) = (0L, 0L);
        for (var row = 0L; row < data.Rows; row++)
        {
            var (values, block) = (errors.RowBlock(row, 1), data.RowBlock(row, 1));
            var missing = block.MissingColumns(0);
            var count = block.IsSparse ? block.RowColumns(0).Length : block.Columns;
            for (var t = 0; t < count; t++)
            {
                var column = block.IsSparse ? block.RowColumns(0)[t] : t;
                if (missing.BinarySearch(column) >= 0)
                {
                    continue;
                }

                observed++;
                var error = Known(values, 0, column);
                silent += double.IsFinite(error) ? 0 : 1;
                if (error <= 0)
                {
                    throw ProblemException.BadInput(
                        $"{path}: there is no standard error above 0 for row '{data.RowNames[(int)row]}', column " +
                        $"'{data.ColumnNames[column]}', which is observed: give one, or Inf where it is to tell nothing");
                }
            }
        }

        return silent < observed ? silent : throw ProblemException.BadInput(
            $"{path}: no observed entry has a finite standard error, so that none tells anything; give one that is finite");
    }

    /// <summary>The standard error of an entry; NaN where a dense matrix has none, 0 where a sparse one has none.</summary>
    private static double Known(MatrixBlock block, int row, int column) =>
        !block.IsSparse && block.MissingColumns(row).BinarySearch(column) >= 0 ? double.NaN : Get(block, row, column);

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
