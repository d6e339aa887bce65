using FitCluster.Data.Writing;
using FitCluster.Messages;

namespace FitCluster.Models.Results;

/// <summary>
/// Writes arrays with a row for each row of the data, shard by shard: .npy, and .tsv with names where tables are wanted.
/// Holds one shard's rows at a time at most.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="names">The names of all rows.</param>
/// <param name="tables">Whether tables are written.</param>
/// <param name="describe">The file of an array, without ending, and the names of its columns; null: it is not written.</param>
internal sealed class RowArrayWriter(
    string folder, IReadOnlyList<string> names, bool tables, Func<NamedArray, (string File, IReadOnlyList<string> Labels)?> describe)
    : IDisposable
{
    private readonly List<(string Name, NpyWriter Npy, TsvWriter? Tsv)> _writers = [];
    private bool _isOpen;
    private int _row;

    /// <summary>Appends the rows of the next shard.</summary>
    public void Append(ArraySet shard)
    {
        if (!_isOpen)
        {
            Open(shard);
        }

        var count = 0;
        foreach (var (name, npy, tsv) in _writers)
        {
            var array = shard.Get(name);
            count = array.Shape[0];
            npy.Append(array.Values);
            var width = count == 0 ? 0 : array.Values.Length / count;
            for (var i = 0; tsv is not null && i < count; i++)
            {
                tsv.Append(names[_row + i], array.Values.AsSpan(i * width, width));
            }
        }

        _row += count;
    }

    /// <summary>Completes the files.</summary>
    public void Finish()
    {
        foreach (var (_, npy, tsv) in _writers)
        {
            npy.Finish();
            tsv?.Finish();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, npy, tsv) in _writers)
        {
            npy.Dispose();
            tsv?.Dispose();
        }
    }

    private void Open(ArraySet first)
    {
        _isOpen = true;
        foreach (var array in first)
        {
            if (describe(array) is not { } found)
            {
                continue;
            }

            var path = Path.Combine(folder, found.File);
            _writers.Add((
                array.Name,
                new NpyWriter(path + ".npy", [names.Count, .. array.Shape.Skip(1).Select(length => (long)length)]),
                tables ? new TsvWriter(path + ".tsv", "name", found.Labels) : null));
        }
    }
}
