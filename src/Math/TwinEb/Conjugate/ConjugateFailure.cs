using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// What of a round is no number to go on with: not finite, or beyond 1e300, which a sum over shards could take to infinity. A shard says it
/// in its partial by numbers (<see cref="ConjugateKeys.Failed"/>, which is empty where all is well); the coordinator keeps it in words.
/// </summary>
internal static class ConjugateFailure
{
    private const double Greatest = 1e300;

    // Shard, array, row.
    private const int Width = 3;

    /// <summary>Adds to a partial whether all of it is well; where it is not, its numbers become 0, so that it can be summed.</summary>
    /// <param name="partial">The partial.</param>
    /// <param name="shard">Whose it is.</param>
    /// <param name="row">The row of the whole matrix whose posterior is not finite; -1 for none.</param>
    public static ArraySet Checked(ArraySet partial, ShardId shard, long row)
    {
        var which = -1;
        for (var a = 0; row < 0 && which < 0 && a < partial.Count; a++)
        {
            which = FirstBad(partial[a].Values) >= 0 ? a : -1;
        }

        if (row < 0 && which < 0)
        {
            return partial.Set(ConjugateKeys.Failed, [], [0, Width]);
        }

        foreach (var array in partial)
        {
            array.Values.AsSpan().Clear();
        }

        return partial.Set(ConjugateKeys.Failed, [shard.Value, which, row], [1, Width]);
    }

    /// <summary>What failed, in words: of the shards, the first; null if all is well.</summary>
    public static string? Of(ArraySet partial)
    {
        var failed = partial.Get(ConjugateKeys.Failed);
        if (failed.Length == 0)
        {
            return null;
        }

        var first = 0;
        for (var at = Width; at < failed.Length; at += Width)
        {
            first = failed[at] < failed[first] ? at : first;
        }

        var (shard, which, row) = ((int)failed[first], (int)failed[first + 1], (long)failed[first + 2]);
        return row >= 0 ? Say($"the posterior of row {row + 1} (shard {shard})") : Say($"the sum '{partial[which].Name}' of shard {shard}");
    }

    /// <summary>What of the coordinator's columns, priors and objective failed, in words; null if all is well.</summary>
    public static string? OfState(StateSet<ConjugateField> state, ConjugateParameters parameters)
    {
        foreach (var key in parameters.Keys.Where(state.Has))
        {
            var array = state.Arrays.Get(key.Name);
            var at = FirstBad(array.Values);
            if (at >= 0)
            {
                // Of a prior the first dimension is the component, of the columns' posteriors the column.
                var isPrior = array.Name.StartsWith("rowPrior.", StringComparison.Ordinal) ||
                    array.Name.StartsWith("columnPrior.", StringComparison.Ordinal)
                    || array.Name.StartsWith("columnStatistics.", StringComparison.Ordinal);
                var width = array.Shape.Length > 1 ? array.Shape[1..].Aggregate(1, (product, length) => product * length) : 1;
                return Say(array.Shape.Length == 0
                    ? $"'{array.Name}'"
                    : $"'{array.Name}' of {(isPrior ? "component" : "column")} {(at / width) + 1}");
            }
        }

        return double.IsFinite(state[ConjugateField.Objective]) ? null : Say("the objective");
    }

    /// <summary>Words as an array, for a state.</summary>
    public static double[] Units(string words) => [.. words.Select(unit => (double)unit)];

    /// <summary>Words from <see cref="Units"/>.</summary>
    public static string Words(double[] units) => new([.. units.Select(unit => (char)unit)]);

    private static string Say(string what) => $"{what} is not finite, or beyond 1e300";

    private static int FirstBad(double[] values)
    {
        for (var at = 0; at < values.Length; at++)
        {
            // A NaN is not within either.
            if (!(double.Abs(values[at]) <= Greatest))
            {
                return at;
            }
        }

        return -1;
    }
}
