using System.Collections;
using System.Runtime.Intrinsics;

namespace FitCluster.Messages;

/// <summary>
/// An ordered set of named float64 arrays: the one form in which a model's global state, a shard's state, a broadcast and a
/// partial result travel, are summed, are saved and are compared. Whole numbers (counters, phases, flags) are stored as
/// doubles, which hold them exactly up to 2^53.
/// </summary>
public sealed class ArraySet : IReadOnlyList<NamedArray>
{
    private readonly List<NamedArray> _arrays = [];
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);

    /// <summary>The number of arrays.</summary>
    public int Count => _arrays.Count;

    /// <summary>The size of all values in bytes.</summary>
    public long Bytes => _arrays.Sum(a => 8L * a.Values.Length);

    /// <summary>The array at a position, in the order of adding.</summary>
    public NamedArray this[int index] => _arrays[index];

    /// <summary>The values of an array by its name.</summary>
    /// <exception cref="KeyNotFoundException">There is no array of that name.</exception>
    public double[] this[string name] => Get(name).Values;

    /// <summary>Adds an array, or replaces the one of the same name in its place. Returns this set.</summary>
    public ArraySet Set(NamedArray array)
    {
        if (_index.TryGetValue(array.Name, out var at))
        {
            _arrays[at] = array;
        }
        else
        {
            _index.Add(array.Name, _arrays.Count);
            _arrays.Add(array);
        }

        return this;
    }

    /// <summary>Adds or replaces an array; the values are taken without a copy. Returns this set.</summary>
    public ArraySet Set(string name, double[] values, int[]? shape = null, Reduction reduction = Reduction.Sum) =>
        Set(new NamedArray(name, values, shape, reduction));

    /// <summary>Adds or replaces a scalar. Returns this set.</summary>
    public ArraySet Set(string name, double value, Reduction reduction = Reduction.Sum) =>
        Set(new NamedArray(name, [value], [], reduction));

    /// <summary>The array of a name.</summary>
    /// <exception cref="KeyNotFoundException">There is no array of that name.</exception>
    public NamedArray Get(string name) =>
        _index.TryGetValue(name, out var at)
            ? _arrays[at]
            : throw new KeyNotFoundException($"there is no array '{name}' (there are: {string.Join(", ", _arrays.Select(a => a.Name))})");

    /// <summary>Whether there is an array of this name.</summary>
    public bool Contains(string name) => _index.ContainsKey(name);

    /// <summary>The first value of an array: how a scalar is read.</summary>
    public double Scalar(string name) => Get(name).Values[0];

    /// <summary>Takes all arrays out.</summary>
    public void Clear()
    {
        _arrays.Clear();
        _index.Clear();
    }

    /// <summary>A copy that shares nothing.</summary>
    public ArraySet Clone()
    {
        var copy = new ArraySet();
        foreach (var array in _arrays)
        {
            copy.Set(array.Clone());
        }

        return copy;
    }

    /// <summary>
    /// Combines other shards' partial results into this one, in place. Call it in the order of the shards: the order of
    /// floating-point additions is part of what makes a fit reproducible.
    /// </summary>
    /// <exception cref="ArgumentException">Two sets differ in names, order, shapes or reductions.</exception>
    public void Combine(params ReadOnlySpan<ArraySet> others)
    {
        foreach (var other in others)
        {
            if (other.Count != Count)
            {
                throw new ArgumentException($"a partial result has {other.Count} arrays where {Count} were expected", nameof(others));
            }
        }

        for (var a = 0; a < _arrays.Count; a++)
        {
            foreach (var other in others)
            {
                CheckAlike(_arrays[a], other._arrays[a]);
                Add(_arrays[a], other._arrays[a].Values);
            }

            if (_arrays[a].Reduction == Reduction.Append)
            {
                Append(a, others);
            }
        }
    }

    private static void CheckAlike(NamedArray mine, NamedArray theirs)
    {
        var fixedFrom = mine.Reduction == Reduction.Append ? 1 : 0;
        if (mine.Name != theirs.Name || mine.Reduction != theirs.Reduction || mine.Shape.Length != theirs.Shape.Length ||
            mine.Shape.Length < fixedFrom
            || !mine.Shape.AsSpan(fixedFrom).SequenceEqual(theirs.Shape.AsSpan(fixedFrom)))
        {
            throw new ArgumentException(
                $"a partial result has '{theirs.Name}' [{string.Join(", ", theirs.Shape)}] where '{mine.Name}' " +
                $"[{string.Join(", ", mine.Shape)}] was expected");
        }
    }

    private static void Add(NamedArray mine, double[] from)
    {
        var to = mine.Values;
        if (mine.Reduction == Reduction.Sum)
        {
            for (var i = 0; i < to.Length; i++)
            {
                to[i] += from[i];
            }
        }
        else if (mine.Reduction == Reduction.Max)
        {
            for (var i = 0; i < to.Length; i++)
            {
                to[i] = double.Max(to[i], from[i]);
            }
        }
    }

    // All at once: one after the other each would copy what is there.
    private void Append(int a, ReadOnlySpan<ArraySet> others)
    {
        var mine = _arrays[a];
        var (rows, length) = (mine.Shape[0], mine.Values.Length);
        foreach (var other in others)
        {
            (rows, length) = (rows + other._arrays[a].Shape[0], length + other._arrays[a].Values.Length);
        }

        var values = new double[length];
        mine.Values.CopyTo(values, 0);
        var at = mine.Values.Length;
        foreach (var other in others)
        {
            var more = other._arrays[a].Values;
            more.CopyTo(values, at);
            at += more.Length;
        }

        _arrays[a] = new NamedArray(mine.Name, values, [rows, .. mine.Shape[1..]], mine.Reduction);
    }

    /// <summary>The name of the first array that has a NaN or (where a maximum is not taken) an infinite value; null if none has.</summary>
    public string? FirstNonFinite()
    {
        foreach (var array in _arrays)
        {
            if (!IsAcceptable(array))
            {
                return array.Name;
            }
        }

        return null;
    }

    // Every round looks at every value: so the sum of 0 x value, 8 at a time, decides, and only where it is not 0 each value is looked at.
    private static bool IsAcceptable(NamedArray array)
    {
        var values = array.Values.AsSpan();
        var zeros = Vector512<double>.Zero;
        var at = 0;
        for (; at + Vector512<double>.Count <= values.Length; at += Vector512<double>.Count)
        {
            zeros += Vector512.Create<double>(values.Slice(at, Vector512<double>.Count)) * Vector512<double>.Zero;
        }

        var sum = Vector512.Sum(zeros);
        foreach (var value in values[at..])
        {
            sum += value * 0;
        }

        if (sum == 0)
        {
            return true;
        }

        foreach (var value in values)
        {
            if (double.IsNaN(value) || (array.Reduction != Reduction.Max && double.IsInfinity(value)))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public IEnumerator<NamedArray> GetEnumerator() => _arrays.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
