using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>What may move in a spike-and-slab prior, and how far. Steps are in (log-odds, log scale, mode / Unit).</summary>
/// <param name="LogScaleLow">The least log scale.</param>
/// <param name="LogScaleHigh">The largest log scale.</param>
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

    /// <summary>The nearest prior inside the bounds.</summary>
    public SpikeAndSlab Admit(in SpikeAndSlab p) => ScaleIsFree
        ? p with { Scale = double.Exp(double.Clamp(double.Log(p.Scale), LogScaleLow, LogScaleHigh)) }
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
        var logScale = double.Log(at.Scale);
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
            ? double.Exp(double.Clamp(double.Log(at.Scale) + step[1], LogScaleLow, LogScaleHigh))
            : at.Scale;
        var mode = at.Mode + (Unit * step[2]);
        return step[0] == 0
            ? at with { Scale = scale, Mode = mode }
            : SpikeAndSlab.FromLogOdds(double.Clamp(at.LogOdds + step[0], -LargestLogOdds, LargestLogOdds), scale, mode);
    }
}
