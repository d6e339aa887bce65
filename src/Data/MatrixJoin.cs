using FitCluster.Data.Reading;
using FitCluster.Math.Numerics;

namespace FitCluster.Data;

/// <summary>
/// Reads several files as one matrix: rows one file after the other, columns matched by name. The whole is copied into memory (12 bytes a
/// stored entry of a sparse matrix); its content hash is that of the same matrix in one file.
/// </summary>
public sealed class MatrixJoin
{
    private const int MostNamed = 3;

    private readonly IReadOnlyList<MatrixSource> _sources;
    private readonly List<MatrixPart> _parts = [];
    private readonly List<string> _notes = [];
    private readonly string[] _columns;
    private readonly int[][] _targets;

    private MatrixJoin(IReadOnlyList<string> paths, IReadOnlyList<MatrixSource> sources, ColumnJoin join)
    {
        _sources = sources;
        var names = NamesOf(paths);
        var first = 0L;
        for (var f = 0; f < sources.Count; f++)
        {
            _parts.Add(new MatrixPart(names[f], first, sources[f].Rows));
            first += sources[f].Rows;
        }

        var positions = sources.Select((source, f) => Positions(source, paths[f])).ToArray();
        var all = sources.SelectMany(source => source.ColumnNames).Distinct(StringComparer.Ordinal).ToArray();
        var common = all.Where(name => positions.All(of => of.ContainsKey(name))).ToArray();
        if (common.Length == 0)
        {
            throw new DataException(
                $"{paths[0]} and {string.Join(", ", paths.Skip(1).Take(MostNamed))} have no column name that all of them have (they " +
                $"begin with {string.Join(", ", sources.Take(MostNamed + 1).Select(source => $"'{source.ColumnNames[0]}'"))}): files are " +
                "joined by the names of their columns; give them the same names");
        }

        _columns = join == ColumnJoin.Union ? all : common;
        var index = _columns.Select((name, j) => (name, j)).ToDictionary(one => one.name, one => one.j, StringComparer.Ordinal);
        _targets = [.. sources.Select(source => source.ColumnNames.Select(name => index.GetValueOrDefault(name, -1)).ToArray())];
        if (all.Length > common.Length)
        {
            _notes.Add(join == ColumnJoin.Union
                ? $"{all.Length - common.Length} of {all.Length} columns are not in every file: where a file lacks one, its entries " +
                    "count as not stored (data.join: union)"
                : $"{all.Length - common.Length} of {all.Length} columns are not in every file and are left out (data.join: intersection)");
        }
    }

    /// <summary>Reads files as one matrix.</summary>
    /// <param name="paths">At least one path or URL; they are told apart by their names.</param>
    /// <param name="join">Which columns the whole has, in the order of the first file, then of what the others have more.</param>
    /// <param name="options">How each is read; rows and columns are selected of the whole.</param>
    /// <exception cref="DataException">A file cannot be used, or they have no column in common.</exception>
    public static MatrixSource Open(IReadOnlyList<string> paths, ColumnJoin join, MatrixOptions options)
    {
        var each = options with { Rows = null, Columns = null };
        return new MatrixJoin(paths, [.. paths.Select(path => MatrixSource.Open(path, each))], join).Join(options);
    }

    /// <summary>Names that tell files apart: without folder and ending, as far as those are not needed.</summary>
    internal static string[] NamesOf(IReadOnlyList<string> paths)
    {
        string Short(string path)
        {
            var name = Path.GetFileName(path.TrimEnd('/'));
            var end = name.IndexOf('.', 1);
            return end > 0 ? name[..end] : name;
        }

        foreach (var form in new Func<string, string>[]
        {
            Short, path => Path.GetFileName(path.TrimEnd('/')),
            path => $"{Path.GetFileName(Path.GetDirectoryName(path.TrimEnd('/')))}/{Path.GetFileName(path.TrimEnd('/'))}", path => path,
        })
        {
            string[] names = [.. paths.Select(form)];
            if (names.Distinct(StringComparer.Ordinal).Count() == names.Length)
            {
                return names;
            }
        }

        var twice = paths.GroupBy(path => path, StringComparer.Ordinal).First(group => group.Count() > 1).Key;
        throw new DataException($"{twice} is given twice; give each file once");
    }

    private static Dictionary<string, int> Positions(MatrixSource source, string path)
    {
        if (MatrixSource.AreGenerated(source.ColumnNames))
        {
            throw new DataException($"{path} has no names of columns, by which files are joined; give files with names, or one file");
        }

        var positions = new Dictionary<string, int>(source.Columns, StringComparer.Ordinal);
        for (var j = 0; j < source.Columns; j++)
        {
            if (!positions.TryAdd(source.ColumnNames[j], j))
            {
                throw new DataException(
                    $"{path} has several columns of the name '{source.ColumnNames[j]}', and files are joined by the names of their " +
                    "columns; give them names of their own");
            }
        }

        return positions;
    }

    private MatrixSource Join(MatrixOptions options)
    {
        var isSparse = _sources.Any(source => source.IsSparse);
        var unstored = _sources.Where(source => source.IsSparse).Select(source => source.Unstored).FirstOrDefault(UnstoredEntries.Zero);
        if (isSparse && unstored == UnstoredEntries.Zero && _sources.FirstOrDefault(s => !s.IsSparse && s.MissingCount > 0) is { } dense)
        {
            throw new DataException(
                $"{_parts[_sources.ToList().IndexOf(dense)].Name} is dense and has missing entries, which have no place in a sparse " +
                "matrix with the other files'; give all files sparse, or all dense");
        }

        var rowNames = RowNames();
        var (columnMap, columnNames) = Kept(options.Columns, "column", _columns);
        var (rowMap, keptRows) = Kept(options.Rows, "row", rowNames);
        var missing = unstored == UnstoredEntries.Missing;
        var pipeline = new RowPipeline(_parts[0].Name, _columns.Length, columnMap, Transform.None, missing, keepZeros: missing);
        var sink = new MemorySink(isSparse, isSparse ? _sources.Sum(source => source.StoredCount) : 0);
        var parts = new List<MatrixPart>();
        for (var f = 0; f < _sources.Count; f++)
        {
            var before = pipeline.Rows;
            Append(f, isSparse, rowMap, pipeline, sink);
            parts.Add(new MatrixPart(_parts[f].Name, before, pipeline.Rows - before));
        }

        if (pipeline.Rows == 0 || pipeline.Columns < 2)
        {
            throw new DataException(
                $"{string.Join(", ", _parts.Select(part => part.Name))} have {pipeline.Rows} rows and {pipeline.Columns} columns " +
                "together; a matrix to fit has at least one row and two columns");
        }

        return new MatrixSource(sink.Finish(pipeline.Columns, unstored), keptRows, columnNames, Facts(pipeline, options), hash: null)
        {
            Parts = parts,
        };
    }

    private void Append(int file, bool isSparse, int[]? rowMap, RowPipeline pipeline, MemorySink sink)
    {
        var (source, targets) = (_sources[file], _targets[file]);
        var (columns, values) = (new int[_columns.Length], new double[_columns.Length]);
        for (var i = 0L; i < source.Rows; i++)
        {
            if (rowMap is not null && rowMap[_parts[file].FirstRow + i] < 0)
            {
                continue;
            }

            var block = source.RowBlock(i, 1);
            var from = block.IsSparse ? block.RowValues(0) : block.DenseRows(0, 1);
            var at = block.IsSparse ? block.RowColumns(0) : [];
            if (isSparse)
            {
                var count = 0;
                for (var t = 0; t < from.Length; t++)
                {
                    if (targets[at.IsEmpty ? t : at[t]] is >= 0 and var target && (block.IsSparse || from[t] != 0))
                    {
                        (columns[count], values[count]) = (target, from[t]);
                        count++;
                    }
                }

                columns.AsSpan(0, count).Sort(values.AsSpan(0, count));
                count = pipeline.Sparse(columns.AsSpan(0, count), values.AsSpan(0, count));
                sink.AddSparse(columns.AsSpan(0, count), values.AsSpan(0, count));
            }
            else
            {
                values.AsSpan().Clear();
                for (var j = 0; j < from.Length; j++)
                {
                    if (targets[j] is >= 0 and var target)
                    {
                        values[target] = from[j];
                    }
                }

                foreach (var j in block.MissingColumns(0))
                {
                    if (targets[j] is >= 0 and var target)
                    {
                        values[target] = double.NaN;
                    }
                }

                var count = pipeline.Dense(values, columns, out var missingCount);
                sink.AddDense(values.AsSpan(0, count), columns.AsSpan(0, missingCount));
            }

            block.KeepAlive();
        }
    }

    // Names of rows get their file's where two files have the same, or none have names.
    private string[] RowNames()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var collide = _sources.Any(source => MatrixSource.AreGenerated(source.RowNames)) ||
            !_sources.SelectMany(source => source.RowNames.Distinct(StringComparer.Ordinal)).All(seen.Add);
        if (collide)
        {
            _notes.Add($"rows of different files have the same names: each has its file's before it, as '{_parts[0].Name}:" +
                $"{_sources[0].RowNames[0]}'");
        }

        return [.. _sources.SelectMany((source, f) => source.RowNames.Select(name => collide ? $"{_parts[f].Name}:{name}" : name))];
    }

    // The index of each that is kept, or -1, null where all are; and their names.
    private (int[]? Map, string[] Names) Kept(Selection? selection, string what, string[] names)
    {
        if (selection is null)
        {
            return (null, names);
        }

        var filter = new SelectionFilter(selection, what, string.Join(", ", _parts.Select(part => part.Name)));
        int[] kept = [.. Enumerable.Range(0, names.Length).Where(i => filter.Keep(i, names[i]))];
        filter.Finish(names.Length);
        return (MatrixPlan.Invert(kept, names.Length), [.. kept.Select(i => names[i])]);
    }

    private MatrixFacts Facts(RowPipeline pipeline, MatrixOptions options) => new()
    {
        Format = _sources[0].Facts.Format,
        Orientation = $"{_sources.Count} files read as one matrix of {pipeline.Rows} rows x {pipeline.Columns} columns: " +
            string.Join(", ", _parts.Take(MostNamed).Select(part => $"{part.Name} ({part.Rows} rows)")) +
            (_parts.Count > MostNamed ? ", ..." : ""),
        ZeroRows = pipeline.ZeroRows,
        ZeroColumns = pipeline.ZeroColumns,
        UnobservedRows = pipeline.UnobservedRows,
        UnobservedColumns = pipeline.UnobservedColumns,
        NegativeCount = pipeline.Negatives,
        FirstNegative = pipeline.FirstNegative,
        NonIntegerCount = pipeline.NonIntegers,
        FirstNonInteger = pipeline.FirstNonInteger,
        NonZeroCount = pipeline.NonZeros,
        Transform = options.Transform,
        Notes = [.. _notes, .. _sources.SelectMany(source => source.Facts.Notes).Distinct(), .. options.Rows?.Notes ?? [],
            .. options.Columns?.Notes ?? []],
    };
}
