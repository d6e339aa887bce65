namespace FitCluster.Math.Ebnm;

/// <summary>The point mass at the mode; an estimated mode is the mean of x weighted by 1 / s^2.</summary>
internal sealed class PointMass : IEbnmFamily
{
    // [3] sum of 1 / s^2, [4] sum of (x - mode) / s^2.
    private const int Length = 5;

    /// <inheritdoc/>
    public PriorFamily Family => PriorFamily.PointMass;

    /// <inheritdoc/>
    public EbnmTraits Traits { get; } =
        new() { HasScale = false, Form = new PriorForm("one point", null, HasPoint: true, MayBePoint: true) };

    /// <inheritdoc/>
    public EbnmFit Fit(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options)
    {
        Check(options);
        return EbnmUnits.Fit(x, s, options, Solve);
    }

    private static EbnmFit Solve(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options)
    {
        var kept = options is { FixPrior: true, Start: not null };
        var prior = kept ? options.Start! : At(options.Mode);
        var sums = ObservationSums.Of(x, s, prior.Mode);
        if (options.EstimateMode && !kept && sums.Count > 0)
        {
            prior = At(prior.Mode + (sums.WeightedX / sums.Precision));
            sums = ObservationSums.Of(x, s, prior.Mode);
        }

        return new EbnmFit(prior, sums.PointMass, true, 1);
    }

    /// <inheritdoc/>
    public double Moments(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance)
    {
        mean[..x.Length].Fill(prior.Mode);
        variance[..x.Length].Clear();
        return ObservationSums.Of(x, s, prior.Mode).PointMass;
    }

    /// <inheritdoc/>
    public void FalseSignRates(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> lfsr) =>
        lfsr[..x.Length].Fill(prior.Mode == 0 ? 1 : 0);

    /// <inheritdoc/>
    public void Sample(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Func<int, int, double> uniforms, Span<double> sample) =>
        sample[..x.Length].Fill(prior.Mode);

    /// <inheritdoc/>
    public Prior ColdStart(in ObservationSummary summary, EbnmOptions options)
    {
        Check(options);
        return At(options.EstimateMode && summary.Count > 0 ? summary.SumX / summary.Count : options.Mode);
    }

    /// <inheritdoc/>
    public int StatisticsLength(Prior prior) => Length;

    /// <inheritdoc/>
    public void Accumulate(
        Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance, Span<double> statistics)
    {
        mean[..x.Length].Fill(prior.Mode);
        variance[..x.Length].Clear();
        var sums = ObservationSums.Of(x, s, prior.Mode);
        statistics[0] += sums.Count;
        statistics[1] += sums.PointMass;
        statistics[2] += sums.PointMass;
        statistics[3] += sums.Precision;
        statistics[4] += sums.WeightedX;
    }

    /// <summary>The maximum in one step; without an estimated mode the prior stays.</summary>
    public Prior Step(Prior prior, ReadOnlySpan<double> statistics, PriorStep step, EbnmOptions options)
    {
        Check(options);
        return options.EstimateMode && !options.FixPrior && statistics[3] > 0 ? At(prior.Mode + (statistics[4] / statistics[3])) : prior;
    }

    private static Prior At(double mode) => new(PriorFamily.PointMass, mode, [new PriorComponent(ComponentKind.Point, 1, mode, 0)]);

    private static void Check(EbnmOptions options)
    {
        if (options.Scale is { } scale)
        {
            throw new ArgumentException($"scale is {scale}, but a point mass has no scale: leave it out", nameof(options));
        }
    }
}
