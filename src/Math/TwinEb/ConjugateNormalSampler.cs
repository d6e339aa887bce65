namespace FitCluster.Math.TwinEb;

/// <summary>Draws from normal q of a side: mean + G z, G the Cholesky factor of the covariance (packed lower triangles).</summary>
internal sealed class ConjugateNormalSampler : ISideSampler
{
    private readonly double[] _means;
    private readonly double[] _roots;
    private readonly double[] _z;
    private readonly int _factors;
    private readonly int _packed;
    private readonly ulong _seed;
    private readonly ulong _stream;
    private readonly long _firstEntity;

    /// <summary>A sampler of the entities whose means (entities x factors) and packed covariances are given; the first is number firstEntity.</summary>
    public ConjugateNormalSampler(double[] means, double[] covariances, int factors, ulong seed, ulong stream, long firstEntity)
    {
        (_means, _factors, _seed, _stream, _firstEntity) = (means, factors, seed, stream, firstEntity);
        _packed = factors * (factors + 1) / 2;
        _z = new double[factors];
        _roots = new double[covariances.Length];
        var square = new double[factors * factors];
        for (var e = 0; e < covariances.Length / _packed; e++)
        {
            for (int i = 0, at = e * _packed; i < factors; i++)
            {
                for (var j = 0; j <= i; j++)
                {
                    square[(i * factors) + j] = covariances[at++];
                }
            }

            ConjugateSymmetric.Cholesky(square, factors);
            for (int i = 0, at = e * _packed; i < factors; at += i + 1, i++)
            {
                square.AsSpan(i * factors, i + 1).CopyTo(_roots.AsSpan(at));
            }
        }
    }

    /// <inheritdoc/>
    public void Draw(int draw, int first, int count, Span<double> factors)
    {
        for (var e = first; e < first + count; e++)
        {
            for (var l = 0; l < _factors; l++)
            {
                _z[l] = ConjugateDraw.Normal(_seed, _stream, draw, _firstEntity + e, l);
            }

            for (int l = 0, at = e * _packed; l < _factors; at += l + 1, l++)
            {
                factors[((e - first) * _factors) + l] =
                    _means[(e * _factors) + l] + FactorKernel.Dot(_roots.AsSpan(at, l + 1), _z.AsSpan(0, l + 1));
            }
        }
    }

    /// <inheritdoc/>
    public void Mean(int first, int count, Span<double> factors) => _means.AsSpan(first * _factors, count * _factors).CopyTo(factors);
}
