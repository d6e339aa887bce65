using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// The horseshoe (Carvalho, Polson and Scott 2010): theta ~ N(mode, T^2 lambda^2), lambda half-Cauchy. T is estimated in
/// [g / n, g], g the geometric mean of s (with equal s: T = tau s, 1 / n &lt;= tau &lt;= 1). With s = infinity the variance is
/// infinite, as the prior's is.
/// </summary>
internal sealed partial class Horseshoe : IEbnmFamily
{
    // [2] NaN, [3] sum of E[theta^2 / lambda^2], [4], [5] first and second derivative in log T, [6] sum of log s.
    private const int Length = 7;

    /// <inheritdoc/>
    public PriorFamily Family => PriorFamily.Horseshoe;

    /// <inheritdoc/>
    public EbnmTraits Traits { get; } = new()
    {
        HasInfiniteMoments = true, Form = new PriorForm("one horseshoe", ComponentKind.Horseshoe, HasPoint: false, MayBePoint: false),
    };

    /// <inheritdoc/>
    public double Moments(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance)
    {
        Span<double> sums = stackalloc double[Length];
        sums.Clear();
        Pass(prior, x, s, mean, variance, sums, 1);
        return sums[1];
    }

    /// <inheritdoc/>
    public void FalseSignRates(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> lfsr)
    {
        Span<double> fractions = stackalloc double[HorseshoeMixture.Nodes];
        Span<double> factors = stackalloc double[HorseshoeMixture.Nodes];
        Span<double> weights = stackalloc double[HorseshoeMixture.Nodes];
        var (scale, tabulated) = (prior.Components[0].Scale, double.NaN);
        for (var i = 0; i < x.Length; i++)
        {
            // s = infinity: any s so large that nothing is learned.
            var si = double.IsInfinity(s[i]) ? Uninformative(scale) : s[i];
            if (si != tabulated)
            {
                HorseshoeMixture.Tabulate(si, scale, fractions, factors);
                tabulated = si;
            }

            var z = double.IsInfinity(s[i]) ? 0 : (x[i] - prior.Mode) / si;
            var total = HorseshoeMixture.Posterior(z, fractions, factors, weights);
            var (below, above) = HorseshoeMixture.Probabilities(z, -prior.Mode / si, scale / si, total, fractions, weights);
            lfsr[i] = double.Min(below, above);
        }
    }

    /// <inheritdoc/>
    public void Sample(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Func<int, int, double> uniforms, Span<double> sample)
    {
        Span<double> fractions = stackalloc double[HorseshoeMixture.Nodes];
        Span<double> factors = stackalloc double[HorseshoeMixture.Nodes];
        Span<double> weights = stackalloc double[HorseshoeMixture.Nodes];
        var scale = prior.Components[0].Scale;
        for (var i = 0; i < x.Length; i++)
        {
            var infinite = double.IsInfinity(s[i]);
            var total = 1.0;
            if (!infinite)
            {
                HorseshoeMixture.Tabulate(s[i], scale, fractions, factors);
                total = HorseshoeMixture.Posterior((x[i] - prior.Mode) / s[i], fractions, factors, weights);
            }

            var node = 0;
            for (var left = uniforms(i, 0) * total; node < HorseshoeMixture.Nodes - 1; node++)
            {
                left -= infinite ? HorseshoeMixture.Weight(node) : weights[node];
                if (left < 0)
                {
                    break;
                }
            }

            var normal = NormalDistribution.Quantile(uniforms(i, 1));
            var shrinkage = infinite ? 1 : 1 - fractions[node];
            sample[i] = prior.Mode + (infinite
                ? scale * HorseshoeMixture.Lambda(node) * normal
                : (shrinkage * (x[i] - prior.Mode)) + (s[i] * double.Sqrt(shrinkage) * normal));
        }
    }

    /// <inheritdoc/>
    public Prior ColdStart(in ObservationSummary summary, EbnmOptions options)
    {
        Check(options);
        var s = summary.Count > 0 ? double.Sqrt(summary.SumS2 / summary.Count) : 1;
        return At(options.Scale ?? 0.1 * double.Max(s, 1e-300), options.Mode);
    }

    /// <inheritdoc/>
    public int StatisticsLength(Prior prior) => Length;

    /// <inheritdoc/>
    public void Accumulate(
        Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance, Span<double> statistics)
    {
        Pass(prior, x, s, mean, variance, statistics, 1);
        statistics[2] = double.NaN;
    }

    /// <inheritdoc/>
    public Prior Step(Prior prior, ReadOnlySpan<double> statistics, PriorStep step, EbnmOptions options)
    {
        Check(options);
        if (!(statistics[0] > 0) || options.Scale is not null || options.FixPrior)
        {
            return prior;
        }

        var high = statistics[6] / statistics[0];
        var b = step == PriorStep.Newton && statistics[5] < 0
            ? double.Log(prior.Components[0].Scale) + Newton(statistics)
            : 0.5 * double.Log(statistics[3] / statistics[0]);

        // From one sweep of a factorization to the next the range moves with s: where it has moved away from the present scale, staying
        // there must be allowed, or the step could lower the likelihood.
        var now = double.Log(prior.Components[0].Scale);
        return At(double.Exp(double.Clamp(b, double.Min(now, high - double.Log(statistics[0])), double.Max(now, high))), prior.Mode);
    }

    // One pass over every stride-th observation; adds to the sums, and writes moments where there is room for them.
    private static void Pass(
        Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> means, Span<double> variances, Span<double> sums,
        int stride)
    {
        Span<double> fractions = stackalloc double[HorseshoeMixture.Nodes];
        Span<double> factors = stackalloc double[HorseshoeMixture.Nodes];
        Span<double> weights = stackalloc double[HorseshoeMixture.Nodes];
        var (scale, tabulated) = (prior.Components[0].Scale, double.NaN);
        for (var i = 0; i < x.Length; i += stride)
        {
            var (center, variance) = (0.0, double.PositiveInfinity);
            if (!double.IsInfinity(s[i]))
            {
                if (s[i] != tabulated)
                {
                    HorseshoeMixture.Tabulate(s[i], scale, fractions, factors);
                    tabulated = s[i];
                }

                var z = (x[i] - prior.Mode) / s[i];
                var total = HorseshoeMixture.Posterior(z, fractions, factors, weights);
                var e = HorseshoeMixture.Expectations(z, scale / s[i], total, fractions, weights);
                center = z * s[i] * e.Shrinkage;
                variance = s[i] * s[i] * (e.Shrinkage + (z * z * e.Spread));
                sums[0]++;
                sums[1] += double.Log(total) - double.Log(s[i]) - NormalDistribution.LogRootTwoPi;
                sums[3] += s[i] * s[i] * e.Scaled;
                sums[4] += e.Score;
                sums[5] += e.Curvature;
                sums[6] += double.Log(s[i]);
            }

            if (!means.IsEmpty)
            {
                means[i] = prior.Mode + center;
                variances[i] = variance;
            }
        }
    }

    private static double Uninformative(double scale) => 1e12 * scale;

    private static Prior At(double scale, double mode) =>
        new(PriorFamily.Horseshoe, mode, [new PriorComponent(ComponentKind.Horseshoe, 1, mode, scale)]);

    private static void Check(EbnmOptions options)
    {
        if (options.EstimateMode || options.Scale is <= 0 or double.PositiveInfinity or double.NaN)
        {
            throw new ArgumentException(
                options.EstimateMode
                    ? "the horseshoe's mode is not estimated: give it, or leave it at 0"
                    : $"scale is {options.Scale}; a fixed scale must be positive and finite",
                nameof(options));
        }
    }
}
