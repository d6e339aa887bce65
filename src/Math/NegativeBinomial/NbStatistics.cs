using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>Scalars of the partial that are summed.</summary>
public enum NbSum
{
    /// <summary>
    /// Sum over cells of E log p(t) + H(q(t)) + sum_k resp_k (E log w_k + label logit) + H(resp), and (not with BNB) L E xi.
    /// </summary>
    CellTerm,

    /// <summary>Of it, the part E log p(t) + H(q(t)) alone.</summary>
    PriorTerm,

    /// <summary>Cells that took part.</summary>
    Cells,

    /// <summary>Cells whose q(t) was held by the lower end of xi: widen it, to <see cref="NbExtreme.NeededDepth"/>.</summary>
    Held,

    /// <summary>Cells whose q(t) had not settled after the Newton steps allowed.</summary>
    Unsettled,

    /// <summary>Newton steps taken.</summary>
    Steps,

    /// <summary>Sum of the cells' log-likelihoods at q, where wanted.</summary>
    LogLikelihood,

    /// <summary>Sum over cells of E xi.</summary>
    Xi,
}

/// <summary>Scalars of the partial of which the greatest is taken.</summary>
public enum NbExtreme
{
    /// <summary>-xi of the lowest node of any cell's q(t).</summary>
    Depth,

    /// <summary>-xi that a held cell would have gone to.</summary>
    NeededDepth,

    /// <summary>The greatest gain of a cell's bound in this pass, in nats.</summary>
    Gain,
}

/// <summary>
/// What a pass over the cells yields, a view: by leaf (component x D + dataset), weighted by responsibilities, E over q(t) by 5 nodes.
/// Every array is summed over shards (but the extremes).
/// </summary>
public sealed class NbStatistics
{
    private readonly double[] _sums;
    private readonly double[] _extremes;

    /// <summary>The view of a partial.</summary>
    public NbStatistics(ArraySet arrays) => (Arrays, _sums, _extremes) = (arrays, arrays.Get(NbKeys.Sums), arrays.Get(NbKeys.Extremes));

    /// <summary>The partial; not a copy.</summary>
    public ArraySet Arrays { get; }

    /// <summary>A sum.</summary>
    public double this[NbSum sum]
    {
        get => _sums[(int)sum];
        set => _sums[(int)sum] = value;
    }

    /// <summary>An extreme.</summary>
    public double this[NbExtreme extreme]
    {
        get => _extremes[(int)extreme];
        set => _extremes[(int)extreme] = value;
    }

    /// <summary>leaves: cells.</summary>
    public double[] N => Arrays.Get(NbKeys.N);

    /// <summary>leaves x J: sum of E T_j.</summary>
    public double[] W => Arrays.Get(NbKeys.W);

    /// <summary>leaves x J, where odds are not by gene: sum of L E T_j.</summary>
    public double[] Vu => Arrays.Get(NbKeys.Vu);

    /// <summary>leaves x G x J, where odds are by gene: sum of u E T_j.</summary>
    public double[] V => Arrays.Get(NbKeys.V);

    /// <summary>leaves x G x J, zero inflation: sum over cells with u &gt; 0 of E T_j.</summary>
    public double[] Nz => Arrays.Get(NbKeys.Nz);

    /// <summary>leaves x entries x J, BNB: sum of E T_j.</summary>
    public double[] S => Arrays.Get(NbKeys.S);

    /// <summary>Whether there is a histogram: K &gt; 1 without BNB (whose S_e0 is it).</summary>
    public bool HasHistogram => Arrays.Has(NbKeys.H);

    /// <summary>leaves x entries: cells by entry.</summary>
    public double[] H => Arrays.Get(NbKeys.H);

    /// <summary>The cells' <see cref="NbSum.PriorTerm"/> after a step by each log k of the grid.</summary>
    public double[] Ridge => Arrays.Get(NbKeys.Ridge);

    /// <summary>A partial of zeros.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="count">J.</param>
    /// <param name="entries">Entries of the layout (BNB, histogram).</param>
    /// <param name="hasHistogram">Whether a histogram is made.</param>
    /// <param name="grid">Values of the ridge grid.</param>
    public static NbStatistics New(NbShape shape, int count, int entries, bool hasHistogram, int grid)
    {
        var arrays = new ArraySet()
            .Set(NbKeys.Sums, new double[Enum.GetValues<NbSum>().Length])
            .Set(NbKeys.Extremes, new double[Enum.GetValues<NbExtreme>().Length])
            .Set(NbKeys.Ridge, new double[grid]);
        Add(NbKeys.N);
        Add(NbKeys.W, count);
        if (shape.ByEntry)
        {
            Add(NbKeys.S, entries, count);
        }
        else if (shape.OddsByGene)
        {
            Add(NbKeys.V, shape.Genes, count);
        }
        else
        {
            Add(NbKeys.Vu, count);
        }

        if (shape.ZeroInflated)
        {
            Add(NbKeys.Nz, shape.Genes, count);
        }

        if (hasHistogram)
        {
            Add(NbKeys.H, entries);
        }

        return new NbStatistics(arrays);

        void Add(StateKey key, params int[] lengths) =>
            arrays.Set(key, new double[lengths.Aggregate(shape.Leaves, (product, n) => checked(product * n))], [shape.Leaves, .. lengths]);
    }
}
