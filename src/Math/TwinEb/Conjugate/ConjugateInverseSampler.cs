namespace FitCluster.Math.TwinEb;

/// <summary>
/// Draws from q of a side of the negative binomial model: a component by its responsibility, then a generalized inverse Gaussian for each
/// factor. Responsibilities are found once, at construction (entities x components numbers).
/// </summary>
internal sealed class ConjugateInverseSampler : ISideSampler
{
    private readonly ConjugateInversePosterior _posterior;
    private readonly double[] _vectors;
    private readonly ConjugateComponentDraws _components;
    private readonly int _factors;
    private readonly ulong _seed;
    private readonly ulong _stream;
    private readonly long _firstEntity;

    /// <summary>
    /// A sampler of the entities whose s, t and c (entities x 3 x factors) are given; the first is number firstEntity of the whole side.
    /// </summary>
    public ConjugateInverseSampler(ConjugateGammaPrior prior, double[] vectors, ulong seed, ulong stream, long firstEntity)
    {
        _posterior = new ConjugateInversePosterior(prior);
        (_vectors, _seed, _stream, _firstEntity) = (vectors, seed, stream, firstEntity);
        _factors = prior.Factors;
        var entities = vectors.Length / (3 * _factors);
        _components = new ConjugateComponentDraws(entities, _posterior.Active.Length, _factors, seed, stream, firstEntity);
        var (s, t, c) = (new double[_posterior.Stride], new double[_posterior.Stride], new double[_posterior.Stride]);
        for (var i = 0; i < entities; i++)
        {
            var of = vectors.AsSpan(i * 3 * _factors, 3 * _factors);
            of[.._factors].CopyTo(s);
            of.Slice(_factors, _factors).CopyTo(t);
            of[(2 * _factors)..].CopyTo(c);
            _posterior.Evaluate(s, t, c);
            _components.Keep(i, _posterior.Responsibilities, _posterior.Mean);
        }
    }

    /// <inheritdoc/>
    public void Draw(int draw, int first, int count, Span<double> factors)
    {
        for (var i = first; i < first + count; i++)
        {
            var (entity, component) = (_firstEntity + i, _components.Component(draw, i));
            for (var l = 0; l < _factors; l++)
            {
                var at = (i * 3 * _factors) + l;
                var (shape, rate, inverse) = _posterior.Given(
                    component, l, _vectors[at], _vectors[at + _factors], _vectors[at + (2 * _factors)]);
                factors[((i - first) * _factors) + l] = ConjugateDraw.Inverse(shape, rate, inverse, _seed, _stream, draw, entity, l);
            }
        }
    }

    /// <inheritdoc/>
    public void Mean(int first, int count, Span<double> factors) => _components.Mean(first, count, factors);
}
