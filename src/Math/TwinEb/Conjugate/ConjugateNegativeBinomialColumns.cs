using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// What rows need to know of the columns under the negative binomial model: exp(E log v_jl), E v_jl and 1 / E (1 / v_jl), each in rows of
/// padded length, 0 in the padding.
/// </summary>
internal sealed class ConjugateNegativeBinomialColumns : IDisposable
{
    private readonly RentedArray _weights;
    private readonly RentedArray _means;
    private readonly RentedArray _harmonics;

    public ConjugateNegativeBinomialColumns(ArraySet broadcast, int factors)
    {
        var logs = broadcast.Get(ConjugateKeys.ColumnLogs);
        var (means, harmonics) = (broadcast.Get(ConjugateKeys.ColumnMeans), broadcast.Get(ConjugateKeys.ColumnHarmonics));
        (Count, Stride) = (logs.Length / factors, Padding.To(factors));
        (_weights, _means, _harmonics) =
            (new RentedArray(Count * Stride), new RentedArray(Count * Stride), new RentedArray(Count * Stride));
        for (var j = 0; j < Count; j++)
        {
            ConjugateGammaPosterior.WeightsOf(logs.AsSpan(j * factors, factors), _weights.Values.AsSpan(j * Stride, Stride));
            means.AsSpan(j * factors, factors).CopyTo(_means.Values.AsSpan(j * Stride));
            harmonics.AsSpan(j * factors, factors).CopyTo(_harmonics.Values.AsSpan(j * Stride));
        }
    }

    public int Count { get; }

    public int Stride { get; }

    /// <summary>exp(E log v) of a column.</summary>
    public ReadOnlySpan<double> Weight(int column) => _weights.Values.AsSpan(column * Stride, Stride);

    /// <summary>E v of a column.</summary>
    public ReadOnlySpan<double> Mean(int column) => _means.Values.AsSpan(column * Stride, Stride);

    /// <summary>1 / E (1 / v) of a column.</summary>
    public ReadOnlySpan<double> Harmonic(int column) => _harmonics.Values.AsSpan(column * Stride, Stride);

    public void Dispose()
    {
        _weights.Dispose();
        _means.Dispose();
        _harmonics.Dispose();
    }
}
