using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// What of a round is no number to go on with: not finite, or beyond 1e300, which a sum over shards could take to infinity. A shard says it in its partial by numbers, since
/// partials are sums and maxima ("failedShard": -(64 x shard + which array), "failedRow": -row; minus infinity where all is well); the coordinator keeps it in words.
/// </summary>
internal static class ConjugateFailure
{
    private const double Greatest = 1e300;

    // More than a partial has arrays; 0 stands for a row.
    private const int MostArrays = 64;

    /// <summary>Adds to a partial whether all of it is well; where it is not, its numbers become 0, so that it can be summed.</summary>
    /// <param name="partial">The partial.</param>
    /// <param name="shard">Whose it is.</param>
    /// <param name="row">The row of the whole matrix whose posterior is not finite; -1 for none.</param>
    public static ArraySet Checked(ArraySet partial, ShardId shard, long row)
    {
        var which = row >= 0 ? 0 : -1;
        for (var a = 0; which < 0 && a < partial.Count; a++)
        {
            which = FirstBad(partial[a].Values) >= 0 ? a + 1 : -1;
        }

        if (which >= 0)
        {
            foreach (var array in partial)
            {
                array.Values.AsSpan().Clear();
            }
        }

        return partial
            .Set("failedShard", which >= 0 ? -(((double)MostArrays * shard.Value) + which) : double.NegativeInfinity, Reduction.Max)
            .Set("failedRow", which == 0 ? -(double)row : double.NegativeInfinity, Reduction.Max);
    }

    /// <summary>What failed, in words: of the shards, the first; null if all is well.</summary>
    public static string? Of(ArraySet partial)
    {
        if (double.IsNegativeInfinity(partial.Scalar("failedShard")))
        {
            return null;
        }

        var (shard, which) = long.DivRem((long)-partial.Scalar("failedShard"), MostArrays);
        return which == 0
            ? Say($"the posterior of row {(long)-partial.Scalar("failedRow") + 1} (shard {shard})")
            : Say($"the sum '{partial[(int)which - 1].Name}' of shard {shard}");
    }

    /// <summary>What of the coordinator's columns, priors and objective failed, in words; null if all is well.</summary>
    public static string? OfState(ArraySet global)
    {
        foreach (var array in global.Where(IsParameter))
        {
            var at = FirstBad(array.Values);
            if (at >= 0)
            {
                // Of a prior the first dimension is the component, of the columns' posteriors the column.
                var isPrior = array.Name.StartsWith("rowPrior", StringComparison.Ordinal) || array.Name.StartsWith("columnPrior.", StringComparison.Ordinal)
                    || array.Name.StartsWith("columnStatistics", StringComparison.Ordinal);
                var width = array.Shape.Length > 1 ? array.Shape[1..].Aggregate(1, (product, length) => product * length) : 1;
                return Say(array.Shape.Length == 0 ? $"'{array.Name}'" : $"'{array.Name}' of {(isPrior ? "component" : "column")} {(at / width) + 1}");
            }
        }

        return double.IsFinite(global.Scalar("objective")) ? null : Say("the objective");
    }

    /// <summary>Words as an array, for a state.</summary>
    public static double[] Units(string words) => [.. words.Select(unit => (double)unit)];

    /// <summary>Words from <see cref="Units"/>.</summary>
    public static string Words(double[] units) => new([.. units.Select(unit => (char)unit)]);

    /// <summary>Whether an array of the coordinator's state is of columns or of a prior.</summary>
    public static bool IsParameter(NamedArray array) =>
        array.Name.StartsWith("column", StringComparison.Ordinal) || array.Name.StartsWith("rowPrior", StringComparison.Ordinal);

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
