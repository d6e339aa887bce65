using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// What rows need to know of the columns: exp(E log v_jl), the sums of E v_jl over columns, and, where cells are excluded, E v_jl, in rows
/// of padded length.
/// </summary>
internal sealed class ConjugatePoissonColumns : IDisposable
{
    private readonly int _factors;
    private readonly double[] _given;
    private readonly RentedArray _weights;
    private RentedArray? _means;

    public ConjugatePoissonColumns(ArraySet broadcast, int factors)
    {
        (_factors, _given) = (factors, broadcast.Get(ConjugateKeys.ColumnMeans));
        var logs = broadcast.Get(ConjugateKeys.ColumnLogs);
        Count = logs.Length / factors;
        Stride = Padding.To(factors);
        (_weights, Totals) = (new RentedArray(Count * Stride), new double[Stride]);
        for (var j = 0; j < Count; j++)
        {
            ConjugateGammaPosterior.WeightsOf(logs.AsSpan(j * factors, factors), Weights.AsSpan(j * Stride, Stride));
            FactorKernel.AddScaled(1, _given.AsSpan(j * factors, factors), Totals);
        }
    }

    public int Count { get; }

    public int Stride { get; }

    /// <summary>exp(E log v), 0 in the padding; there is more memory behind the last column.</summary>
    public double[] Weights => _weights.Values;

    /// <summary>The sum of E v over columns.</summary>
    public double[] Totals { get; }

    public ReadOnlySpan<double> Weight(int column) => Weights.AsSpan(column * Stride, Stride);

    /// <summary>E v of a column, 0 in the padding.</summary>
    public ReadOnlySpan<double> Mean(int column) => (_means ??= PaddedMeans()).Values.AsSpan(column * Stride, Stride);

    public void Dispose()
    {
        _weights.Dispose();
        _means?.Dispose();
    }

    private RentedArray PaddedMeans()
    {
        var means = new RentedArray(Count * Stride);
        for (var j = 0; j < Count; j++)
        {
            _given.AsSpan(j * _factors, _factors).CopyTo(means.Values.AsSpan(j * Stride));
        }

        return means;
    }
}
