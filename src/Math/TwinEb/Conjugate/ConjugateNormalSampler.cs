using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Draws from q of a side of the Gaussian model: a component by its responsibility, then mean + G z, G the Cholesky factor of the
/// covariance.
/// </summary>
internal sealed class ConjugateNormalSampler(TwinEbOptions options, ulong stream, long firstEntity, int entities) : ISideSampler
{
    // Components below this share are left out of draws: 500 draws would see one of them once in 20.
    private const double LeastResponsibility = 1e-4;

    private readonly Entity?[] _entities = new Entity?[entities];
    private readonly double[] _z = new double[options.Factors];

    /// <summary>Keeps the posterior of an entity as it stands.</summary>
    public void Add(int entity, ConjugateNormalPosterior posterior)
    {
        var factors = options.Factors;
        var (cumulative, means, roots) = (new List<double>(), new List<double>(), new List<double>());
        var square = new double[factors * factors];
        for (var c = 0; c < posterior.Components; c++)
        {
            var r = posterior.Given(c, out var mean, out var covariance);
            if (r < LeastResponsibility)
            {
                continue;
            }

            for (int i = 0, at = 0; i < factors; at += i + 1, i++)
            {
                covariance.Slice(at, i + 1).CopyTo(square.AsSpan(i * factors));
            }

            Cholesky.Factor(square, factors);
            cumulative.Add(r + (cumulative.Count == 0 ? 0 : cumulative[^1]));
            means.AddRange(mean);
            for (var i = 0; i < factors; i++)
            {
                roots.AddRange(square.AsSpan(i * factors, i + 1));
            }
        }

        _entities[entity] = new Entity([.. cumulative], [.. means], [.. roots], [.. posterior.Mean]);
    }

    /// <inheritdoc/>
    public void Draw(int draw, int first, int count, Span<double> factors)
    {
        var (l, packed) = (options.Factors, options.Factors * (options.Factors + 1) / 2);
        for (var e = first; e < first + count; e++)
        {
            var entity = Of(e);
            var component = 0;
            if (entity.Cumulative.Length > 1)
            {
                var uniform = entity.Cumulative[^1] * ConjugateDraw.Uniform(options.Seed, stream, draw, firstEntity + e, l);
                while (component < entity.Cumulative.Length - 1 && entity.Cumulative[component] < uniform)
                {
                    component++;
                }
            }

            for (var i = 0; i < l; i++)
            {
                _z[i] = ConjugateDraw.Normal(options.Seed, stream, draw, firstEntity + e, i);
            }

            for (int i = 0, at = component * packed; i < l; at += i + 1, i++)
            {
                factors[((e - first) * l) + i] =
                    entity.Means[(component * l) + i] + FactorKernel.Dot(entity.Roots.AsSpan(at, i + 1), _z.AsSpan(0, i + 1));
            }
        }
    }

    /// <inheritdoc/>
    public void Mean(int first, int count, Span<double> factors)
    {
        for (var e = first; e < first + count; e++)
        {
            Of(e).Mean.CopyTo(factors[((e - first) * options.Factors)..]);
        }
    }

    private Entity Of(int entity) =>
        _entities[entity] ?? throw new InvalidOperationException($"entity {entity} has a cell to be scored but was not fitted");

    private sealed record Entity(double[] Cumulative, double[] Means, double[] Roots, double[] Mean);
}
