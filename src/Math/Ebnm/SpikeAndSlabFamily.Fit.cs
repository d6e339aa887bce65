using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

internal abstract partial class SpikeAndSlabFamily<TSlab>
{
    // Starts are sought on every k-th observation, so that there are about this many.
    private const int SearchSize = 2048;

    // How many starts are followed to their optimum.
    private const int FollowedStarts = 3;
    private const int FollowedStartsWithMode = 6;

    // A slab weight above this asks for a look at the prior without a spike.
    private const double NearlyNoSpike = 0.8;

    // Log-likelihoods closer than this are equal: then the simpler prior is taken.
    private const double Tie = 1e-8;

    /// <inheritdoc/>
    public EbnmFit Fit(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options)
    {
        Check(options);
        return EbnmUnits.Fit(x, s, options, Solve);
    }

    private EbnmFit Solve(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options)
    {
        var start = options.Start is { } given ? Decode(given) : (SpikeAndSlab?)null;
        var mode = start is { } warm && options.EstimateMode ? warm.Mode : options.Mode;
        if (options is { FixPrior: true, Start: { } kept })
        {
            mode = start!.Value.Mode;
            return new EbnmFit(kept, Value(start.Value, x, s) - ObservationSums.Of(x, s, mode).Normalization, true, 0);
        }

        var sums = ObservationSums.Of(x, s, mode);
        if (sums.Count == 0)
        {
            return new EbnmFit(options.Start ?? Null(mode, 1), 0, true, 0);
        }

        var nullMode = options.EstimateMode ? mode + (sums.WeightedX / sums.Precision) : mode;
        var nullSums = options.EstimateMode ? ObservationSums.Of(x, s, nullMode) : sums;
        var problem = ProblemOf(x, s, options, sums.TypicalS, mode);
        var best = start is { } p && p.Scale > 0 && (!hasSpike || (p.SlabWeight > 0 && p.PointWeight > 0))
            ? Maximize(problem.Admit(p), x, s, problem)
            : Search(x, s, options, problem);
        if (hasSpike && best.At.SlabWeight > NearlyNoSpike)
        {
            var alone = Maximize(best.At with { PointWeight = 0, SlabWeight = 1 }, x, s, problem);
            if (alone.Value >= best.Value - Tie)
            {
                best = alone;
            }
        }

        // With a fixed scale and no spike the point mass is not in the family.
        var hasNull = hasSpike || options.Scale is null;
        return hasNull && -nullSums.HalfSquares >= best.Value - Tie
            ? new EbnmFit(Null(nullMode, problem.Unit), nullSums.PointMass, true, best.Iterations)
            : new EbnmFit(Encode(best.At), best.Value - sums.Normalization, best.Converged, best.Iterations);
    }

    // The log-likelihood without the terms that depend on s only.
    private static double Value(in SpikeAndSlab at, ReadOnlySpan<double> x, ReadOnlySpan<double> s)
    {
        Span<double> sums = stackalloc double[SlabKernel<TSlab>.Length];
        sums.Clear();
        SlabKernel<TSlab>.Pass<SlabKernel<TSlab>.No, SlabKernel<TSlab>.No>(at, x, s, [], [], sums);
        return sums[1];
    }

    // Newton's method in a trust region, from one start: never lower than the start.
    private static Optimum Maximize(SpikeAndSlab start, ReadOnlySpan<double> x, ReadOnlySpan<double> s, in SlabProblem problem)
    {
        Span<double> sums = stackalloc double[SlabKernel<TSlab>.Length];
        Span<double> trial = stackalloc double[SlabKernel<TSlab>.Length];
        Span<double> step = stackalloc double[TrustRegion.Size];
        var current = start;
        sums.Clear();
        SlabKernel<TSlab>.Pass<SlabKernel<TSlab>.No, SlabKernel<TSlab>.Yes>(current, x, s, [], [], sums);
        var value = sums[1];
        var radius = 1.0;
        for (var iteration = 1; iteration <= problem.MaxIterations; iteration++)
        {
            var (gain, _) = problem.Step(current, sums, radius, step);
            if (gain <= 1e-9 + (1e-14 * double.Abs(value)))
            {
                return new Optimum(current, value, true, iteration);
            }

            var next = problem.Move(current, step);
            trial.Clear();
            SlabKernel<TSlab>.Pass<SlabKernel<TSlab>.No, SlabKernel<TSlab>.Yes>(next, x, s, [], [], trial);
            var actual = trial[1] - value;
            var length = double.Sqrt((step[0] * step[0]) + (step[1] * step[1]) + (step[2] * step[2]));
            radius = actual < 0.25 * gain ? 0.25 * length : actual > 0.75 * gain ? double.Clamp(2 * length, radius, 8) : radius;
            if (actual > 0)
            {
                current = next;
                value += actual;
                trial.CopyTo(sums);
            }
            else if (!(radius > 1e-12))
            {
                return new Optimum(current, value, true, iteration);
            }
        }

        return new Optimum(current, value, false, problem.MaxIterations);
    }

    private SlabProblem ProblemOf(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options, double typicalS, double mode)
    {
        var length = SlabProblem.LengthOf(typicalS);
        if (isLocated)
        {
            // As far as any likelihood still changes.
            return new SlabProblem(
                double.Log(1e-8 * typicalS / length),
                double.Log(1e8) + double.Log(double.Max(FarthestFrom(mode, x, s), typicalS) / length), typicalS, hasSpike,
                options.Scale is null, options.EstimateMode, options.MaxIterations);
        }

        // The range of the reference.
        double least = double.PositiveInfinity, top = double.NegativeInfinity;
        for (var i = 0; i < x.Length; i++)
        {
            if (double.IsFinite(s[i]))
            {
                least = s[i] < least ? s[i] : least;
                top = x[i] - s[i] > top ? x[i] - s[i] : top;
            }
        }

        return new SlabProblem(
            double.Log(0.1 * least / length), double.Log(double.Max(0.1 * least, top) / length), typicalS, hasSpike, true, false,
            options.MaxIterations);
    }

    private static double FarthestFrom(double mode, ReadOnlySpan<double> x, ReadOnlySpan<double> s)
    {
        var farthest = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            var distance = double.Abs(x[i] - mode);
            farthest = distance > farthest && !double.IsInfinity(s[i]) ? distance : farthest;
        }

        return farthest;
    }

    /// <summary>Where an optimization ended.</summary>
    private readonly record struct Optimum(SpikeAndSlab At, double Value, bool Converged, int Iterations);
}
