using System.Buffers;

namespace FitCluster.Math.Numerics;

/// <summary>
/// A large array for one local step, of zeros at first: taken from the process's pool and given back to it, so that rounds do not leave
/// garbage of the size of their sums behind. If it is never given back, the collector takes it.
/// </summary>
internal sealed class RentedArray : IDisposable
{
    /// <summary>At least so many numbers, of which the first <paramref name="length"/> are 0.</summary>
    public RentedArray(int length)
    {
        Values = ArrayPool<double>.Shared.Rent(length);
        Values.AsSpan(0, length).Clear();
    }

    /// <summary>The numbers, and whatever lies behind them; empty once it was given back.</summary>
    public double[] Values { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        var values = Values;
        Values = [];
        if (values.Length > 0)
        {
            ArrayPool<double>.Shared.Return(values);
        }
    }
}
