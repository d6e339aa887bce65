using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// The horseshoe (Carvalho, Polson and Scott 2010): theta ~ N(mode, T^2 lambda^2), lambda half-Cauchy. T is estimated in
/// [g / n, g], g the geometric mean of s (with equal s: T = tau s, 1 / n &lt;= tau &lt;= 1). With s = infinity the variance is
/// infinite, as the prior's is.
/// </summary>
internal sealed partial class Horseshoe : IEbnmFamily
{
    // [2] NaN, [3] sum of E[(theta - mode)^2 / (T lambda)^2], [4], [5] first and second derivative in log T, [6] sum of log s.
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
        var nodes = new HorseshoeNodes(stackalloc double[HorseshoeNodes.Space]);
        var scale = prior.Components[0].Scale;
        for (var i = 0; i < x.Length; i++)
        {
            // s = infinity: any s so large that nothing is learned.
            var si = double.IsInfinity(s[i]) ? Uninformative(scale, prior.Mode) : s[i];
            var z = double.IsInfinity(s[i]) ? 0 : (x[i] - prior.Mode) / si;
            var (first, last) = HorseshoeNodes.Pages(z, scale / si);
            var (total, below, above) = (0.0, 0.0, 0.0);

            // A rate far below the rest of the integral needs the half step: its own terms are steeper.
            for (var part = 2 * first; part <= (2 * last) + 1; part++)
            {
                nodes.Take(part >> 1, between: (part & 1) != 0, scale / si);
                total += nodes.Weigh(z);
                var (under, over) = nodes.Probabilities(z, -prior.Mode / si);
                (below, above) = (below + under, above + over);
            }

            lfsr[i] = double.Min(double.Min(below, above) / total, 1);
        }
    }

    /// <inheritdoc/>
    public void Sample(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Func<int, int, double> uniforms, Span<double> sample)
    {
        var nodes = new HorseshoeNodes(stackalloc double[HorseshoeNodes.Space]);
        var scale = prior.Components[0].Scale;
        for (var i = 0; i < x.Length; i++)
        {
            var normal = NormalDistribution.Quantile(uniforms(i, 1));
            if (double.IsInfinity(s[i]))
            {
                sample[i] = prior.Mode + (scale * PriorLambda(uniforms(i, 0)) * normal);
                continue;
            }

            var u = x[i] - prior.Mode;
            var slab = Draw(nodes, u / s[i], scale / s[i], uniforms(i, 0));
            sample[i] = prior.Mode + (slab * ((slab * u) + (s[i] * normal)));
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
            : double.Log(prior.Components[0].Scale) + (0.5 * double.Log(statistics[3] / statistics[0]));

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
        var nodes = new HorseshoeNodes(stackalloc double[HorseshoeNodes.Space]);
        var (scale, taken) = (prior.Components[0].Scale, (Page: -1, S: double.NaN));
        for (var i = 0; i < x.Length; i += stride)
        {
            var (center, variance) = (0.0, double.PositiveInfinity);
            if (!double.IsInfinity(s[i]))
            {
                var (u, ratio) = (x[i] - prior.Mode, scale / s[i]);
                var z = u / s[i];
                var e = default(HorseshoeSums);
                var (first, last) = HorseshoeNodes.Pages(z, ratio);
                for (var page = first; page <= last; page++)
                {
                    if (taken != (page, s[i]))
                    {
                        nodes.Take(page, between: false, ratio);
                        taken = (page, s[i]);
                    }

                    nodes.Weigh(z);
                    nodes.Add(z, ref e);
                }

                center = e.Shrinkage * u;
                variance = s[i] * s[i] * (e.Shrinkage + (z * (z * e.Spread)));
                var (logS, score) = (double.Log(s[i]), e.Score / e.Total);
                sums[0]++;
                sums[1] += double.Log(e.Total) - logS - NormalDistribution.LogRootTwoPi;
                sums[3] += e.Scaled / e.Total;
                sums[4] += score;
                sums[5] += (e.Curvature / e.Total) - (score * score);
                sums[6] += logS;
            }

            if (!means.IsEmpty)
            {
                means[i] = prior.Mode + center;
                variances[i] = variance;
            }
        }
    }

    // T lambda / sqrt(s^2 + T^2 lambda^2) of a node drawn by the posterior weights.
    private static double Draw(HorseshoeNodes nodes, double z, double ratio, double uniform)
    {
        var (first, last) = HorseshoeNodes.Pages(z, ratio);
        var total = 0.0;
        for (var page = first; page <= last; page++)
        {
            nodes.Take(page, between: false, ratio);
            total += nodes.Weigh(z);
        }

        var left = uniform * total;
        for (var page = first; page <= last; page++)
        {
            nodes.Take(page, between: false, ratio);
            nodes.Weigh(z);
            for (var node = 0; node < HorseshoeNodes.Count; node++)
            {
                left -= nodes.Weights[node];
                if (left < 0)
                {
                    return nodes.Slab(node);
                }
            }
        }

        return nodes.Slab(HorseshoeNodes.Count - 1);
    }

    private static double PriorLambda(double uniform)
    {
        var node = 0;
        for (var left = uniform; node < HorseshoeNodes.Count - 1; node++)
        {
            left -= HorseshoeNodes.Prior(node).Weight;
            if (left < 0)
            {
                break;
            }
        }

        return HorseshoeNodes.Prior(node).Lambda;
    }

    private static double Uninformative(double scale, double mode) => 1e12 * double.Max(scale, double.Abs(mode));

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
