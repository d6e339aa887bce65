using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FitCluster.Data;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Jobs;

/// <summary>Which group each row of the data is of; groups in the order of their first rows. Immutable.</summary>
/// <param name="Names">The groups.</param>
/// <param name="OfRow">By row: its group.</param>
internal sealed record RowGroups(IReadOnlyList<string> Names, int[] OfRow)
{
    private const int MostNamed = 3;

    /// <summary>By group: its rows.</summary>
    public long[] Counts
    {
        get
        {
            var counts = new long[Names.Count];
            foreach (var group in OfRow)
            {
                counts[group]++;
            }

            return counts;
        }
    }

    /// <summary>What was said of how a table was read.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The content, for a hash.</summary>
    public string Hash
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\0', Names)));
            hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(OfRow.AsSpan()));
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    /// <summary>The datasets of data; one of all rows where none are given.</summary>
    /// <exception cref="ProblemException">The table cannot be used, or lacks rows.</exception>
    public static RowGroups Datasets(DataSpec spec, MatrixSource data)
    {
        if (spec.Datasets is not { } given)
        {
            return new RowGroups(["all"], new int[data.Rows]);
        }

        return given.Table is { } table ? OfTable(table, given.Column, data, "data.datasets") : OfParts(spec, data);
    }

    /// <summary>The groups that a table says.</summary>
    /// <exception cref="ProblemException">It cannot be used, or lacks rows.</exception>
    public static RowGroups OfTable(string path, string? column, MatrixSource data, string what)
    {
        var rows = new NameIndex(data.RowNames, "row", "the data");
        return Of(RowTable.Read(path, column, name => name == data.RowNames[0] || rows.Has(name), what), data, rows, what);
    }

    /// <summary>The groups of a table that was read.</summary>
    /// <exception cref="ProblemException">It lacks rows, or has one twice.</exception>
    public static RowGroups Of(RowTable table, MatrixSource data, NameIndex rows, string what)
    {
        var (names, indexes) = (new List<string>(), new Dictionary<string, int>(StringComparer.Ordinal));
        int[] raw = [.. Enumerable.Repeat(-1, (int)data.Rows)];
        var more = 0;
        for (var i = 0; i < table.Lines.Count; i++)
        {
            var (name, value, line) = table.Lines[i];

            // Most tables are in the order of the data, for which no index of names is needed.
            var row = i < raw.Length && data.RowNames[i] == name ? i : rows.TryFind(name) ?? -1;
            if (row < 0)
            {
                more++;
                continue;
            }

            if (!indexes.TryGetValue(value, out var group))
            {
                indexes.Add(value, group = names.Count);
                names.Add(value);
            }

            if (raw[row] >= 0 && raw[row] != group)
            {
                throw ProblemException.BadInput(FormattableString.Invariant(
                    $"{what}: {table.Path}:{line} says '{value}' of row '{name}', of which '{names[raw[row]]}' was said before: keep one"));
            }

            raw[row] = group;
        }

        int[] lacking = [.. Enumerable.Range(0, raw.Length).Where(row => raw[row] < 0 || names[raw[row]].Length == 0)];
        if (lacking.Length > 0)
        {
            throw ProblemException.BadInput(
                $"{what}: '{table.Path}' does not say anything of {lacking.Length} of {raw.Length} rows " +
                $"({Words(lacking.Select(row => data.RowNames[row]))}): add them, or select the others with data.rows");
        }

        return InOrder(names, raw) with
        {
            Notes = [.. table.Notes, .. more == 0 ? Array.Empty<string>() : [$"{what}: {more} names of the table are no rows of the data"]],
        };
    }

    /// <summary>The combinations of several groupings that occur, their names joined with ':'.</summary>
    public static RowGroups Crossed(IReadOnlyList<RowGroups> groupings)
    {
        var all = groupings[0];
        foreach (var next in groupings.Skip(1))
        {
            var (names, indexes) = (new List<string>(), new Dictionary<(int, int), int>());
            var raw = new int[all.OfRow.Length];
            for (var row = 0; row < raw.Length; row++)
            {
                var key = (all.OfRow[row], next.OfRow[row]);
                if (!indexes.TryGetValue(key, out raw[row]))
                {
                    indexes.Add(key, raw[row] = names.Count);
                    names.Add($"{all.Names[key.Item1]}:{next.Names[key.Item2]}");
                }
            }

            all = new RowGroups(names, raw);
        }

        return all with { Notes = [.. groupings.SelectMany(grouping => grouping.Notes)] };
    }

    /// <summary>Names in words: "'a', 'b', 'c', ...".</summary>
    public static string Words(IEnumerable<string> names)
    {
        string[] first = [.. names.Take(MostNamed + 1)];
        return string.Join(", ", first.Take(MostNamed).Select(name => $"'{name}'")) + (first.Length > MostNamed ? ", ..." : "");
    }

    /// <summary>A number and what is counted: "1 cell", "2 cells".</summary>
    public static string Counted(long count, string one, string many) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many)}");

    private static RowGroups OfParts(DataSpec spec, MatrixSource data)
    {
        if (data.Parts.Count == 0)
        {
            throw ProblemException.BadInput(
                $"data.datasets is '{DataSpecReader.ByFile}', and data.path is one file, '{DataUrl.Show(spec.Path)}': give a list of " +
                "files or a pattern, or a table with the dataset of each row");
        }

        var of = new int[data.Rows];
        for (var part = 0; part < data.Parts.Count; part++)
        {
            of.AsSpan((int)data.Parts[part].FirstRow, (int)data.Parts[part].Rows).Fill(part);
        }

        return new RowGroups([.. data.Parts.Select(part => part.Name)], of);
    }

    // Groups in the order of their first rows, whatever the order of the table is.
    private static RowGroups InOrder(List<string> names, int[] raw)
    {
        int[] place = [.. Enumerable.Repeat(-1, names.Count)];
        var ordered = new List<string>();
        foreach (ref var group in raw.AsSpan())
        {
            if (place[group] < 0)
            {
                place[group] = ordered.Count;
                ordered.Add(names[group]);
            }

            group = place[group];
        }

        return new RowGroups(ordered, raw);
    }
}
