using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>What rows need to know of the columns: exp(E log v_jl), E v_jl and their sums over columns, in rows of padded length.</summary>
internal sealed class ConjugatePoissonColumns
{
    public ConjugatePoissonColumns(ArraySet broadcast, int factors)
    {
        var (logs, means) = (broadcast["column.logs"], broadcast["column.means"]);
        Count = logs.Length / factors;
        Stride = ConjugateGammaPosterior.Padded(factors);
        (Weights, Means, Totals) = (new double[Count * Stride], new double[Count * Stride], new double[Stride]);
        for (var j = 0; j < Count; j++)
        {
            ConjugateGammaPosterior.WeightsOf(logs.AsSpan(j * factors, factors), Weights.AsSpan(j * Stride, Stride));
            means.AsSpan(j * factors, factors).CopyTo(Means.AsSpan(j * Stride));
            FactorKernel.AddScaled(1, Means.AsSpan(j * Stride, Stride), Totals);
        }
    }

    public int Count { get; }

    public int Stride { get; }

    /// <summary>exp(E log v), 0 in the padding.</summary>
    public double[] Weights { get; }

    /// <summary>E v, 0 in the padding.</summary>
    public double[] Means { get; }

    /// <summary>The sum of E v over columns.</summary>
    public double[] Totals { get; }

    public ReadOnlySpan<double> Weight(int column) => Weights.AsSpan(column * Stride, Stride);

    public ReadOnlySpan<double> Mean(int column) => Means.AsSpan(column * Stride, Stride);
}
