using System.Runtime.CompilerServices;
using FitCluster.Messages;

namespace FitCluster.Math.Models;

/// <summary>
/// The state of a model, at the coordinator or of a shard: scalars by enum, arrays by declared keys, in an <see cref="ArraySet"/> that is
/// saved as it is, so that nothing can be forgotten in a checkpoint. Made by a <see cref="StateFormat{TField}"/>. Not thread-safe.
/// </summary>
/// <typeparam name="TField">The scalars.</typeparam>
public sealed class StateSet<TField>
    where TField : struct, Enum
{
    private readonly double[] _scalars;

    internal StateSet(ArraySet arrays) => (Arrays, _scalars) = (arrays, arrays[StateFormat<TField>.Scalars]);

    /// <summary>The state as it travels and is saved; not a copy.</summary>
    public ArraySet Arrays { get; }

    /// <summary>A scalar.</summary>
    public double this[TField field]
    {
        get => _scalars[Unsafe.BitCast<TField, int>(field)];
        set => _scalars[Unsafe.BitCast<TField, int>(field)] = value;
    }

    /// <summary>An array, shared: who writes to its values must own the state.</summary>
    /// <exception cref="KeyNotFoundException">There is no array of that key.</exception>
    public double[] this[StateKey key]
    {
        get => Arrays.Get(key);
        set => Arrays.Set(key, value);
    }

    /// <summary>A scalar that is a whole number.</summary>
    public int Whole(TField field) => (int)this[field];

    /// <summary>A scalar that is true or false.</summary>
    public bool Is(TField field) => this[field] != 0;

    /// <summary>Sets a scalar that is true or false.</summary>
    public void Put(TField field, bool value) => this[field] = value ? 1 : 0;

    /// <summary>Adds or replaces an array of a shape; the values are taken without a copy.</summary>
    public void Put(StateKey key, double[] values, int[] shape) => Arrays.Set(key, values, shape);

    /// <summary>Whether there is an array of this key.</summary>
    public bool Has(StateKey key) => Arrays.Has(key);
}
