using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>s, t and c of one column after another, in buffers of padded length.</summary>
/// <param name="from">A state, or a broadcast of it.</param>
/// <param name="scope">The scope of the columns in it.</param>
/// <param name="factors">L.</param>
/// <param name="stride">The padded length.</param>
internal sealed class ConjugateInverseVectors(ArraySet from, string scope, int factors, int stride)
{
    private readonly double[] _counts = from.Get(ConjugateKeys.ColumnCounts.In(scope));
    private readonly double[] _rates = from.Get(ConjugateKeys.ColumnRates.In(scope));
    private readonly double[] _inverses = from.Get(ConjugateKeys.ColumnInverses.In(scope));

    public double[] S { get; } = new double[stride];

    public double[] T { get; } = new double[stride];

    public double[] C { get; } = new double[stride];

    /// <summary>Moves to a column.</summary>
    public void Read(int column)
    {
        _counts.AsSpan(column * factors, factors).CopyTo(S);
        _rates.AsSpan(column * factors, factors).CopyTo(T);
        _inverses.AsSpan(column * factors, factors).CopyTo(C);
    }
}
