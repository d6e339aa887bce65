using System.Globalization;

namespace FitCluster.Data;

/// <summary>A set of rows or columns to keep, by position (1-based) or by name. The order of the file is kept.</summary>
public sealed class Selection
{
    private Selection(IReadOnlyList<(long First, long Last)> ranges, IReadOnlySet<string> names)
    {
        Ranges = ranges;
        Names = names;
    }

    /// <summary>Inclusive 1-based ranges; empty when the selection is by name.</summary>
    public IReadOnlyList<(long First, long Last)> Ranges { get; }

    /// <summary>Names; empty when the selection is by position.</summary>
    public IReadOnlySet<string> Names { get; }

    /// <summary>What to tell the user of how its file was read, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; private init; } = [];

    /// <summary>By name.</summary>
    public static Selection ByName(IEnumerable<string> names)
    {
        var set = new HashSet<string>(names, StringComparer.Ordinal);
        return set.Count > 0 ? new Selection([], set) : throw new DataException("a selection is empty; name at least one row or column");
    }

    /// <summary>By inclusive ranges of 1-based positions.</summary>
    public static Selection ByPosition(params IEnumerable<(long First, long Last)> ranges)
    {
        (long First, long Last)[] list = [.. ranges.OrderBy(r => r.First)];
        foreach (var (first, last) in list)
        {
            if (first < 1 || last < first)
            {
                throw new DataException($"the range {first}-{last} selects nothing; positions count from 1, the smaller first");
            }
        }

        return list.Length > 0
            ? new Selection(list, new HashSet<string>())
            : throw new DataException("a selection is empty; give at least one range");
    }

    /// <summary>
    /// Reads a selection: the path of a file with one name a line; or a comma-separated list, of positions and ranges ("1-100,205",
    /// 1-based) when every item is one, of names otherwise. Names that are numbers need a file, or <see cref="ByName"/>.
    /// </summary>
    public static Selection Parse(string text)
    {
        if (File.Exists(text))
        {
            var list = TextTable.OpenList(text);
            var selection = ByName(list.Lines().Select(line => line.Fields[0].Trim()).Where(name => name.Length > 0));
            return new Selection(selection.Ranges, selection.Names) { Notes = list.Notes };
        }

        return FromItems(text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>From a list of items: positions and ranges when every item is one, names otherwise.</summary>
    public static Selection FromItems(IReadOnlyList<string> items)
    {
        var ranges = new List<(long First, long Last)>();
        foreach (var item in items)
        {
            var dash = item.IndexOf('-', StringComparison.Ordinal);
            var low = dash < 0 ? item : item[..dash];
            var high = dash < 0 ? item : item[(dash + 1)..];
            if (!long.TryParse(low, NumberStyles.None, CultureInfo.InvariantCulture, out var first) ||
                !long.TryParse(high, NumberStyles.None, CultureInfo.InvariantCulture, out var last))
            {
                return ByName(items);
            }

            ranges.Add((first, last));
        }

        return ByPosition(ranges);
    }
}
