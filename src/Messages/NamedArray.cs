namespace FitCluster.Messages;

/// <summary>How the shards' arrays of one name become one.</summary>
public enum Reduction
{
    /// <summary>Element-wise sum, in the order of the shards.</summary>
    Sum = 0,

    /// <summary>Element-wise maximum (a minimum is the maximum of the negated values).</summary>
    Max = 1,

    /// <summary>Along the first dimension, in the order of the shards: each has a part, which may be empty.</summary>
    Append = 2,
}

/// <summary>
/// A float64 array with a name and a shape (row-major). The values are owned by whoever owns the <see cref="ArraySet"/>:
/// a receiver of a message must not write to them.
/// </summary>
public sealed class NamedArray
{
    /// <summary>Takes the values without a copy.</summary>
    /// <exception cref="ArgumentException">The shape does not have as many elements as there are values.</exception>
    public NamedArray(string name, double[] values, int[]? shape = null, Reduction reduction = Reduction.Sum)
    {
        Name = name;
        Values = values;
        Shape = shape ?? [values.Length];
        Reduction = reduction;
        var elements = 1L;
        foreach (var length in Shape)
        {
            elements *= length;
        }

        if (elements != values.Length)
        {
            throw new ArgumentException(
                $"array '{name}' has {values.Length} values, but its shape [{string.Join(", ", Shape)}] has {elements}", nameof(shape));
        }
    }

    /// <summary>The name, unique within its set.</summary>
    public string Name { get; }

    /// <summary>The lengths of the dimensions; empty for a scalar.</summary>
    public int[] Shape { get; }

    /// <summary>The values, row-major.</summary>
    public double[] Values { get; }

    /// <summary>How partial results of this name are combined over the shards.</summary>
    public Reduction Reduction { get; }

    /// <summary>A copy that shares nothing.</summary>
    public NamedArray Clone() => new(Name, (double[])Values.Clone(), (int[])Shape.Clone(), Reduction);
}
