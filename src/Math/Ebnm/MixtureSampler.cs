namespace FitCluster.Math.Ebnm;

/// <summary>Draws from posteriors under a mixture of given components.</summary>
internal static class MixtureSampler
{
    /// <summary>One draw for each observation: uniforms(i, 0) chooses the component, uniforms(i, 1) is the quantile within it.</summary>
    public static void Sample(
        PriorComponent[] components, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Func<int, int, double> uniforms, Span<double> sample)
    {
        var present = Array.FindAll(components, c => c.Weight > 0);
        var cumulative = new double[present.Length];
        for (var i = 0; i < x.Length; i++)
        {
            Cumulate(present, x[i], s[i], cumulative);
            var target = uniforms(i, 0) * cumulative[^1];
            var k = 0;
            while (k < present.Length - 1 && cumulative[k] <= target)
            {
                k++;
            }

            sample[i] = GridComponentScalar.Quantile(present[k], x[i], s[i], uniforms(i, 1));
        }
    }

    // Running sums of posterior weights, up to a common factor.
    private static void Cumulate(PriorComponent[] components, double x, double s, double[] cumulative)
    {
        var most = double.NegativeInfinity;
        for (var k = 0; k < components.Length; k++)
        {
            var log = double.IsInfinity(s) ? 0 : GridComponentScalar.Posterior(components[k], x, s).LogLikelihood;
            cumulative[k] = double.Log(components[k].Weight) + log;
            most = double.Max(most, cumulative[k]);
        }

        var sum = 0.0;
        for (var k = 0; k < components.Length; k++)
        {
            sum += double.Exp(cumulative[k] - most);
            cumulative[k] = sum;
        }
    }
}
