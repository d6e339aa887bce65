using System.Numerics.Tensors;
using FitCluster.Math.Models;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The loadings that a shard's rows start from (<see cref="ExtraKeys.InitialLoadings"/>), with their standard deviations where there are
/// any. A row of NaN is new: it starts from the
/// least squares of its observed entries on the given factors. From 0 its data would count as noise, of which the first sweep would then
/// expect too much.
/// </summary>
internal sealed class GivenLoadings
{
    private readonly int _factors;
    private readonly double[] _mean;
    private readonly double[]? _sd;

    /// <summary>
    /// Reads the given loadings; <paramref name="order"/> has the factors that go with them, from <see cref="EbmfBroadcast.FirstAdopted"/>
    /// on.
    /// </summary>
    public GivenLoadings(ShardData data, EbmfBroadcast order)
    {
        var given = data.Extras.Get(ExtraKeys.InitialLoadings.Name);
        _factors = given.Shape[1];
        _mean = (double[])given.Values.Clone();
        _sd = data.Extras.Has(ExtraKeys.InitialLoadingsSd) ? data.Extras.Get(ExtraKeys.InitialLoadingsSd) : null;
        var reader = new ObservedRow(data, KnownErrors.None, []);
        for (var i = 0; i < data.Block.Rows; i++)
        {
            var row = _mean.AsSpan(i * _factors, _factors);
            if (TensorPrimitives.IsNaNAny<double>(row))
            {
                reader.Read(i);
                LeastSquares(reader, order.Mean.AsSpan(order.FirstAdopted, _factors), row);
            }
        }
    }

    /// <summary>Means and variances of the given loadings of a factor.</summary>
    public (double[] Mean, double[] Variance) Column(int k)
    {
        var (mean, variance) = (new double[_mean.Length / _factors], new double[_mean.Length / _factors]);
        for (var i = 0; i < mean.Length; i++)
        {
            var at = (i * _factors) + k;
            mean[i] = _mean[at];

            // New rows have no standard deviation yet.
            variance[i] = _sd is not null && double.IsFinite(_sd[at]) ? _sd[at] * _sd[at] : 0;
        }

        return (mean, variance);
    }

    private static void LeastSquares(ObservedRow row, ReadOnlySpan<double[]> factors, Span<double> loadings)
    {
        var (gram, cross) = (new double[factors.Length * factors.Length], new double[factors.Length]);
        for (var e = 0; e < row.Count; e++)
        {
            for (var a = 0; a < factors.Length; a++)
            {
                var f = factors[a][row.Columns[e]];
                cross[a] += f * row.Values[e];
                for (var b = 0; b <= a; b++)
                {
                    gram[(a * factors.Length) + b] += f * factors[b][row.Columns[e]];
                }
            }
        }

        RidgedLeastSquares.Solve(gram, cross, loadings);
    }
}
