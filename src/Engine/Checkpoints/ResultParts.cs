using System.Collections;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Loads a part of the results from wherever they are; waits for it.</summary>
/// <exception cref="ResultPartException">The part is damaged, or the store is away.</exception>
public delegate ArraySet ResultLoader(LoadPart part);

/// <summary>
/// The shards' rows of the results, in shard order, each loaded when it is asked for and kept by nobody: whoever goes through them holds
/// one part at a time.
/// </summary>
/// <param name="job">The job.</param>
/// <param name="round">The round after which they were collected.</param>
/// <param name="parts">The parts, in shard order.</param>
/// <param name="load">Loads one.</param>
public sealed class ResultParts(JobName job, Round round, IReadOnlyList<CheckpointPart> parts, ResultLoader load) : IReadOnlyList<ArraySet>
{
    // So that asking for the same part twice in a row does not load it twice, unless nobody has it any more.
    private readonly WeakReference<ArraySet?> _last = new(null);
    private int _lastIndex = -1;

    /// <summary>What was collected: who saved it, its checksum and its size.</summary>
    public IReadOnlyList<CheckpointPart> Parts => parts;

    /// <summary>The number of shards.</summary>
    public int Count => parts.Count;

    /// <summary>Loads a shard's rows of the results. One thread at a time.</summary>
    /// <exception cref="ResultPartException">The part is damaged, or the store is away.</exception>
    public ArraySet this[int index]
    {
        get
        {
            if (index == _lastIndex && _last.TryGetTarget(out var last))
            {
                return last;
            }

            var part = parts[index];
            var rows = load(new LoadPart(job, part.Attempt, round, part.Shard, part.Checksum, PartKind.Result));
            _last.SetTarget(rows);
            _lastIndex = index;
            return rows;
        }
    }

    /// <summary>Goes through all parts, loading one after the other.</summary>
    public IEnumerator<ArraySet> GetEnumerator()
    {
        for (var index = 0; index < Count; index++)
        {
            yield return this[index];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
