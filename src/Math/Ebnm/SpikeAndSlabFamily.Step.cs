namespace FitCluster.Math.Ebnm;

internal abstract partial class SpikeAndSlabFamily<TSlab>
{
    // A Newton step changes log-odds, log scale and mode / s by no more than this.
    private const double StepRadius = 1.5;

    // From a spike of weight exactly 0 a Newton step goes to this weight, which costs nothing, so that the next statistics tell whether it
    // grows.
    private const double Peek = 1e-10;

    // From a weight below Edge that is to grow it goes here: the likelihood is linear in it there, where neither Newton nor EM moves fast.
    private const double Nudge = 1e-3;
    private const double SlabNudge = 1e-6;
    private const double Edge = 1e-9;

    // Derivatives per observation smaller than this are rounding errors.
    private const double Rounding = 1e-14;

    /// <inheritdoc/>
    public Prior ColdStart(in ObservationSummary summary, EbnmOptions options)
    {
        Check(options);
        var n = summary.Count;
        if (!(n > 0))
        {
            return Null(options.Mode, 1);
        }

        var mean = summary.SumX / n;
        var mode = options.EstimateMode ? mean : options.Mode;
        var noise = summary.SumS2 / n;
        var excess = double.Max((summary.SumX2 / n) - (2 * mode * mean) + (mode * mode) - noise, 0.01 * noise);
        var weight = hasSpike ? 0.5 : 1;
        var scale = options.Scale ?? double.Sqrt(excess / (weight * TSlab.PriorSecondMoment(1)));
        if (!isLocated)
        {
            scale = double.Clamp(scale, 0.1 * summary.MinS, double.Max(0.1 * summary.MinS, summary.MaxX));
        }

        // A one-sided slab starts to the left of the mean.
        mode -= options.EstimateMode ? weight * TSlab.PriorMean(scale) : 0;
        return Encode(new SpikeAndSlab(1 - weight, weight, scale, mode));
    }

    /// <summary>The sums of <see cref="SlabKernel{TSlab}"/>, with log-likelihoods in [1] and [2].</summary>
    public int StatisticsLength(Prior prior) => SlabKernel<TSlab>.Length;

    /// <inheritdoc/>
    public void Accumulate(
        Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance, Span<double> statistics)
    {
        var parameters = Decode(prior);
        Span<double> sums = stackalloc double[SlabKernel<TSlab>.Length];
        sums.Clear();
        SlabKernel<TSlab>.Pass<SlabKernel<TSlab>.Yes, SlabKernel<TSlab>.Yes>(parameters, x, s, mean, variance, sums);
        var normalization = ObservationSums.Of(x, s, parameters.Mode).Normalization;
        statistics[0] += sums[0];
        statistics[1] += sums[1] - normalization;
        statistics[2] += sums[2] - normalization;
        for (var k = 3; k < sums.Length; k++)
        {
            statistics[k] += sums[k];
        }
    }

    /// <inheritdoc/>
    public Prior Step(Prior prior, ReadOnlySpan<double> statistics, PriorStep step, EbnmOptions options)
    {
        Check(options);
        var at = Decode(prior);
        var n = statistics[0];
        if (!(n > 0) || options.FixPrior)
        {
            return prior;
        }

        var problem = new SlabProblem(
            double.NegativeInfinity, double.PositiveInfinity, at.Unit * double.Sqrt(n / statistics[7]), hasSpike, options.Scale is null,
            options.EstimateMode, options.MaxIterations);
        Span<double> move = stackalloc double[Numerics.TrustRegion.Size];
        var (gain, concave) = problem.Step(at, statistics, StepRadius, move);

        // The point mass, unless the way up from here leads above it.
        var hasNull = hasSpike || options.Scale is null;
        if (hasNull && statistics[2] >= statistics[1] && statistics[2] >= statistics[1] + gain - Tie)
        {
            return Null(at.Mode, at.Scale > 0 ? at.Scale : at.Unit);
        }

        var inward = hasSpike && step == PriorStep.Newton && at.PointWeight > 0 && at.SlabWeight > 0 ? statistics[8] / n : 0;
        if (at.PointWeight < Edge && inward < -Rounding)
        {
            return Encode(at with { PointWeight = Nudge, SlabWeight = 1 - Nudge });
        }

        if (at.SlabWeight < Edge && inward > Rounding)
        {
            return Encode(at with { PointWeight = 1 - SlabNudge, SlabWeight = SlabNudge });
        }

        if (step == PriorStep.Expectation || !concave)
        {
            return Encode(Expectation(at, statistics, options));
        }

        var next = problem.Move(at, move);
        return Encode(hasSpike && at.PointWeight == 0 ? next with { PointWeight = Peek, SlabWeight = 1 - Peek } : next);
    }

    // Complete data: which observations are of the slab, and their eta. x = mode + [slab] eta + e, so that mode, weight and scale separate.
    private SpikeAndSlab Expectation(in SpikeAndSlab at, ReadOnlySpan<double> statistics, EbnmOptions options)
    {
        var slab = statistics[3];
        var scale = options.Scale is null && slab > 0 && at.Scale > 0
            ? at.Unit * TSlab.Maximize(slab, statistics[4], statistics[5], statistics[6])
            : at.Scale;
        var mode = options.EstimateMode ? at.Mode + (at.Unit * (statistics[10] / statistics[7])) : at.Mode;
        var weight = double.Clamp(slab / statistics[0], 0, 1);
        return hasSpike
            ? new SpikeAndSlab(at.PointWeight == 0 ? 0 : 1 - weight, at.PointWeight == 0 ? 1 : weight, scale > 0 ? scale : at.Scale, mode)
            : new SpikeAndSlab(0, 1, scale, mode);
    }
}
