namespace FitCluster.Math.TwinEb;

/// <summary>
/// What draws from q of a side of Gamma mixtures have in common: the component of an entity, by its responsibility, and its mean. Both are
/// kept, entities x components and entities x factors numbers.
/// </summary>
/// <param name="entities">The entities.</param>
/// <param name="components">The active components.</param>
/// <param name="factors">L; also the place of the component's draw after those of the factors.</param>
/// <param name="seed">The seed.</param>
/// <param name="stream">The side's stream.</param>
/// <param name="firstEntity">Which the first entity is of the whole side.</param>
internal sealed class ConjugateComponentDraws(
    int entities, int components, int factors, ulong seed, ulong stream, long firstEntity)
{
    private readonly double[] _cumulative = new double[entities * components];
    private readonly double[] _means = new double[entities * factors];

    /// <summary>Keeps an entity's responsibilities and mean (padded or not).</summary>
    public void Keep(int entity, ReadOnlySpan<double> responsibilities, ReadOnlySpan<double> mean)
    {
        mean[..factors].CopyTo(_means.AsSpan(entity * factors));
        var sum = 0.0;
        for (var c = 0; c < components; c++)
        {
            sum += responsibilities[c];
            _cumulative[(entity * components) + c] = sum;
        }
    }

    /// <summary>An entity's component in a draw.</summary>
    public int Component(int draw, int entity)
    {
        if (components == 1)
        {
            return 0;
        }

        var uniform = ConjugateDraw.Uniform(seed, stream, draw, firstEntity + entity, factors);
        var component = 0;
        while (component < components - 1 && _cumulative[(entity * components) + component] < uniform)
        {
            component++;
        }

        return component;
    }

    /// <summary>The means of some entities.</summary>
    public void Mean(int first, int count, Span<double> to) => _means.AsSpan(first * factors, count * factors).CopyTo(to);
}
