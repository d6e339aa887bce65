using FitCluster.Data.Storage;

namespace FitCluster.Data.Reading;

/// <summary>
/// Says of each row or column, in the order of the file, whether a selection keeps it; and at the
/// end whether all that was selected is there.
/// </summary>
internal sealed class SelectionFilter(Selection? selection, string what, string file)
{
    private readonly HashSet<string> _found = new(StringComparer.Ordinal);
    private int _range;

    public bool Keep(long index, string? name)
    {
        if (selection is null)
        {
            return true;
        }

        if (selection.Names.Count > 0)
        {
            name ??= GeneratedNames.Name(what[0], index);
            return selection.Names.Contains(name) && _found.Add(name);
        }

        while (_range < selection.Ranges.Count && selection.Ranges[_range].Last <= index)
        {
            _range++;
        }

        return _range < selection.Ranges.Count && selection.Ranges[_range].First <= index + 1;
    }

    public void Finish(long count)
    {
        if (selection is null)
        {
            return;
        }

        var absent = selection.Names.FirstOrDefault(n => !_found.Contains(n));
        if (absent is not null)
        {
            throw new DataException($"{file} has no {what} named {absent}, which is selected; correct the selection");
        }

        if (selection.Ranges.Count > 0 && selection.Ranges.Max(r => r.Last) > count)
        {
            throw new DataException(
                $"{file} has {count} {what}s, but {what} {selection.Ranges.Max(r => r.Last)} is selected; correct the selection");
        }
    }
}
