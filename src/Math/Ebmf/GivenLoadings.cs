using System.Numerics.Tensors;
using FitCluster.Math.Models;
using MathNet.Numerics.LinearAlgebra;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The loadings that a shard's rows start from (<see cref="ExtraKeys.InitialLoadings"/>), with their standard deviations where there are any. A row of NaN is new: it starts from the
/// least squares of its observed entries on the given factors. From 0 its data would count as noise, of which the first sweep would then expect too much.
/// </summary>
internal sealed class GivenLoadings
{
    // Beside the factors' sums of squares: of fewer observed entries than factors, the shortest solution.
    private const double Ridge = 1e-8;

    private readonly int _factors;
    private readonly double[] _mean;
    private readonly double[]? _sd;

    /// <summary>Reads the given loadings; <paramref name="order"/> has the factors that go with them, from <see cref="EbmfBroadcast.FirstAdopted"/> on.</summary>
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

    /// <summary>Means and second moments of the given loadings of a factor.</summary>
    public (double[] Mean, double[] Second) Column(int k)
    {
        var (mean, second) = (new double[_mean.Length / _factors], new double[_mean.Length / _factors]);
        for (var i = 0; i < mean.Length; i++)
        {
            var at = (i * _factors) + k;
            mean[i] = _mean[at];

            // New rows have no standard deviation yet.
            second[i] = (mean[i] * mean[i]) + (_sd is not null && double.IsFinite(_sd[at]) ? _sd[at] * _sd[at] : 0);
        }

        return (mean, second);
    }

    // (F'F + ridge) l = F'y over the observed entries.
    private static void LeastSquares(ObservedRow row, ReadOnlySpan<double[]> factors, Span<double> loadings)
    {
        var gram = Matrix<double>.Build.Dense(factors.Length, factors.Length);
        var cross = Vector<double>.Build.Dense(factors.Length);
        for (var e = 0; e < row.Count; e++)
        {
            for (var a = 0; a < factors.Length; a++)
            {
                var f = factors[a][row.Columns[e]];
                cross[a] += f * row.Values[e];
                for (var b = 0; b <= a; b++)
                {
                    gram[a, b] += f * factors[b][row.Columns[e]];
                }
            }
        }

        var ridge = double.Max(double.Epsilon / Ridge, gram.Trace()) * Ridge;
        for (var a = 0; a < factors.Length; a++)
        {
            gram[a, a] += ridge;
            for (var b = 0; b < a; b++)
            {
                gram[b, a] = gram[a, b];
            }
        }

        if (cross.L2Norm() == 0)
        {
            loadings.Clear();
            return;
        }

        gram.Cholesky().Solve(cross).AsArray().CopyTo(loadings);
    }
}
