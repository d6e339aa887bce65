using System.Security.Cryptography;
using FitCluster.Data;
using FitCluster.Math.TwinEb;
using FitCluster.Models.Jobs;

namespace FitCluster.Models.TwinEb;

/// <summary>A split read from files (<see cref="SplitFiles"/>), checked against the data.</summary>
internal sealed class GivenSplit : IHeldOutSplit
{
    private readonly string _rowsPath;
    private readonly string _cellsPath;
    private readonly MatrixSource _data;
    private readonly bool[] _heldOut;
    private readonly Dictionary<long, HeldOutCell[]> _cells;

    /// <exception cref="ProblemException">The files cannot be read, or do not fit the data.</exception>
    public GivenSplit(string folder, MatrixSource data, bool isCounts, double? threshold)
    {
        _data = data;
        (_rowsPath, _cellsPath) =
            (InputFiles.Find(Path.Combine(folder, SplitFiles.RowsName)), InputFiles.Find(Path.Combine(folder, SplitFiles.CellsName)));
        if (!File.Exists(_rowsPath) || !File.Exists(_cellsPath))
        {
            throw ProblemException.BadInput(
                $"twineb.split '{folder}' must be a folder with {SplitFiles.RowsName} and {SplitFiles.CellsName}: one of them " +
                "is not there");
        }

        Content = Convert.ToHexStringLower(
            SHA256.HashData([.. SHA256.HashData(File.ReadAllBytes(_rowsPath)), .. SHA256.HashData(File.ReadAllBytes(_cellsPath))]));
        var (rowsTable, cellsTable) = (TextTable.Open(_rowsPath), TextTable.Open(_cellsPath));
        Notes = [.. rowsTable.Notes, .. cellsTable.Notes];
        var rows = NameIndex.Positions(data.RowNames);
        _heldOut = ReadRows(rowsTable, rows);
        _cells = ReadCells(cellsTable, rows, NameIndex.Positions(data.ColumnNames));
        Check(isCounts, threshold);
    }

    /// <inheritdoc/>
    public string Content { get; }

    /// <summary>What to tell of how the files were read.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <inheritdoc/>
    public bool IsHeldOutRow(long row) => _heldOut[row];

    /// <inheritdoc/>
    public void AddCells(long row, TwinEbRow entries, List<HeldOutCell> cells)
    {
        if (_cells.TryGetValue(row, out var given))
        {
            cells.AddRange(given);
        }
    }

    private static int Find(Dictionary<string, int> positions, string name, string side, string place) =>
        positions.TryGetValue(name, out var at)
        ? at != NameIndex.Several
            ? at
            : throw ProblemException.BadInput($"{place}: the data have several {side}s of the name '{name}': give them names of their own")
        : throw ProblemException.BadInput($"{place}: the data have no {side} '{name}': correct the split, or data.{side}s");

    private static IEnumerable<(IReadOnlyList<string> Fields, string Place)> Lines(TextTable table, int width)
    {
        foreach (var line in table.Lines().Skip(1))
        {
            var place = FormattableString.Invariant($"{table.Path}:{line.Line}");
            yield return line.Fields.Count == width ? (line.Fields, place)
                : throw ProblemException.BadInput(
                    $"{place}: {line.Fields.Count} fields, but each line below the header needs {width}, separated by tabs");
        }
    }

    private static int Word(IReadOnlyList<string> words, string word, string place)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i] == word)
            {
                return i;
            }
        }

        throw ProblemException.BadInput($"{place}: '{word}' is none of {string.Join(", ", words)}");
    }

    private bool[] ReadRows(TextTable table, Dictionary<string, int> rows)
    {
        var (heldOut, isNamed) = (new bool[_data.Rows], new bool[_data.Rows]);
        foreach (var (fields, place) in Lines(table, 2))
        {
            var row = Find(rows, fields[0], "row", place);
            if (isNamed[row])
            {
                throw ProblemException.BadInput($"{place}: the row '{fields[0]}' is named twice: keep one line");
            }

            isNamed[row] = true;
            heldOut[row] = Word(SplitFiles.Roles, fields[1], place) == 1;
        }

        var absent = Array.IndexOf(isNamed, false);
        if (absent >= 0)
        {
            throw ProblemException.BadInput(
                $"{_rowsPath} names {isNamed.Count(n => n)} of the {_data.Rows} rows, and not '{_data.RowNames[absent]}': give " +
                "every row a role");
        }

        return heldOut.Contains(false)
            ? heldOut
            : throw ProblemException.BadInput($"{_rowsPath}: all {_data.Rows} rows are held out: at least one must be for training");
    }

    private Dictionary<long, HeldOutCell[]> ReadCells(
        TextTable table, Dictionary<string, int> rows, Dictionary<string, int> columns)
    {
        var cells = new Dictionary<long, List<HeldOutCell>>();
        foreach (var (fields, place) in Lines(table, 3))
        {
            var row = Find(rows, fields[0], "row", place);
            var column = Find(columns, fields[1], "column", place);
            var kind = (HeldOutKind)(Word(SplitFiles.Kinds, fields[2], place) + 1);
            if (kind != HeldOutKind.Ignored && (kind == HeldOutKind.Test) != _heldOut[row])
            {
                throw ProblemException.BadInput(
                    $"{place}: a {fields[2]} cell in the {(_heldOut[row] ? "held-out" : "training")} row '{fields[0]}': test cells are " +
                    "of held-out rows, validation cells of training rows");
            }

            if (!cells.TryGetValue(row, out var list))
            {
                cells.Add(row, list = []);
            }

            list.Add(new HeldOutCell(column, kind));
        }

        return cells.ToDictionary(c => c.Key, c => c.Value.OrderBy(cell => cell.Column).ToArray());
    }

    private void Check(bool isCounts, double? threshold)
    {
        foreach (var (row, cells) in _cells.OrderBy(c => c.Key))
        {
            var entries = new TwinEbRow(_data.RowBlock(row, 1), isCounts, threshold);
            entries.Read(0);
            var name = _data.RowNames[(int)row];
            for (var c = 0; c < cells.Length; c++)
            {
                if (c > 0 && cells[c].Column == cells[c - 1].Column)
                {
                    throw ProblemException.BadInput(
                        $"{_cellsPath}: the cell of row '{name}' and column '{_data.ColumnNames[cells[c].Column]}' is named twice: " +
                        "keep one line");
                }

                if (!entries.IsObserved(cells[c].Column))
                {
                    throw ProblemException.BadInput(
                        $"{_cellsPath}: the cell of row '{name}' and column '{_data.ColumnNames[cells[c].Column]}' is missing in the " +
                        "data: take it out of the split");
                }
            }

            if (cells.Length == entries.ObservedCount)
            {
                throw ProblemException.BadInput(
                    $"{_cellsPath}: all {cells.Length} entries of row '{name}' are held out, so that nothing tells about it: leave it " +
                    "at least one");
            }
        }
    }
}
