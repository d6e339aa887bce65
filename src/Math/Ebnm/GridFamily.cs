namespace FitCluster.Math.Ebnm;

/// <summary>
/// A family of mixtures over a fixed grid of components, of which the weights are fitted: theta ~ sum_k pi_k h_k. The weights maximize
/// sum_i log sum_k pi_k L_ik (+ (NullWeight - 1) log pi_0 in the unimodal families), which is concave: see
/// <see cref="MixtureWeights"/>. Weights below 1e-10 are set to 0, and their components stay, so that a warm start keeps the grid. In
/// distributed fits, statistics are those of <see cref="GridStatistics"/>; Newton steps are sequential quadratic ones with at most 64
/// components and over-relaxed EM with more.
/// </summary>
public abstract class GridFamily : IEbnmFamily
{
    // A warm start leaves this much for components that have no weight.
    private const double ColdShare = 1e-3;

    // Of the gap of MixtureWeights while a mode is looked for.
    private const double SearchTolerance = 1e-7;

    /// <inheritdoc/>
    public abstract PriorFamily Family { get; }

    /// <inheritdoc/>
    public abstract EbnmTraits Traits { get; }

    /// <summary>Whether priors of this family have a mode, with a point mass there as component 0.</summary>
    private protected virtual bool HasMode => true;

    /// <summary>Whether fits add (NullWeight - 1) log pi_0.</summary>
    private protected virtual bool IsPenalized => false;

    /// <inheritdoc/>
    public virtual EbnmFit Fit(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options)
    {
        Check(x, s, options);
        if (options.FixPrior)
        {
            var prior = options.Start!;
            return new EbnmFit(prior, LogLikelihood(prior, x, s), true, 0);
        }

        if (options.Start is { } start)
        {
            return FitWeights(start.Mode, Warm(start), x, s, options, MixtureWeights.DefaultTolerance);
        }

        if (!options.EstimateMode)
        {
            return FitAt(options.Mode, x, s, options);
        }

        var mode = ModeSearch.Run(
            x, s, (xs, ss, m) => FitWeights(m, Grid(GridRange.Of(xs, ss, m), options), xs, ss, options, SearchTolerance).LogLikelihood);
        var (estimated, atZero) = (FitAt(mode, x, s, options), FitAt(0, x, s, options));
        return estimated.LogLikelihood >= atZero.LogLikelihood ? estimated : atZero;
    }

    /// <inheritdoc/>
    public double Moments(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance) =>
        MixtureKernels.Moments(prior.Components, x, s, mean, variance);

    /// <inheritdoc/>
    public void FalseSignRates(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> lfsr) =>
        MixtureKernels.FalseSignRates(prior.Components, x, s, lfsr);

    /// <summary>
    /// Draws from the posteriors. Draw 0 of observation i chooses the component, draw 1 the value within it.
    /// </summary>
    /// <inheritdoc/>
    public void Sample(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Func<int, int, double> uniforms, Span<double> sample) =>
        MixtureSampler.Sample(prior.Components, x, s, uniforms, sample);

    /// <inheritdoc/>
    public Prior ColdStart(in ObservationSummary summary, EbnmOptions options)
    {
        Check([], [], options with { FixPrior = false });
        return options.Start ?? Build(options.Mode, Grid(GridRange.Of(summary, options.Mode), options));
    }

    /// <inheritdoc/>
    public int StatisticsLength(Prior prior) => GridStatistics.Length(prior.Components.Length);

    /// <inheritdoc/>
    public void Accumulate(
        Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance, Span<double> statistics)
    {
        if (statistics.Length != StatisticsLength(prior))
        {
            throw new ArgumentException(
                $"statistics has {statistics.Length} elements; {EbnmFamilies.Name(Family)} with {prior.Components.Length} components " +
                $"needs {StatisticsLength(prior)}");
        }

        MixtureKernels.Accumulate(prior.Components, HasNull(prior), x, s, mean, variance, statistics);
    }

    /// <inheritdoc/>
    public virtual Prior Step(Prior prior, ReadOnlySpan<double> statistics, PriorStep step, EbnmOptions options)
    {
        var pi = Weights(prior.Components);
        var penalty = Penalty(options);
        if (statistics[GridStatistics.Count] == 0)
        {
            return prior;
        }

        var onlyNull = HasNull(prior) && pi[0] == 1;
        if (HasNull(prior) && statistics[GridStatistics.NullLogLikelihood] >= statistics[GridStatistics.LogLikelihood]
            && (step == PriorStep.Expectation || !onlyNull))
        {
            Array.Clear(pi);
            pi[0] = 1;
            return Weighted(prior, pi);
        }

        var quadratic = pi.Length <= GridStatistics.MostQuadratic;
        return Weighted(prior, (step, quadratic) switch
        {
            (PriorStep.Expectation, _) => GridStatistics.Expectation(pi, statistics, penalty),
            (_, true) => GridStatistics.Newton(pi, statistics, penalty),
            _ => GridStatistics.Relaxed(pi, statistics, penalty),
        });
    }

    /// <summary>The components, of any weights.</summary>
    private protected abstract PriorComponent[] Grid(in GridRange range, EbnmOptions options);

    /// <summary>The prior with other weights.</summary>
    internal static Prior Weighted(Prior prior, ReadOnlySpan<double> weights)
    {
        var components = new PriorComponent[prior.Components.Length];
        for (var k = 0; k < components.Length; k++)
        {
            components[k] = prior.Components[k] with { Weight = weights[k] };
        }

        return prior with { Components = components };
    }

    /// <summary>The weights of components.</summary>
    private protected static double[] Weights(PriorComponent[] components) => Array.ConvertAll(components, c => c.Weight);

    /// <summary>Refuses lengths that differ and options without effect, each in one sentence.</summary>
    private protected virtual void Check(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options)
    {
        if (x.Length != s.Length)
        {
            throw new ArgumentException($"x has {x.Length} elements and s has {s.Length}; they must be equally many");
        }

        if (options.FixPrior && options.Start is null)
        {
            throw new ArgumentException("FixPrior keeps Start, but Start is null; give the prior to keep");
        }

        if (options.Scale is { } scale && !(scale > 0 && double.IsFinite(scale)))
        {
            throw new ArgumentException($"Scale is {scale}; it must be positive and finite");
        }

        if (options.NullWeight < 1)
        {
            throw new ArgumentException($"NullWeight is {options.NullWeight}; it must be at least 1, which is plain maximum likelihood");
        }

        if (!HasMode && (options.EstimateMode || options.Mode != 0))
        {
            throw new ArgumentException($"{EbnmFamilies.Name(Family)} has no mode: Mode must be 0 and EstimateMode false");
        }
    }

    private static PriorComponent[] Warm(Prior start)
    {
        var components = start.Components;
        return Array.ConvertAll(components, c => c with { Weight = ((1 - ColdShare) * c.Weight) + (ColdShare / components.Length) });
    }

    private static double LogLikelihood(Prior prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s)
    {
        var present = Array.FindAll(prior.Components, c => c.Weight > 0);
        const int Block = 1024;
        var buffer = new double[2 * Block];
        var total = 0.0;
        for (var i = 0; i < x.Length; i += Block)
        {
            var n = int.Min(Block, x.Length - i);
            total += MixtureKernels.Moments(present, x.Slice(i, n), s.Slice(i, n), buffer.AsSpan(0, n), buffer.AsSpan(Block, n));
        }

        return total;
    }

    private double Penalty(EbnmOptions options) => IsPenalized ? options.NullWeight - 1 : 0;

    private bool HasNull(Prior prior) =>
        HasMode && prior.Components[0].Kind == ComponentKind.Point && prior.Components[0].Location == prior.Mode;

    private Prior Build(double mode, PriorComponent[] components)
    {
        var weight = 1.0 / components.Length;
        return new Prior(
            Family, HasMode ? mode : 0, Array.ConvertAll(components, c => c with { Weight = c.Weight > 0 ? c.Weight : weight }));
    }

    private EbnmFit FitAt(double mode, ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options) =>
        FitWeights(mode, Grid(GridRange.Of(x, s, mode), options), x, s, options, MixtureWeights.DefaultTolerance);

    private EbnmFit FitWeights(
        double mode, PriorComponent[] components, ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options, double tolerance)
    {
        var prior = Build(mode, components);
        if (!HasMode)
        {
            // Points in the order of x: neighbouring rows then have nearly the same stretch of components that count.
            var order = x.ToArray();
            var ordered = s.ToArray();
            Array.Sort(order, ordered);
            x = order;
            s = ordered;
        }

        var rows = MixtureKernels.Rows(prior.Components, x, s);
        var penalty = HasNull(prior) ? Penalty(options) : 0;
        return MixtureWeights.Solve(rows, Weights(prior.Components), penalty, tolerance, options.MaxIterations).Of(prior);
    }
}
