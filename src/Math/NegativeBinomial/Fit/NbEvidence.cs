using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The statistics of a pass, in the form in which the genes' terms want them: weights at the Chebyshev nodes, and the histogram by leaf and
/// gene, of small counts as sums over greater ones: sum_u H_u (log Gamma(r + u) - log Gamma(r)) = sum_i T_i log(r + i), T_i = sum_(u
/// &gt; i) H_u.
/// </summary>
internal sealed class NbEvidence
{
    // log(r + i) costs about a fifth of a difference of log gammas.
    private const double RatioCost = 6;

    // A step of the recurrence against log f and its derivatives.
    private const double RecurrenceCost = 20;

    private readonly NbShape _shape;
    private readonly List<double> _tails = [];
    private readonly List<double> _counts = [];
    private readonly List<double> _cells = [];
    private readonly int[] _tailStarts;
    private readonly int[] _countStarts;

    /// <summary>Of a pass.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="basis">The basis of the pass.</param>
    /// <param name="layout">The entries.</param>
    /// <param name="statistics">What the pass yielded.</param>
    /// <param name="histogram">leaves x entries: cells by entry.</param>
    public NbEvidence(NbShape shape, Chebyshev basis, CountLayout layout, NbStatistics statistics, double[] histogram)
    {
        (_shape, Basis, Layout) = (shape, basis, layout);
        Nu = [.. basis.Nodes];
        VectorExp.Of(Nu, Nu);
        Whole = Weights(statistics.W);
        CountsOfLeaf = shape.ByEntry || shape.OddsByGene ? [] : Weights(statistics.Vu);
        CountsOfGene = shape.OddsByGene ? Weights(statistics.V) : [];
        Nonzero = shape.ZeroInflated ? Weights(statistics.Nz) : [];
        ByEntry = shape.ByEntry ? Weights(statistics.S) : [];
        var rows = shape.Leaves * shape.Genes;
        (Totals, Constants, _tailStarts, _countStarts) = (new double[rows], new double[rows], new int[rows + 1], new int[rows + 1]);
        for (var leaf = 0; leaf < shape.Leaves; leaf++)
        {
            for (var g = 0; g < shape.Genes; g++)
            {
                var (first, last) = (layout.Starts[g], layout.Starts[g + 1]);
                AddHistogram((leaf * shape.Genes) + g, layout.Counts[first..last],
                    histogram.AsSpan((leaf * layout.Entries) + first, last - first));
            }
        }
    }

    /// <summary>The basis.</summary>
    public Chebyshev Basis { get; }

    /// <summary>The entries.</summary>
    public CountLayout Layout { get; }

    /// <summary>J: e^xi at the nodes.</summary>
    public double[] Nu { get; }

    /// <summary>leaves x J: cells.</summary>
    public double[] Whole { get; }

    /// <summary>leaves x J: counts, where odds are not by gene.</summary>
    public double[] CountsOfLeaf { get; }

    /// <summary>leaves x G x J: counts, where odds are by gene.</summary>
    public double[] CountsOfGene { get; }

    /// <summary>leaves x G x J, zero inflation: cells with a count.</summary>
    public double[] Nonzero { get; }

    /// <summary>leaves x entries x J, BNB.</summary>
    public double[] ByEntry { get; }

    /// <summary>leaves x G: sums of counts.</summary>
    public double[] Totals { get; }

    /// <summary>leaves x G: -sum_u H_u log u!.</summary>
    public double[] Constants { get; }

    /// <summary>T_0, T_1, ... of a leaf's gene (row leaf x G + gene).</summary>
    public ReadOnlySpan<double> Tails(int row) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_tails)[_tailStarts[row].._tailStarts[row + 1]];

    /// <summary>Other counts of a leaf's gene.</summary>
    public ReadOnlySpan<double> Counts(int row) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_counts)[_countStarts[row].._countStarts[row + 1]];

    /// <summary>How many cells have them.</summary>
    public ReadOnlySpan<double> Cells(int row) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_cells)[_countStarts[row].._countStarts[row + 1]];

    /// <summary>BNB: the first entry of a gene whose count is not next to those before it: up to it, counts are had from 0 by a
    /// recurrence.</summary>
    public static int Split(CountLayout layout, int gene)
    {
        var (first, last) = (layout.Starts[gene], layout.Starts[gene + 1]);
        var split = first;
        for (var e = first; e < last && CountLayout.IsExact(layout.Counts[e]); e++)
        {
            split = layout.Counts[e] <= RecurrenceCost * (e - first + 1) ? e + 1 : split;
        }

        return split;
    }

    private double[] Weights(double[] statistics)
    {
        var weights = new double[statistics.Length];
        Basis.Weights(statistics, weights);
        return weights;
    }

    private void AddHistogram(int row, ReadOnlySpan<double> counts, ReadOnlySpan<double> histogram)
    {
        var (split, occurring) = (0, 0);
        for (var e = 0; e < counts.Length; e++)
        {
            Totals[row] += histogram[e] * counts[e];
            Constants[row] -= histogram[e] == 0 ? 0 : histogram[e] * VectorGammaWide.LogGamma(counts[e] + 1);
            occurring += histogram[e] != 0 ? 1 : 0;
            split = CountLayout.IsExact(counts[e]) && counts[e] <= RatioCost * occurring ? e + 1 : split;
        }

        var most = split == 0 ? 0 : (int)counts[split - 1];
        var (tail, next, start) = (0.0, split - 1, _tails.Count);
        System.Runtime.InteropServices.CollectionsMarshal.SetCount(_tails, start + most);
        for (var i = most - 1; i >= 0; i--)
        {
            while (next >= 0 && counts[next] > i)
            {
                tail += histogram[next--];
            }

            _tails[start + i] = tail;
        }

        for (var e = split; e < counts.Length; e++)
        {
            if (histogram[e] != 0)
            {
                _counts.Add(counts[e]);
                _cells.Add(histogram[e]);
            }
        }

        (_tailStarts[row + 1], _countStarts[row + 1]) = (_tails.Count, _counts.Count);
    }
}
