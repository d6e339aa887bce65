namespace FitCluster.Math.Ebnm;

/// <summary>
/// Efron's deconvolution for z-scores (s = 1): a smooth distribution on the points of <see cref="PointGrid"/>, with the log-density a
/// natural spline with 5
/// degrees of freedom and a penalty of 1 on the length of its coefficients (not in the reported log-likelihood): see
/// <see cref="SplineDeconvolution"/>.
/// Distributed steps are EM steps, each with a full M-step: they never lower the penalized likelihood.
/// </summary>
public sealed class Deconvolver : GridFamily
{
    /// <inheritdoc/>
    public override PriorFamily Family => PriorFamily.Deconvolver;

    /// <inheritdoc/>
    public override EbnmTraits Traits { get; } = new() { NeedsUnitErrors = true, HasScale = false };

    /// <inheritdoc/>
    private protected override bool HasMode => false;

    /// <inheritdoc/>
    public override EbnmFit Fit(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options)
    {
        Check(x, s, options);
        if (options.FixPrior)
        {
            return base.Fit(x, s, options);
        }

        var components = options.Start?.Components ?? Grid(GridRange.Of(x, s, 0), options);
        var rows = MixtureKernels.Rows(components, x, s);
        var model = new SplineDeconvolution(Array.ConvertAll(components, c => c.Location));
        var (weights, logLikelihood, converged, iterations) = model.Fit(rows, options.MaxIterations);

        // The reference fits counts of scores in bins. Neither criterion is better in every case: the one is kept whose prior is the more
        // likely one
        // of the scores themselves.
        var bins = Bins(x, s, components);
        if (bins.Count == 0)
        {
            return new EbnmFit(Weighted(new Prior(Family, 0, components), weights), logLikelihood, converged, iterations);
        }

        var binned = model.Fit(bins, options.MaxIterations);
        var prior = Weighted(new Prior(Family, 0, components), binned.Weights);
        var ofScores = Moments(prior, x, s, new double[x.Length], new double[x.Length]);
        if (ofScores > logLikelihood)
        {
            (weights, logLikelihood, converged, iterations) = (binned.Weights, ofScores, binned.Converged, iterations + binned.Iterations);
        }

        return new EbnmFit(Weighted(new Prior(Family, 0, components), weights), logLikelihood, converged, iterations);
    }

    // Probabilities of 39 bins of equal width between the extremes, rounded to one decimal, as deconvolveR has them by default: a score on
    // or
    // beyond the last edge is left out.
    private static LikelihoodRows Bins(ReadOnlySpan<double> x, ReadOnlySpan<double> s, PriorComponent[] components)
    {
        const int Count = 39;
        var (least, largest) = (double.PositiveInfinity, double.NegativeInfinity);
        for (var i = 0; i < x.Length; i++)
        {
            if (double.IsFinite(s[i]))
            {
                (least, largest) = (double.Min(least, x[i]), double.Max(largest, x[i]));
            }
        }

        var low = double.Round(least, 1);
        var width = (double.Round(largest, 1) - low) / Count;
        var rows = new LikelihoodRows(components.Length);
        for (var i = 0; i < x.Length; i++)
        {
            var bin = double.IsFinite(s[i]) && width > 0 ? (int)double.Floor((x[i] - low) / width) : -1;
            if (bin is >= 0 and < Count)
            {
                var from = low + (bin * width);
                var row = Array.ConvertAll(
                    components, c => Numerics.NormalDistribution.IntervalProbability(from - c.Location, from + width - c.Location));
                var top = row.Max();
                rows.Add(Array.ConvertAll(row, r => r / top), 1);
            }
        }

        rows.Complete();
        return rows;
    }

    /// <inheritdoc/>
    public override Prior Step(Prior prior, ReadOnlySpan<double> statistics, PriorStep step, EbnmOptions options)
    {
        var pi = Weights(prior.Components);
        var responsibilities = new double[pi.Length];
        for (var k = 0; k < pi.Length; k++)
        {
            responsibilities[k] = pi[k] * statistics[GridStatistics.Sums + k];
        }

        var model = new SplineDeconvolution(Array.ConvertAll(prior.Components, c => c.Location));
        return Weighted(prior, model.Weights(model.Maximize(responsibilities, model.Coefficients(pi))));
    }

    /// <inheritdoc/>
    private protected override PriorComponent[] Grid(in GridRange range, EbnmOptions options) =>
        Array.ConvertAll(
            PointGrid.Points(range.MinX, range.MaxX, PointGrid.PointStep(range.Count, 1)),
            p => new PriorComponent(ComponentKind.Point, 0, p, 0));

    /// <inheritdoc/>
    private protected override void Check(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options)
    {
        base.Check(x, s, options);
        if (options.Scale is not null)
        {
            throw new ArgumentException("deconvolver has no scale; leave Scale null");
        }

        for (var i = 0; i < s.Length; i++)
        {
            if (s[i] != 1 && !double.IsPositiveInfinity(s[i]))
            {
                throw new ArgumentException(
                    $"deconvolver is for z-scores, for which every s is 1, but s[{i}] is {s[i]}; divide x by s, or use npmle");
            }
        }
    }
}
