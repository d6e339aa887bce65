namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Entries, the distinct (gene, count) pairs u &gt; 0 that functions of a count are tabulated at. For a gene whose counts are at most 255:
/// the counts themselves. Above 255: nodes u_j = 256 x 1.1^(j - 5), j = 0, 1, ..., in which a function is interpolated by Lagrange's
/// formula in log u on the 12 nodes about the count; relative error 1e-15 for functions like log Gamma(u + r), r &gt; 0 (tests), so that
/// the weights of a count's nodes stand for the count in every sum (they may be negative). Immutable; the same everywhere for the same
/// <see cref="Bits"/> and <see cref="Present"/>.
/// </summary>
public sealed class CountLayout
{
    /// <summary>Counts up to this one have an entry each.</summary>
    public const int MostExact = 255;

    /// <summary>The nodes of an interpolation.</summary>
    public const int Nodes = 12;

    /// <summary>The greatest count: 2^40.</summary>
    public const double MostCount = 1099511627776;

    private const int Below = 5;
    private const int ExactBits = 8;
    private static readonly double LogRatio = double.Log(1.1);
    private static readonly double LogFirst = double.Log(MostExact + 1) - (Below * LogRatio);
    private static readonly double[] NodeScale = Scales();

    // Of gene g's count u <= 255: the entry is _map[_mapStarts[g] + u - 1], -1 where it is absent.
    private readonly int[] _map;
    private readonly int[] _mapStarts;
    private readonly int[] _starts;
    private readonly int[] _firstNode;
    private readonly double[] _counts;

    /// <summary>The layout of genes by their greatest counts.</summary>
    /// <param name="bits">By gene, the bits of its greatest count: 0 for none, n where it is below 2^n; at most 41.</param>
    /// <param name="present">Which entries of the layout with all of them (see <see cref="Entries"/>) there are, ascending; null:
    /// all.</param>
    public CountLayout(ReadOnlySpan<double> bits, ReadOnlySpan<double> present = default)
    {
        Bits = bits.ToArray();
        Present = present.ToArray();
        _starts = new int[bits.Length + 1];
        _mapStarts = new int[bits.Length + 1];
        _firstNode = new int[bits.Length];
        for (var g = 0; g < bits.Length; g++)
        {
            _mapStarts[g + 1] = _mapStarts[g] + ExactOf(bits[g]);
        }

        _map = new int[_mapStarts[^1]];
        var counts = new List<double>();
        var (full, taken) = (0, 0);
        for (var g = 0; g < bits.Length; g++)
        {
            _starts[g] = counts.Count;
            for (var at = _mapStarts[g]; at < _mapStarts[g + 1]; at++, full++)
            {
                _map[at] = Take(present, ref taken, full) ? counts.Count : -1;
                if (_map[at] >= 0)
                {
                    counts.Add(at - _mapStarts[g] + 1);
                }
            }

            _firstNode[g] = counts.Count;
            for (var j = 0; j < NodesOf(bits[g]); j++, full++)
            {
                _ = Take(present, ref taken, full);
                counts.Add(double.Exp(LogFirst + (j * LogRatio)));
            }
        }

        _starts[^1] = counts.Count;
        _counts = [.. counts];
    }

    /// <summary>The genes.</summary>
    public int Genes => _firstNode.Length;

    /// <summary>The entries of all genes.</summary>
    public int Entries => _counts.Length;

    /// <summary>By gene, the bits of its greatest count: what <see cref="CountLayout(ReadOnlySpan{double}, ReadOnlySpan{double})"/> was
    /// given.</summary>
    public double[] Bits { get; }

    /// <summary>What it was given; empty where all are present.</summary>
    public double[] Present { get; }

    /// <summary>By entry, its count u: whole, or a node.</summary>
    public ReadOnlySpan<double> Counts => _counts;

    /// <summary>Genes + 1 offsets: the entries of gene g are Starts[g] .. Starts[g + 1].</summary>
    public ReadOnlySpan<int> Starts => _starts;

    /// <summary>Whether the count of an entry is one that occurs, not a node: the lowest nodes are below 255 too, but not whole.</summary>
    public static bool IsExact(double count) => count <= MostExact && double.IsInteger(count);

    /// <summary>The bits of a greatest count, 0 for none.</summary>
    public static double BitsOf(double count) => count < 1 ? 0 : double.ILogB(count) + 1;

    /// <summary>
    /// The same without counts that do not occur: of a layout with all its entries, the nodes and those counts that a histogram has; entry
    /// i is the old entry <see cref="Present"/>[i].
    /// </summary>
    /// <param name="histogram">rows x entries, as of each dataset.</param>
    public CountLayout Occurring(ReadOnlySpan<double> histogram)
    {
        if (Present.Length > 0)
        {
            throw new InvalidOperationException("only a layout with all its entries is reduced");
        }

        var present = new List<double>();
        for (var (e, g) = (0, 0); e < Entries; e++)
        {
            while (e >= _starts[g + 1])
            {
                g++;
            }

            // Interpolation needs its nodes one after the other: all of them stay.
            var occurs = e >= _firstNode[g];
            for (var at = e; at < histogram.Length && !occurs; at += Entries)
            {
                occurs = histogram[at] != 0;
            }

            if (occurs)
            {
                present.Add(e);
            }
        }

        // "Present" that is empty would mean all: without any counts the layout is as it was, of no entries.
        return present.Count == 0 ? this : new CountLayout(Bits, [.. present]);
    }

    /// <summary>The entry of a count up to 255 that occurs.</summary>
    public int Exact(int gene, int count) => _map[_mapStarts[gene] + count - 1];

    /// <summary>Where a count is found: its entries one after the other, and their weights.</summary>
    /// <param name="gene">The gene.</param>
    /// <param name="count">A whole count, 1 or more, that the layout was made for.</param>
    /// <param name="weights">Room for 12 weights; those of the entries.</param>
    /// <param name="first">The first entry.</param>
    /// <returns>How many entries: 1 (weight 1) or 12.</returns>
    public int Locate(int gene, double count, Span<double> weights, out int first)
    {
        if (count <= MostExact)
        {
            weights[0] = 1;
            first = Exact(gene, (int)count);
            return 1;
        }

        var place = (double.Log(count) - LogFirst) / LogRatio;
        var left = int.Min((int)place, NodesOf(Bits[gene]) - Nodes + Below) - Below;
        first = _firstNode[gene] + left;
        Lagrange(place - left, weights);
        return Nodes;
    }

    private static int ExactOf(double bits) => bits >= ExactBits ? MostExact : (1 << (int)bits) - 1;

    // Nodes up to 2^bits, and enough beyond it for the interpolation to be central.
    private static int NodesOf(double bits) =>
        bits <= ExactBits ? 0 : (int)double.Ceiling(((bits * double.Log(2)) - LogFirst) / LogRatio) + Nodes - Below;

    private static bool Take(ReadOnlySpan<double> present, ref int taken, int full)
    {
        if (present.IsEmpty)
        {
            return true;
        }

        if (taken < present.Length && present[taken] == full)
        {
            taken++;
            return true;
        }

        return false;
    }

    // Weights of equally spaced nodes 0 .. 11 at a place between 5 and 6.
    private static void Lagrange(double place, Span<double> weights)
    {
        for (var i = 0; i < Nodes; i++)
        {
            var product = NodeScale[i];
            for (var j = 0; j < Nodes; j++)
            {
                product *= j == i ? 1 : place - j;
            }

            weights[i] = product;
        }
    }

    // 1 / prod over j other than i of (i - j).
    private static double[] Scales()
    {
        var scales = new double[Nodes];
        for (var i = 0; i < Nodes; i++)
        {
            var product = 1.0;
            for (var j = 0; j < Nodes; j++)
            {
                product *= j == i ? 1 : i - j;
            }

            scales[i] = 1 / product;
        }

        return scales;
    }
}
