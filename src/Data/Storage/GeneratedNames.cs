using System.Collections;
using System.Globalization;

namespace FitCluster.Data.Storage;

/// <summary>Names r1, r2, ... or c1, c2, ... for rows and columns that have none; made when asked for.</summary>
internal sealed class GeneratedNames(char prefix, IReadOnlyList<int>? positions, long count) : IReadOnlyList<string>
{
    public int Count { get; } = checked((int)count);

    /// <summary>Whether name i is of position i: nothing was selected.</summary>
    public bool FollowPosition { get; } = positions is null;

    /// <summary>Position in the file: a selected part keeps the names it has in the whole.</summary>
    public string this[int index] => Name(prefix, positions is null ? index : positions[index]);

    public static string Name(char prefix, long index) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{index + 1}");

    public IEnumerator<string> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
