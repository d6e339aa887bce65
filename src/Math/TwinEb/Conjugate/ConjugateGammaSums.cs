using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>The M-step's statistics while they are summed, of the components that are in alone.</summary>
/// <param name="active">These, by their index in the prior.</param>
/// <param name="factors">L.</param>
/// <param name="stride">From one component's moments to the next's: factors, or more.</param>
internal sealed class ConjugateGammaSums(int[] active, int factors, int stride)
{
    private readonly double[] _counts = new double[active.Length];
    private readonly double[] _means = new double[active.Length * stride];
    private readonly double[] _logs = new double[active.Length * stride];

    /// <summary>
    /// Adds a vector's part of active component c, of responsibility r; moments of all components, in rows of the stride.
    /// </summary>
    public void Add(int c, double r, double[] means, double[] logs)
    {
        _counts[c] += r;
        FactorKernel.AddScaled(r, means.AsSpan(c * stride, stride), _means.AsSpan(c * stride, stride));
        FactorKernel.AddScaled(r, logs.AsSpan(c * stride, stride), _logs.AsSpan(c * stride, stride));
    }

    /// <summary>The statistics, for a prior of so many components.</summary>
    public ConjugateGammaStatistics Of(int components)
    {
        var statistics = new ConjugateGammaStatistics(components, factors);
        for (var c = 0; c < active.Length; c++)
        {
            statistics.Counts[active[c]] = _counts[c];
            _means.AsSpan(c * stride, factors).CopyTo(statistics.Means.AsSpan(active[c] * factors));
            _logs.AsSpan(c * stride, factors).CopyTo(statistics.Logs.AsSpan(active[c] * factors));
        }

        return statistics;
    }
}
