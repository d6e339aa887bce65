namespace FitCluster.Math.Ebnm;

/// <summary>
/// A family of priors with a point mass (spike) at the mode m and a slab of one kind: pi0 delta_m + (1 - pi0) slab(m, scale),
/// or the slab alone.
/// Parameters of every optimization: a = log((1 - pi0) / pi0), b = log scale, m.
/// </summary>
internal abstract partial class SpikeAndSlabFamily<TSlab> : IEbnmFamily
    where TSlab : struct, ISlab
{
    // Of the mode to an observation, beyond which their difference loses more digits of the observation than may be lost.
    private const double LargestModeRatio = 1e5;

    // So many standard errors from the mode of the slab nothing is left of the likelihood.
    private const double SmoothErrors = 40;

    private readonly bool hasSpike;
    private readonly bool isLocated;

    /// <param name="family">The family.</param>
    /// <param name="hasSpike">Whether there is a spike; else the slab has weight 1.</param>
    /// <param name="isLocated">Whether mode and scale are free to choose (not so for the generalized binary prior).</param>
    /// <param name="slab">The slab in words, as in "a normal".</param>
    /// <param name="climbs">See <see cref="EbnmTraits.ClimbsFromStart"/>.</param>
    protected SpikeAndSlabFamily(PriorFamily family, string slab, bool hasSpike = true, bool isLocated = true, bool climbs = true)
    {
        Family = family;
        Traits = new EbnmTraits
        {
            Sign = TSlab.Sign,
            ClimbsFromStart = climbs,
            Form = new PriorForm(hasSpike ? $"a point and {slab}" : slab, TSlab.Kind, HasPoint: hasSpike, MayBePoint: true),
        };
        this.hasSpike = hasSpike;
        this.isLocated = isLocated;
    }

    /// <inheritdoc/>
    public PriorFamily Family { get; }

    /// <inheritdoc/>
    public EbnmTraits Traits { get; }

    /// <inheritdoc/>
    public double Moments(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance)
    {
        var parameters = Decode(prior);
        Span<double> sums = stackalloc double[SlabKernel<TSlab>.Length];
        sums.Clear();
        SlabKernel<TSlab>.Pass<SlabKernel<TSlab>.Yes, SlabKernel<TSlab>.No>(parameters, x, s, mean, variance, sums);
        if (parameters.Mode != 0 && parameters.Scale > 0)
        {
            MeansFarFromMode(parameters, x, s, mean);
        }

        return sums[1] - ObservationSums.Of(x, s, parameters.Mode).Normalization;
    }

    /// <inheritdoc/>
    public void FalseSignRates(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> lfsr)
    {
        var p = Decode(prior);
        for (var i = 0; i < x.Length; i++)
        {
            var u = double.IsInfinity(s[i]) ? 0 : x[i] - p.Mode;
            var (spike, slab) = Responsibilities(p, u, s[i]);
            var (below, above) = slab > 0 ? TSlab.Probabilities(u, s[i], p.Scale, -p.Mode) : (0, 0);
            lfsr[i] = double.Min(
                (p.Mode <= 0 ? spike : 0) + (slab * below),
                (p.Mode >= 0 ? spike : 0) + (slab * above));
        }
    }

    /// <inheritdoc/>
    public void Sample(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Func<int, int, double> uniforms, Span<double> sample)
    {
        var p = Decode(prior);
        for (var i = 0; i < x.Length; i++)
        {
            var u = double.IsInfinity(s[i]) ? 0 : x[i] - p.Mode;
            var (spike, _) = Responsibilities(p, u, s[i]);
            sample[i] = p.Mode + (uniforms(i, 0) < spike ? 0 : TSlab.Draw(u, s[i], p.Scale, uniforms(i, 1)));
        }
    }

    // Of an observation that is near 0 where the mode is far away, mode + E eta would be rounding alone.
    private static void MeansFarFromMode(in SpikeAndSlab p, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean)
    {
        for (var i = 0; i < x.Length; i++)
        {
            if (double.Abs(p.Mode) > LargestModeRatio * double.Abs(x[i]) && !double.IsInfinity(s[i]) &&
                double.Abs(x[i] - p.Mode) / s[i] > (s[i] / p.Scale) + SmoothErrors)
            {
                var (spike, slab) = Responsibilities(p, x[i] - p.Mode, s[i]);
                mean[i] = (spike * p.Mode) + (slab * (x[i] - TSlab.Shrinkage(x[i] - p.Mode, s[i], p.Scale)));
            }
        }
    }

    private static (double Spike, double Slab) Responsibilities(in SpikeAndSlab p, double u, double s)
    {
        if (p.PointWeight == 0)
        {
            // However unlikely the slab is, even where its likelihood is too small for a number.
            return (0, 1);
        }

        var t = p.LogOdds + (p.SlabWeight > 0 ? TSlab.LogRatio(u, s, p.Scale) : 0);
        var e = double.Exp(-double.Abs(t));
        return t >= 0 ? (e / (1 + e), 1 / (1 + e)) : (1 / (1 + e), e / (1 + e));
    }

    private SpikeAndSlab Decode(Prior prior)
    {
        var parameters = SpikeAndSlab.Of(prior);
        return !hasSpike && parameters.SlabWeight == 0 ? new SpikeAndSlab(0, 1, 0, parameters.Mode) : parameters;
    }

    private Prior Encode(in SpikeAndSlab p)
    {
        var slab = TSlab.Kind == ComponentKind.TruncatedNormal
            ? new PriorComponent(TSlab.Kind, p.SlabWeight, p.Scale, BinarySlab.Ratio * p.Scale, 0, double.PositiveInfinity)
            : new PriorComponent(TSlab.Kind, p.SlabWeight, p.Mode, p.Scale);
        return new Prior(
            Family, p.Mode, hasSpike ? [new PriorComponent(ComponentKind.Point, p.PointWeight, p.Mode, 0), slab] : [slab]);
    }

    // The point mass at the mode: weight 1 beside a slab of a scale from which a later fit may go on, or a slab of scale 0 where there is
    // no spike.
    private Prior Null(double mode, double scale) =>
        Encode(hasSpike ? new SpikeAndSlab(1, 0, scale, mode) : new SpikeAndSlab(0, 1, 0, mode));

    private void Check(EbnmOptions options)
    {
        if (!isLocated && (options.Mode != 0 || options.EstimateMode || options.Scale is not null))
        {
            throw new ArgumentException(
                $"family {EbnmFamilies.Name(Family)} has its mode at 0 and estimates its scale: leave out mode and scale", nameof(options));
        }

        if (options.Scale is { } scale && !(scale > 0 && double.IsFinite(scale)))
        {
            throw new ArgumentException($"scale is {scale}; a fixed scale must be positive and finite", nameof(options));
        }
    }
}
