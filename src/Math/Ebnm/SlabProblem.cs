using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>What may move in a spike-and-slab prior, and how far. Steps are in (log-odds, log scale, mode / Unit).</summary>
/// <param name="LogScaleLow">The least log (scale / length), the length being the power of two next below Unit.</param>
/// <param name="LogScaleHigh">The largest log (scale / length).</param>
/// <param name="Unit">The unit of the mode: a typical s, the longest step of it that a model can be trusted with.</param>
/// <param name="WeightIsFree">Whether the weight moves (weights of exactly 0 and 1 never do).</param>
/// <param name="ScaleIsFree">Whether the scale moves.</param>
/// <param name="ModeIsFree">Whether the mode moves.</param>
/// <param name="MaxIterations">The most iterations.</param>
internal readonly record struct SlabProblem(
    double LogScaleLow, double LogScaleHigh, double Unit, bool WeightIsFree, bool ScaleIsFree, bool ModeIsFree, int MaxIterations)
{
    // exp(-36) = 2e-16: beyond, a weight is 0 or 1 in double precision.
    private const double LargestLogOdds = 36;

    private double Length => LengthOf(Unit);

    /// <summary>The length for a unit: logarithms are of ratios to it, so that they are the same in every unit by a power of two.</summary>
    public static double LengthOf(double unit) => double.ScaleB(1, double.ILogB(unit));

    /// <summary>The log of a scale, as the bounds are.</summary>
    public double LogScale(double scale) => double.Log(scale / Length);

    /// <summary>The scale of a log.</summary>
    public double Scale(double logScale) => Length * double.Exp(logScale);

    /// <summary>The nearest prior inside the bounds.</summary>
    public SpikeAndSlab Admit(in SpikeAndSlab p) => ScaleIsFree
        ? p with { Scale = Scale(double.Clamp(LogScale(p.Scale), LogScaleLow, LogScaleHigh)) }
        : p;

    /// <summary>
    /// The step that maximizes the quadratic model of the sums of <see cref="SlabKernel{TSlab}"/> in a ball; a bound that the gradient
    /// pushes against is held.
    /// </summary>
    public (double Gain, bool Concave) Step(in SpikeAndSlab at, ReadOnlySpan<double> sums, double radius, Span<double> step)
    {
        var unit = Unit / at.Unit;
        ReadOnlySpan<double> gradient = [sums[8], sums[9], sums[10] * unit];
        ReadOnlySpan<double> hessian =
        [
            sums[11], sums[12], sums[14] * unit,
            sums[12], sums[13], sums[15] * unit,
            sums[14] * unit, sums[15] * unit, sums[16] * unit * unit,
        ];
        var logScale = LogScale(at.Scale);
        var held = (logScale <= LogScaleLow && gradient[1] <= 0) || (logScale >= LogScaleHigh && gradient[1] >= 0);
        ReadOnlySpan<bool> free =
        [
            WeightIsFree && at.PointWeight > 0 && at.SlabWeight > 0,
            ScaleIsFree && at.Scale > 0 && !held,
            ModeIsFree,
        ];
        return TrustRegion.Step(gradient, hessian, free, radius, step);
    }

    /// <summary>The prior after a step, inside the bounds.</summary>
    public SpikeAndSlab Move(in SpikeAndSlab at, ReadOnlySpan<double> step)
    {
        var scale = ScaleIsFree && step[1] != 0
            ? Scale(double.Clamp(LogScale(at.Scale) + step[1], LogScaleLow, LogScaleHigh))
            : at.Scale;
        var mode = at.Mode + (Unit * step[2]);
        return step[0] == 0
            ? at with { Scale = scale, Mode = mode }
            : SpikeAndSlab.FromLogOdds(double.Clamp(at.LogOdds + step[0], -LargestLogOdds, LargestLogOdds), scale, mode);
    }
}
