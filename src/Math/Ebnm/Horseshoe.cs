using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// The horseshoe (Carvalho, Polson and Scott 2010): theta ~ N(mode, T^2 lambda^2), lambda half-Cauchy. T is estimated in [g / n, g], g the
/// geometric mean of s (with equal s: T = tau s, 1 / n &lt;= tau &lt;= 1). With s = infinity the second moment is infinite, as the prior's is.
/// </summary>
internal sealed class Horseshoe : IEbnmFamily
{
    // [2] NaN, [3] sum of E[theta^2 / lambda^2], [4], [5] first and second derivative in log T, [6] sum of log s.
    private const int Length = 7;
    private const int SearchSize = 512;
    private const int SearchGrid = 12;
    private const double LargestStep = 1.5;

    /// <inheritdoc/>
    public PriorFamily Family => PriorFamily.Horseshoe;

    /// <inheritdoc/>
    public int Sign => 0;

    /// <inheritdoc/>
    public EbnmFit Fit(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options)
    {
        Check(options);
        Span<double> sums = stackalloc double[Length];
        Span<double> trial = stackalloc double[Length];
        var kept = options is { FixPrior: true, Start: not null };
        var mode = kept ? options.Start!.Mode : options.Mode;
        if (kept || options.Scale is not null)
        {
            var given = kept ? options.Start! : At(options.Scale!.Value, mode);
            Pass(given, x, s, [], [], sums, 1);
            return new EbnmFit(given, sums[1], true, 0);
        }

        var observations = ObservationSums.Of(x, s, mode);
        if (observations.Count == 0)
        {
            return new EbnmFit(options.Start ?? At(1, mode), 0, true, 0);
        }

        var high = observations.LogS / observations.Count;
        var low = high - double.Log(observations.Count);
        var b = options.Start is { } start ? double.Clamp(double.Log(start.Components[0].Scale), low, high) : Search(x, s, mode, low, high);
        var value = Value(b, mode, x, s, sums);
        for (var iteration = 1; iteration <= options.MaxIterations; iteration++)
        {
            var next = double.Clamp(b + Newton(sums), low, high);
            if (double.Abs(sums[4] * (next - b)) <= 1e-9 + (1e-14 * double.Abs(value)))
            {
                return new EbnmFit(At(double.Exp(b), mode), value, true, iteration);
            }

            var reached = Value(next, mode, x, s, trial);
            for (var halving = 0; halving < 40 && !(reached > value); halving++)
            {
                next = b + (0.5 * (next - b));
                reached = Value(next, mode, x, s, trial);
            }

            if (!(reached > value))
            {
                return new EbnmFit(At(double.Exp(b), mode), value, true, iteration);
            }

            (b, value) = (next, reached);
            trial.CopyTo(sums);
        }

        return new EbnmFit(At(double.Exp(b), mode), value, false, options.MaxIterations);
    }

    /// <inheritdoc/>
    public double Moments(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> secondMoment)
    {
        Span<double> sums = stackalloc double[Length];
        sums.Clear();
        Pass(prior, x, s, mean, secondMoment, sums, 1);
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
        Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> secondMoment, Span<double> statistics)
    {
        Pass(prior, x, s, mean, secondMoment, statistics, 1);
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
        return At(double.Exp(double.Clamp(b, high - double.Log(statistics[0]), high)), prior.Mode);
    }

    private static double Newton(ReadOnlySpan<double> sums) => sums[5] < 0
        ? double.Clamp(-sums[4] / sums[5], -LargestStep, LargestStep)
        : double.Sign(sums[4]) * LargestStep;

    private static double Value(double b, double mode, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> sums, int stride = 1)
    {
        sums.Clear();
        Pass(At(double.Exp(b), mode), x, s, [], [], sums, stride);
        return sums[1];
    }

    // The best of a grid, on a part of the observations.
    private static double Search(ReadOnlySpan<double> x, ReadOnlySpan<double> s, double mode, double low, double high)
    {
        Span<double> sums = stackalloc double[Length];
        var (best, bestValue) = (high, double.NegativeInfinity);
        for (var k = 0; k <= SearchGrid; k++)
        {
            var b = low + ((high - low) * k / SearchGrid);
            var value = Value(b, mode, x, s, sums, int.Max(1, x.Length / SearchSize));
            (best, bestValue) = value > bestValue ? (b, value) : (best, bestValue);
        }

        return best;
    }

    private static void Pass(
        Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> secondMoment, Span<double> sums, int stride)
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
                variance = s[i] * s[i] * (e.Shrinkage + (z * z * e.Squared));
                sums[0]++;
                sums[1] += double.Log(total) - double.Log(s[i]) - NormalDistribution.LogRootTwoPi;
                sums[3] += s[i] * s[i] * e.Scaled;
                sums[4] += e.Score;
                sums[5] += e.Curvature;
                sums[6] += double.Log(s[i]);
            }

            if (!mean.IsEmpty)
            {
                mean[i] = prior.Mode + center;
                secondMoment[i] = (prior.Mode * (prior.Mode + (2 * center))) + variance;
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
