namespace FitCluster.Math.Numerics;

/// <summary>
/// Scratch numbers, zero at first, that begin at a multiple of 64 bytes and never move: a vector of 4 never lies in two cache lines, which
/// in products doubles the cost of reading it. (The collector's arrays begin at any multiple of 8 bytes, another one in every run.) The
/// numbers live as long as something refers to the instance.
/// </summary>
internal sealed class AlignedArray
{
    private const int Line = 64;
    private readonly double[] _array;
    private readonly int _offset;

    /// <summary>An array of so many numbers.</summary>
    public unsafe AlignedArray(int length)
    {
        const int Spare = (Line / sizeof(double)) - 1;
        _array = GC.AllocateArray<double>(length + Spare, pinned: true);
        Length = length;
        fixed (double* start = _array)
        {
            _offset = (int)((-(nint)start & (Line - 1)) / sizeof(double));
        }
    }

    /// <summary>How many numbers there are.</summary>
    public int Length { get; }

    /// <summary>The numbers.</summary>
    public Span<double> Span => _array.AsSpan(_offset, Length);
}
