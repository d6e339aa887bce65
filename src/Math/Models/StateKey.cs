using FitCluster.Messages;

namespace FitCluster.Math.Models;

/// <summary>
/// An array of a state, a broadcast or a partial result, declared once: code names the key, never the text. A key may stand for a family of
/// arrays, one for each index (<see cref="At"/>) or in each scope (<see cref="In"/>), as in "factor.3.mean" or "best.columns".
/// </summary>
/// <param name="Name">The array's name in an <see cref="ArraySet"/>: what <c>np.load</c> of a checkpoint shows.</param>
/// <param name="Reduction">How shards' partial results of this name are combined; of no meaning in a state.</param>
public sealed record StateKey(string Name, Reduction Reduction = Reduction.Sum)
{
    /// <summary>The array of this family that belongs to an index (a factor, a component), 0 or more.</summary>
    public StateKey At(int index) =>
        this with { Name = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Name}.{index}") };

    /// <summary>The array of this family in a scope, as in "best"; itself in the scope "".</summary>
    public StateKey In(string scope) => scope.Length == 0 ? this : this with { Name = $"{scope}.{Name}" };
}

/// <summary>Arrays by their keys.</summary>
public static class StateKeys
{
    /// <summary>The values of an array; shared, not copied.</summary>
    /// <exception cref="KeyNotFoundException">There is no array of that key.</exception>
    public static double[] Get(this ArraySet set, StateKey key) => set[key.Name];

    /// <summary>The first value of an array: how a scalar is read.</summary>
    /// <exception cref="KeyNotFoundException">There is no array of that key.</exception>
    public static double Scalar(this ArraySet set, StateKey key) => set.Scalar(key.Name);

    /// <summary>Whether there is an array of this key.</summary>
    public static bool Has(this ArraySet set, StateKey key) => set.Contains(key.Name);

    /// <summary>Adds or replaces an array; the values are taken without a copy. Returns the set.</summary>
    public static ArraySet Set(this ArraySet set, StateKey key, double[] values, int[]? shape = null) =>
        set.Set(key.Name, values, shape, key.Reduction);

    /// <summary>Adds or replaces a scalar. Returns the set.</summary>
    public static ArraySet Set(this ArraySet set, StateKey key, double value) => set.Set(key.Name, value, key.Reduction);
}
