namespace FitCluster.Math.Ebnm;

/// <summary>Posterior standard deviations, over more of the range of doubles than their squares have.</summary>
public static class PosteriorDeviations
{
    // A variance outside of these has lost digits, or is 0 or infinite, where its root need not be.
    private const double Least = 1e-290;
    private const double Largest = 1e300;

    // Units in which the squares of all doubles are of ordinary size, one or the other.
    private static readonly int[] Exponents = [480, 960];

    // Lengths below 2^1021 may be added and halved.
    private const int LargestExponent = 1020;

    /// <summary>
    /// The standard deviations of theta_i given x_i, i = 0..n-1: the roots of the variances that <see cref="IEbnmFamily.Moments"/> gave for
    /// the same x and s, where these are of ordinary size; elsewhere the observations are solved again in another unit, a power of two, by
    /// which nothing is rounded.
    /// </summary>
    public static double[] Of(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, ReadOnlySpan<double> variance)
    {
        var result = new double[x.Length];
        var left = new List<int>();
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = double.Sqrt(variance[i]);
            if (!(variance[i] is > Least and < Largest))
            {
                left.Add(i);
            }
        }

        var family = EbnmFamilies.Get(prior.Family);
        foreach (var exponent in family.Traits.NeedsUnitErrors ? [] : Exponents)
        {
            Again(family, prior, x, s, left.FindAll(i => result[i] < 1), exponent, result);
            Again(family, prior, x, s, left.FindAll(i => result[i] > 1), -exponent, result);
            left.RemoveAll(i => double.IsNormal(result[i]));
        }

        // What is still nothing is small beside its own observation: the largest unit that leaves all lengths finite.
        var (extent, xs, ss) = (Extent(prior), x.ToArray(), s.ToArray());
        double Length(int i) => double.Max(extent, double.Max(double.Abs(xs[i]), double.IsFinite(ss[i]) ? ss[i] : 0));
        var small = family.Traits.NeedsUnitErrors ? [] : left.FindAll(i => result[i] < 1 && Length(i) is > 0 and < 1e300);
        foreach (var unit in small.GroupBy(i => LargestExponent - double.ILogB(Length(i))))
        {
            Again(family, prior, x, s, [.. unit], unit.Key, result);
        }

        return result;
    }

    // The greatest finite length in a prior.
    private static double Extent(Prior prior)
    {
        var extent = double.Abs(prior.Mode);
        foreach (var c in prior.Components)
        {
            foreach (var length in (ReadOnlySpan<double>)[c.Location, c.Scale, c.Low, c.High])
            {
                extent = double.IsFinite(length) ? double.Max(extent, double.Abs(length)) : extent;
            }
        }

        return extent;
    }

    private static void Again(
        IEbnmFamily family, Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, List<int> chosen, int exponent, double[] result)
    {
        var (xs, ss) = (new double[chosen.Count], new double[chosen.Count]);
        for (var k = 0; k < chosen.Count; k++)
        {
            (xs[k], ss[k]) = (double.ScaleB(x[chosen[k]], exponent), double.ScaleB(s[chosen[k]], exponent));
        }

        var (mean, variance) = (new double[xs.Length], new double[xs.Length]);
        family.Moments(prior.Scaled(exponent), xs, ss, mean, variance);
        for (var k = 0; k < chosen.Count; k++)
        {
            if (variance[k] is > Least and < Largest)
            {
                result[chosen[k]] = double.ScaleB(double.Sqrt(variance[k]), -exponent);
            }
        }
    }
}
