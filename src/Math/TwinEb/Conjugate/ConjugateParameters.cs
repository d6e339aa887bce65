using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The arrays of columns and priors at the coordinator: what is checked after each round, what is remembered while a sweep is under way,
/// and what is kept of the best restart.
/// </summary>
/// <param name="keys">The arrays, in the order in which they are checked.</param>
internal sealed class ConjugateParameters(StateKey[] keys)
{
    private readonly StateKey[] _best = [.. keys.Select(key => key.In(ConjugateKeys.Best))];
    private readonly StateKey[] _kept = [.. keys.Select(key => key.In(ConjugateKeys.Kept))];
    private readonly StateKey[] _before = [.. keys.Select(key => key.In(ConjugateKeys.Before))];

    /// <summary>The arrays.</summary>
    public IReadOnlyList<StateKey> Keys => keys;

    /// <summary>Keeps them as those of the best restart; shared, not copied.</summary>
    public void Keep(ArraySet set) => Share(set, keys, set, _best);

    /// <summary>Keeps them as those of the restart's best state by validation.</summary>
    public void KeepOfRestart(ArraySet set) => Share(set, keys, set, _kept);

    /// <summary>Goes back to the restart's best state, and drops it as such.</summary>
    public void TakeKept(ArraySet set)
    {
        Share(set, _kept, set, keys);
        foreach (var key in _kept.Where(set.Has))
        {
            set.Set(key, []);
        }
    }

    /// <summary>Until the columns of a sweep are there, the state before it is the last that is whole.</summary>
    public void Remember(ArraySet set) => Share(set, keys, set, _before);

    /// <summary>Goes back to the remembered ones.</summary>
    public void GoBack(ArraySet set)
    {
        Share(set, _before, set, keys);
        Forget(set);
    }

    /// <summary>Drops the remembered ones.</summary>
    public void Forget(ArraySet set)
    {
        foreach (var key in _before.Where(set.Has))
        {
            set.Set(key, []);
        }
    }

    /// <summary>Takes those that a part has.</summary>
    public void Take(ArraySet part, ArraySet set) => Share(part, keys, set, keys);

    /// <summary>Arrays of a scope of the state, shared with a broadcast, where they are in none.</summary>
    public static void Broadcast(ArraySet state, string scope, StateKey[] keys, ArraySet broadcast)
    {
        foreach (var key in keys)
        {
            var array = state.Get(key.In(scope).Name);
            broadcast.Set(key.Name, array.Values, array.Shape);
        }
    }

    private static void Share(ArraySet source, StateKey[] from, ArraySet target, StateKey[] to)
    {
        for (var k = 0; k < from.Length; k++)
        {
            if (source.Has(from[k]))
            {
                var array = source.Get(from[k].Name);
                target.Set(to[k].Name, array.Values, array.Shape);
            }
        }
    }
}
