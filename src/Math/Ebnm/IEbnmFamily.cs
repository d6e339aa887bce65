namespace FitCluster.Math.Ebnm;

/// <summary>How a prior is moved by the sums over all shards.</summary>
public enum PriorStep
{
    /// <summary>An EM step: the log-likelihood at the same x and s never falls.</summary>
    Expectation,

    /// <summary>A safeguarded Newton (or sequential quadratic) step: faster, but a caller must check that it did not fall.</summary>
    Newton,
}

/// <summary>
/// Sums, maxima over observations from which a cold start of a prior is chosen: all of them can be combined over shards.
/// </summary>
/// <param name="Count">The number of observations with a finite s.</param>
/// <param name="SumX">The sum of x.</param>
/// <param name="SumX2">The sum of x^2.</param>
/// <param name="SumS2">The sum of s^2.</param>
/// <param name="MinX">The least x.</param>
/// <param name="MaxX">The largest x.</param>
/// <param name="MinS">The least s.</param>
/// <param name="MaxS">The largest s.</param>
public readonly record struct ObservationSummary(
    double Count, double SumX, double SumX2, double SumS2, double MinX, double MaxX, double MinS, double MaxS);

/// <summary>
/// One EBNM prior family: how it is fitted on one machine (<see cref="Fit"/>), its posteriors under a given prior, and how it is
/// fitted by sums over shards. In every method an observation with s = infinity carries no information: x is ignored, its
/// posterior is the prior, its log-likelihood term is 0. Lengths of x, s and outputs are equal.
/// Thread-safe; allocates nothing per observation.
/// </summary>
public interface IEbnmFamily
{
    /// <summary>The family.</summary>
    PriorFamily Family { get; }

    /// <summary>What callers must know of it.</summary>
    EbnmTraits Traits { get; }

    /// <summary>Fits the prior to all observations at once by maximum (penalized) likelihood, to tight tolerance.</summary>
    EbnmFit Fit(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options);

    /// <summary>Posterior means and variances under a prior. Returns the log-likelihood.</summary>
    double Moments(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance);

    /// <summary>
    /// Local false sign rates under a prior: min(P(theta &lt;= 0), P(theta &gt;= 0))
    /// (docs/ebnm.md, "False sign rates and false discovery rates").
    /// </summary>
    void FalseSignRates(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> lfsr);

    /// <summary>
    /// Draws from the posteriors: sample[i] from observation i. <paramref name="uniforms"/> gives draw d of observation i a uniform
    /// in (0, 1) as uniforms(i, d); which draws are used is a property of the family, so that equal arguments give equal samples.
    /// </summary>
    void Sample(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Func<int, int, double> uniforms, Span<double> sample);

    /// <summary>A cold start of the prior (with its grid, where it has one) from summed statistics.</summary>
    Prior ColdStart(in ObservationSummary summary, EbnmOptions options);

    /// <summary>The length of the statistics that <see cref="Accumulate"/> adds for this prior.</summary>
    int StatisticsLength(Prior prior);

    /// <summary>
    /// Posterior moments under the prior, as <see cref="Moments"/>, and at the same time adds to <paramref name="statistics"/>:
    /// [0] the count of observations with finite s, [1] the log-likelihood, [2] the log-likelihood of the point mass at the mode
    /// (NaN where the family does not contain it), and from [3] on what the family's <see cref="Step"/> needs. Sums over disjoint sets of
    /// observations add up.
    /// </summary>
    void Accumulate(
        Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance, Span<double> statistics);

    /// <summary>
    /// The next prior from the summed statistics at <paramref name="prior"/>. Where the point mass at the mode is in the family and
    /// its log-likelihood is at least as high as the current one, that point mass (weight 1) is returned; a family that can predict
    /// the gain of its step may wait until the point mass is as high as that, too.
    /// </summary>
    Prior Step(Prior prior, ReadOnlySpan<double> statistics, PriorStep step, EbnmOptions options);
}
