namespace FitCluster.Math.Ebnm;

/// <summary>Posterior standard deviations, over more of the range of doubles than their squares have.</summary>
public static class PosteriorDeviations
{
    // A variance outside of these has lost digits, or is 0 or infinite, where its root need not be.
    private const double Least = 1e-290;
    private const double Largest = 1e300;

    // Units in which the squares of all doubles are of ordinary size, one or the other.
    private static readonly int[] Exponents = [480, 960];

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

        return result;
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
