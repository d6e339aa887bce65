using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Whether few entries lie so far beyond all others that they are hardly data (docs/ebmf.md, "Entries far beyond the others"): the typical
/// entry (the median of the absolute ones that are not 0) is less than a millionth of them, so that one of them has more of the sum of
/// squares than 10^12 others; and between them and the next ones is nothing over three decades, where heavy tails and columns of other
/// units have neighbours. Sizes are told to a power of two, by counts of exponents that shards sum.
/// </summary>
internal static class FarEntry
{
    // Binary exponents below the largest entry that are told apart; the smallest doubles share the last.
    private const int Exponents = 1100;

    private const int FarBits = 20;
    private const int GapBits = 10;

    // So many entries, and no more than one in a thousand, are mistakes at most; more of them are a group of another unit.
    private const int MostEntries = 10;
    private const double MostShare = 1e-3;

    /// <summary>Counts the exponents of a shard's entries, which are in the fit's unit, and finds the largest one.</summary>
    public static void Describe(ShardData data, ArraySet partial)
    {
        var (block, counts, largest) = (data.Block, new double[Exponents], new double[3]);
        for (var i = 0; i < block.Rows; i++)
        {
            var values = block.IsSparse ? block.RowValues(i) : block.DenseRows(i, 1);
            for (var e = 0; e < values.Length; e++)
            {
                var y = values[e] * block.Scale;
                if (y == 0)
                {
                    continue;
                }

                // The exponent from the bits: 0 for 1 <= |y| < 2, where the largest is.
                var below = 1023 - (int)((BitConverter.DoubleToInt64Bits(y) >> 52) & 0x7FF);
                counts[int.Clamp(below, 0, Exponents - 1)]++;
                if (below <= 0)
                {
                    var column = block.IsSparse ? block.RowColumns(i)[e] : e;
                    largest[0] = ((data.FirstRow + i) * (double)block.Columns) + column + 1;
                    largest[y > 0 ? 1 : 2] = double.Max(largest[y > 0 ? 1 : 2], double.Abs(y));
                }
            }
        }

        partial.Set(PartialKeys.Exponents, counts).Set(PartialKeys.FarthestEntry, largest);
    }

    /// <summary>
    /// Row, column, value and typical absolute value, in the fit's unit, of the farthest entry, and how many there are; empty where none is
    /// far. Of several of its size the sign is that of the larger.
    /// </summary>
    public static double[] Of(ArraySet partial, int columns)
    {
        var (counts, largest) = (partial.Get(PartialKeys.Exponents), partial.Get(PartialKeys.FarthestEntry));
        var total = counts.Sum();
        var (far, seen, median) = (0.0, 0.0, 0);
        while (seen + counts[median] <= total / 2 && median < counts.Length - 1)
        {
            seen += counts[median++];
        }

        for (var (e, empty) = (0, 0); e < counts.Length && empty < GapBits; e++)
        {
            (far, empty) = (far + counts[e], counts[e] > 0 ? 0 : empty + 1);
        }

        if (median < FarBits || !(far <= double.Max(1, double.Min(MostEntries, MostShare * total))))
        {
            return [];
        }

        var position = largest[0] - 1;
        var row = double.Floor(position / columns);
        var value = largest[1] >= largest[2] ? largest[1] : -largest[2];
        return [row, position - (row * columns), value, double.ScaleB(1.5, -median), far];
    }
}
