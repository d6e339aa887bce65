using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// The improper flat prior: theta | x ~ N(x, s^2). It has no log-likelihood (NaN everywhere). With s = infinity there is no posterior:
/// mean 0, variance infinity, false sign rate 1/2, and a draw of 0.
/// </summary>
internal sealed class Flat : IEbnmFamily
{
    private const int Length = 3;

    /// <inheritdoc/>
    public PriorFamily Family => PriorFamily.Flat;

    /// <inheritdoc/>
    public EbnmTraits Traits { get; } = new()
    {
        HasInfiniteMoments = true, HasScale = false,
        Form = new PriorForm("one normal of infinite scale", ComponentKind.Normal, HasPoint: false, MayBePoint: false),
    };

    /// <inheritdoc/>
    public EbnmFit Fit(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options) =>
        new(Prior(options), double.NaN, true, 0);

    /// <inheritdoc/>
    public double Moments(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance)
    {
        for (var i = 0; i < x.Length; i++)
        {
            mean[i] = double.IsInfinity(s[i]) ? 0 : x[i];
            variance[i] = s[i] * s[i];
        }

        return double.NaN;
    }

    /// <inheritdoc/>
    public void FalseSignRates(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> lfsr)
    {
        for (var i = 0; i < x.Length; i++)
        {
            lfsr[i] = double.IsInfinity(s[i]) ? 0.5 : NormalDistribution.Cdf(-double.Abs(x[i]) / s[i]);
        }
    }

    /// <inheritdoc/>
    public void Sample(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Func<int, int, double> uniforms, Span<double> sample)
    {
        for (var i = 0; i < x.Length; i++)
        {
            sample[i] = double.IsInfinity(s[i]) ? 0 : x[i] + (s[i] * NormalDistribution.Quantile(uniforms(i, 0)));
        }
    }

    /// <inheritdoc/>
    public Prior ColdStart(in ObservationSummary summary, EbnmOptions options) => Prior(options);

    /// <inheritdoc/>
    public int StatisticsLength(Prior prior) => Length;

    /// <inheritdoc/>
    public void Accumulate(
        Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance, Span<double> statistics)
    {
        statistics[1] += Moments(prior, x, s, mean, variance);
        statistics[2] = double.NaN;
        foreach (var value in s)
        {
            statistics[0] += double.IsInfinity(value) ? 0 : 1;
        }
    }

    /// <inheritdoc/>
    public Prior Step(Prior prior, ReadOnlySpan<double> statistics, PriorStep step, EbnmOptions options) => prior;

    private static Prior Prior(EbnmOptions options) =>
        options is { Mode: 0, EstimateMode: false, Scale: null }
            ? new Prior(PriorFamily.Flat, 0, [new PriorComponent(ComponentKind.Normal, 1, 0, double.PositiveInfinity)])
            : throw new ArgumentException("the flat prior has neither mode nor scale: leave them out", nameof(options));
}
