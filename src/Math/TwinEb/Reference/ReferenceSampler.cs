using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>Draws from the log-normal or normal q of rows or columns, keyed by (seed, purpose, restart, draw, row or column).</summary>
internal sealed class ReferenceSampler : ISideSampler
{
    private readonly TwinEbOptions _options;
    private readonly ReferenceStreams.Purpose _purpose;
    private readonly int _restart;
    private readonly long _firstEntity;
    private readonly double[] _location;
    private readonly double[] _scale;
    private double[] _normals = [];

    /// <summary>A sampler of the entities of two planes of parameters [2, count, L].</summary>
    public ReferenceSampler(
        TwinEbOptions options, ReadOnlySpan<double> parameters, ReferenceStreams.Purpose purpose, int restart, long firstEntity)
    {
        (_options, _purpose, _restart, _firstEntity) = (options, purpose, restart, firstEntity);
        (_location, _scale) = LocationsAndScales(parameters);
    }

    /// <summary>The locations and scales of q, [count x L] each.</summary>
    public static (double[] Location, double[] Scale) LocationsAndScales(ReadOnlySpan<double> parameters)
    {
        var plane = parameters.Length / 2;
        var (location, scale) = (new double[plane], new double[plane]);
        for (var p = 0; p < plane; p++)
        {
            var x = ReferenceSide.LogHalf - parameters[plane + p];
            var t = double.Max(x, 0) + double.LogP1(double.Exp(-double.Abs(x)));
            (location[p], scale[p]) = (-parameters[p] * t, double.Clamp(t, 1e-8, 1e3));
        }

        return (location, scale);
    }

    /// <summary>Means and standard deviations of q, [count x L] each.</summary>
    public static (double[] Mean, double[] Sd) Moments(TwinEbOptions options, ReadOnlySpan<double> parameters)
    {
        var (mean, sd) = LocationsAndScales(parameters);
        if (options.Likelihood == TwinEbLikelihood.Poisson)
        {
            for (var p = 0; p < mean.Length; p++)
            {
                var variance = sd[p] * sd[p];
                mean[p] = double.Exp(mean[p] + (variance / 2));
                sd[p] = mean[p] * double.Sqrt(double.ExpM1(variance));
            }
        }

        return (mean, sd);
    }

    /// <inheritdoc/>
    public void Draw(int draw, int first, int count, Span<double> factors)
    {
        var l = _options.Factors;
        var width = (l + 3) & ~3;
        if (_normals.Length < count * width)
        {
            _normals = new double[count * width];
        }

        PhiloxNormals.Fill(
            _options.Seed, ReferenceStreams.Of(_purpose, _restart, (ulong)draw), _firstEntity + first, count, width, _normals);
        var isLogNormal = _options.Likelihood == TwinEbLikelihood.Poisson;
        for (var n = 0; n < count; n++)
        {
            for (var p = 0; p < l; p++)
            {
                var at = ((first + n) * l) + p;
                factors[(n * l) + p] = _location[at] + (_scale[at] * _normals[(n * width) + p]);
            }
        }

        if (isLogNormal)
        {
            VectorExp.Of(factors[..(count * l)], factors[..(count * l)]);
        }
    }

    /// <inheritdoc/>
    public void Mean(int first, int count, Span<double> factors)
    {
        var l = _options.Factors;
        for (var p = 0; p < count * l; p++)
        {
            var at = (first * l) + p;
            factors[p] =
                _options.Likelihood == TwinEbLikelihood.Poisson ? double.Exp(_location[at] + (_scale[at] * _scale[at] / 2)) : _location[at];
        }
    }
}
