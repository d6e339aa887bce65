using FitCluster.Math.Numerics;

namespace FitCluster.Math.Svi;

/// <summary>
/// The order of rows in an epoch: a permutation of 0 .. count that is evaluated element by element, so that every shard finds the rows of a
/// batch in time and memory of the batch. A Feistel network of 6 rounds over the next power of 4, with Philox as its round function; a
/// value outside the range is sent through again until it is inside (fewer than 4 times on average), which keeps it a bijection.
/// </summary>
public readonly struct EpochOrder
{
    private const int NetworkRounds = 6;
    private readonly ulong _seed;
    private readonly ulong _stream;
    private readonly ulong _count;
    private readonly int _halfBits;

    /// <summary>The order of an epoch.</summary>
    /// <param name="seed">The fit's seed.</param>
    /// <param name="stream">What tells epochs (and restarts) apart.</param>
    /// <param name="count">The rows, 1 or more.</param>
    public EpochOrder(ulong seed, ulong stream, long count)
    {
        (_seed, _stream, _count) = (seed, stream, (ulong)count);
        _halfBits = 1;
        while (1UL << (2 * _halfBits) < _count)
        {
            _halfBits++;
        }
    }

    /// <summary>The element at a position.</summary>
    public long this[long position]
    {
        get
        {
            var value = (ulong)position;
            do
            {
                value = Network(value);
            }
            while (value >= _count);

            return (long)value;
        }
    }

    private ulong Network(ulong value)
    {
        var mask = (1UL << _halfBits) - 1;
        var (left, right) = (value >> _halfBits, value & mask);
        for (var round = 0; round < NetworkRounds; round++)
        {
            var (word, _, _, _) = Philox.Words(_seed, _stream, ((ulong)round << 56) | right);
            (left, right) = (right, left ^ (word & mask));
        }

        return (left << _halfBits) | right;
    }
}
