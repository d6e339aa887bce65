namespace FitCluster.Math.TwinEb;

/// <summary>
/// Draws from q of a side of the Poisson model: a component by its responsibility, then a Gamma for each factor. Responsibilities are found
/// once, at construction (entities x components numbers).
/// </summary>
internal sealed class ConjugateGammaSampler : ISideSampler
{
    // A Gamma of a smaller shape is 0 but for one draw in hundreds.
    private const double LeastShape = 1e-3;

    private readonly ConjugateGammaPosterior _posterior;
    private readonly double[] _s;
    private readonly double[] _t;
    private readonly ConjugateComponentDraws _components;
    private readonly double[] _shapes;
    private readonly double[] _rates;
    private readonly double[] _numbers;
    private readonly int _factors;
    private readonly ulong _seed;
    private readonly ulong _stream;
    private readonly long _firstEntity;
    private readonly double _spread;

    /// <summary>
    /// A sampler of the entities whose s and t (entities x factors) are given; the first is number firstEntity of the whole side.
    /// Shapes and rates are divided by a spread: means stay, variances are so many times as large.
    /// </summary>
    public ConjugateGammaSampler(ConjugateGammaPrior prior, double[] s, double[] t, ulong seed, ulong stream, long firstEntity,
        double spread = 1)
    {
        _posterior = new ConjugateGammaPosterior(prior);
        _spread = spread;
        (_s, _t, _seed, _stream, _firstEntity) = (s, t, seed, stream, firstEntity);
        _factors = prior.Factors;
        (_shapes, _rates, _numbers) = (new double[_posterior.Stride], new double[_posterior.Stride], new double[_posterior.Stride]);
        _shapes.AsSpan().Fill(1);
        var entities = s.Length / _factors;
        _components = new ConjugateComponentDraws(entities, _posterior.Active.Length, _factors, seed, stream, firstEntity);
        var (padS, padT) = (new double[_posterior.Stride], new double[_posterior.Stride]);
        for (var i = 0; i < entities; i++)
        {
            s.AsSpan(i * _factors, _factors).CopyTo(padS);
            t.AsSpan(i * _factors, _factors).CopyTo(padT);
            _posterior.Evaluate(padS, padT);
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
                var (shape, rate) = _posterior.Given(component, l, _s[(i * _factors) + l], _t[(i * _factors) + l]);
                var spread = _spread <= 1 ? 1 : double.Max(1, double.Min(_spread, shape / LeastShape));
                (_shapes[l], _rates[l]) = (shape / spread, rate / spread);
            }

            ConjugateDraw.Gammas(_shapes, _seed, _stream, draw, entity, _numbers);
            for (var l = 0; l < _factors; l++)
            {
                factors[((i - first) * _factors) + l] = _numbers[l] / _rates[l];
            }
        }
    }

    /// <inheritdoc/>
    public void Mean(int first, int count, Span<double> factors) => _components.Mean(first, count, factors);
}
