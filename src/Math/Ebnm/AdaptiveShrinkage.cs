namespace FitCluster.Math.Ebnm;

/// <summary>
/// Adaptive shrinkage (Stephens 2017, Biostatistics 18): what a mixture prior with a point mass says about the sign of each effect. With
/// p-, p0 and p+ the posterior masses below, at and above 0: lfdr = p0, lfsr = p0 + min(p-, p+); the q-value (s-value) of an effect is the
/// mean lfdr (lfsr) of all effects with no larger one. All arrays have the length of x.
/// </summary>
public sealed class AdaptiveShrinkage
{
    private AdaptiveShrinkage(int n)
    {
        NegativeProbability = new double[n];
        PositiveProbability = new double[n];
        LocalFalseDiscoveryRate = new double[n];
        LocalFalseSignRate = new double[n];
        PosteriorMean = new double[n];
        PosteriorStandardDeviation = new double[n];
        QValue = [];
        SValue = [];
    }

    /// <summary>P(theta_i &lt; 0 | x_i).</summary>
    public double[] NegativeProbability { get; }

    /// <summary>P(theta_i &gt; 0 | x_i).</summary>
    public double[] PositiveProbability { get; }

    /// <summary>P(theta_i = 0 | x_i).</summary>
    public double[] LocalFalseDiscoveryRate { get; }

    /// <summary>P(theta_i = 0 | x_i) + min(P(theta_i &lt; 0 | x_i), P(theta_i &gt; 0 | x_i)).</summary>
    public double[] LocalFalseSignRate { get; }

    /// <summary>The mean lfdr of the effects with an lfdr of at most this one's (ties in the order of the index).</summary>
    public double[] QValue { get; private set; }

    /// <summary>The mean lfsr of the effects with an lfsr of at most this one's.</summary>
    public double[] SValue { get; private set; }

    /// <summary>E(theta_i | x_i).</summary>
    public double[] PosteriorMean { get; }

    /// <summary>The standard deviation of theta_i given x_i.</summary>
    public double[] PosteriorStandardDeviation { get; }

    /// <summary>sum_i log integral N(x_i; theta, s_i^2) g(dtheta).</summary>
    public double LogLikelihood { get; private set; }

    /// <summary>
    /// The quantities under a prior of points, normals, uniforms and truncated normals. O(n M) and a sort; x_i
    /// ~ N(theta_i, s_i^2), s &gt; 0 or infinity.
    /// </summary>
    public static AdaptiveShrinkage Compute(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s)
    {
        CheckLengths(x, s);
        var result = new AdaptiveShrinkage(x.Length);
        var components = prior.Components;
        var (mean, variance, lfsr) = (result.PosteriorMean, result.PosteriorStandardDeviation, result.LocalFalseSignRate);
        result.LogLikelihood = MixtureKernels.Moments(components, x, s, mean, variance);
        MixtureKernels.Signs(components, x, s, result.NegativeProbability, result.LocalFalseDiscoveryRate, result.PositiveProbability);
        for (var i = 0; i < x.Length; i++)
        {
            variance[i] = double.Sqrt(variance[i]);
            lfsr[i] = result.LocalFalseDiscoveryRate[i] + double.Min(result.NegativeProbability[i], result.PositiveProbability[i]);
        }

        result.QValue = RunningMeans(result.LocalFalseDiscoveryRate);
        result.SValue = RunningMeans(lfsr);
        return result;
    }

    /// <summary>
    /// Fits the weights of any given components (points, normals, uniforms, truncated normals, as half normals are) to observations: the
    /// maximum of log-likelihood + (<paramref name="nullWeight"/> - 1) log pi_0, where component 0 is the null. Weights in
    /// <paramref name="start"/> are where to begin.
    /// </summary>
    /// <param name="start">The components.</param>
    /// <param name="x">The observations.</param>
    /// <param name="s">Their standard errors.</param>
    /// <param name="nullWeight">At least 1: 1 is maximum likelihood ("uniform"), 10 the null-biased prior of Stephens (2017).</param>
    public static EbnmFit FitWeights(Prior start, ReadOnlySpan<double> x, ReadOnlySpan<double> s, double nullWeight)
    {
        CheckLengths(x, s);
        if (!(nullWeight >= 1))
        {
            throw new ArgumentException($"nullWeight is {nullWeight}; it must be at least 1, which is plain maximum likelihood");
        }

        var even = 1.0 / start.Components.Length;
        var rows = MixtureKernels.Rows(start.Components, x, s);
        var weights = Array.ConvertAll(start.Components, c => (0.5 * c.Weight) + (0.5 * even));
        return MixtureWeights.Solve(rows, weights, nullWeight - 1).Of(start);
    }

    /// <summary>For each rate, the mean of the rates up to it in increasing order.</summary>
    public static double[] RunningMeans(ReadOnlySpan<double> rates)
    {
        var sorted = rates.ToArray();
        var order = new int[sorted.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        // Ties by index: Array.Sort is not stable.
        Array.Sort(order, (a, b) => sorted[a] != sorted[b] ? sorted[a].CompareTo(sorted[b]) : a.CompareTo(b));
        var result = new double[sorted.Length];
        var sum = 0.0;
        for (var i = 0; i < order.Length; i++)
        {
            sum += sorted[order[i]];
            result[order[i]] = sum / (i + 1);
        }

        return result;
    }

    private static void CheckLengths(ReadOnlySpan<double> x, ReadOnlySpan<double> s)
    {
        if (x.Length != s.Length)
        {
            throw new ArgumentException($"x has {x.Length} elements and s has {s.Length}; they must be equally many");
        }
    }
}
