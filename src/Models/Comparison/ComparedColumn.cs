namespace FitCluster.Models.Comparison;

/// <summary>How a column differs between two groups.</summary>
/// <param name="Lfc">The posterior mean of the difference of natural logarithms, a - b, beyond the reference.</param>
/// <param name="Sd">Its posterior standard deviation.</param>
/// <param name="Lfsr">The local false sign rate: 1 - max(P(difference &gt; 0), P(difference &lt; 0)).</param>
/// <param name="LfsrBeyond">The same beyond the threshold t: 1 - max(P(difference &gt; t), P(difference &lt; -t)).</param>
/// <param name="Pefp">
/// The expected share of false positives when this column and all of a smaller rate (<see cref="LfsrBeyond"/>) are called: their mean rate.
/// </param>
public readonly record struct ComparedColumn(double Lfc, double Sd, double Lfsr, double LfsrBeyond, double Pefp);

/// <summary>Expected false positives among columns that are called by their local rates.</summary>
public static class FalsePositives
{
    /// <summary>By column: the mean rate of the columns whose rate is not above its own.</summary>
    public static double[] Expected(ReadOnlySpan<double> rates)
    {
        var (sorted, order) = (rates.ToArray(), new int[rates.Length]);
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(sorted, order);
        var expected = new double[rates.Length];
        var sum = 0.0;
        for (var first = 0; first < sorted.Length;)
        {
            // Equal rates are called together.
            var next = first;
            for (; next < sorted.Length && sorted[next] == sorted[first]; next++)
            {
                sum += sorted[next];
            }

            for (; first < next; first++)
            {
                expected[order[first]] = sum / next;
            }
        }

        return expected;
    }

    /// <summary>
    /// How many columns can be called so that the expected share of false ones among them is at most a target, and that share.
    /// </summary>
    /// <param name="expected">What <see cref="Expected"/> says.</param>
    /// <param name="target">The target.</param>
    public static (int Count, double Share) Callable(ReadOnlySpan<double> expected, double target)
    {
        var (count, share) = (0, 0.0);
        foreach (var value in expected)
        {
            if (value <= target)
            {
                (count, share) = (count + 1, double.Max(share, value));
            }
        }

        return (count, share);
    }
}
