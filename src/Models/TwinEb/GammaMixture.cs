using FitCluster.Math.Numerics;
using FitCluster.Models.Results;

namespace FitCluster.Models.TwinEb;

/// <summary>
/// One side's true prior: K components, weights ~ Dirichlet(10), in each a Gamma(shape, rate) for each factor, shape and rate both 0.2 + an
/// exponential number of mean 1. An entity's component and factors depend on (seed, stream, entity) alone.
/// </summary>
internal sealed class GammaMixture
{
    private const double LeastParameter = 0.2;
    private const double Concentration = 10;
    private const ulong PriorEntity = (1UL << 48) - 1;

    private readonly ulong _seed;
    private readonly ulong _stream;
    private readonly double[] _weights;
    private readonly double[] _shapes;
    private readonly double[] _rates;
    private readonly int _factors;

    /// <param name="components">The number of components, K.</param>
    /// <param name="factors">The number of factors, L.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="side">A number below 2^15 that tells this side from others.</param>
    public GammaMixture(int components, int factors, ulong seed, ulong side)
    {
        (_factors, _seed, _stream) = (factors, seed, side << 48);
        _weights = [.. Enumerable.Range(0, components).Select(k => GammaDraw.Next(Concentration, seed, _stream + PriorEntity, (uint)k))];
        var total = _weights.Sum();
        _weights = [.. _weights.Select(w => w / total)];
        (_shapes, _rates) = (new double[components * factors], new double[components * factors]);
        for (var at = 0; at < _shapes.Length; at++)
        {
            _shapes[at] = LeastParameter - double.Log(Philox.Uniform(seed, _stream + PriorEntity - 1, (ulong)at));
            _rates[at] = LeastParameter - double.Log(Philox.Uniform(seed, _stream + PriorEntity - 2, (ulong)at));
        }
    }

    /// <summary>The component of a row or column.</summary>
    public int Component(long entity)
    {
        // The indices of its factors leave this one free.
        var uniform = Philox.Uniform(_seed, _stream + (ulong)entity, ulong.MaxValue);
        var k = 0;
        for (var sum = _weights[0]; sum < uniform && k < _weights.Length - 1; sum += _weights[k])
        {
            k++;
        }

        return k;
    }

    /// <summary>The factors of a row or column.</summary>
    public void Draw(long entity, Span<double> factors)
    {
        var first = Component(entity) * _factors;
        for (var l = 0; l < _factors; l++)
        {
            factors[l] = GammaDraw.Next(_shapes[first + l], _seed, _stream + (ulong)entity, (uint)l) / _rates[first + l];
        }
    }

    /// <summary>The prior means of the factors.</summary>
    public double[] Means()
    {
        var means = new double[_factors];
        for (var at = 0; at < _shapes.Length; at++)
        {
            means[at % _factors] += _weights[at / _factors] * _shapes[at] / _rates[at];
        }

        return means;
    }

    /// <summary>The prior as row_prior.json has it, of factors that are this many times as large.</summary>
    public byte[] ToJson(double scale) =>
        Json.Bytes(
            writer => MixtureJson.Write(writer, isGamma: true, _weights, ("shape", _shapes), ("rate", [.. _rates.Select(r => r / scale)])));
}
