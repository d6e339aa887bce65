using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>Scalars of a broadcast.</summary>
public enum NbPassField
{
    /// <summary>What the shards do: an <see cref="NbPassKind"/>.</summary>
    Kind,

    /// <summary>J.</summary>
    Count,

    /// <summary>The lower end of xi.</summary>
    Low,

    /// <summary>Cells whose index in the whole matrix is a multiple of it take part; 1: all.</summary>
    Stride,

    /// <summary>log k of a step along the flat direction, taken before everything else: xi becomes xi + log k.</summary>
    RidgeStep,

    /// <summary>Most Newton steps of a cell's q(t) in this pass; 0: as it is.</summary>
    NewtonSteps,

    /// <summary>Start: xi of a cell begins at log(total) less this number.</summary>
    StartLogTotal,

    /// <summary>Whether cells keep their log-likelihood (results).</summary>
    KeepLogLikelihood,
}

/// <summary>What the shards do in a round.</summary>
public enum NbPassKind
{
    /// <summary>Sums of the data: <see cref="NbDescription"/>.</summary>
    Describe,

    /// <summary>Histogram on the layout by dataset: H is D x entries.</summary>
    Histogram,

    /// <summary>Mixture: cells go to the group that is nearest; sums by group, of which the next groups are made.</summary>
    Group,

    /// <summary>Cells are started (q(t) at their totals, responsibilities); statistics of these, without tables.</summary>
    Start,

    /// <summary>Cells' posteriors from the tables, statistics.</summary>
    Pass,
}

/// <summary>
/// What is broadcast to the cells, a view: functions of xi as Chebyshev coefficients, a row of J each, by leaf (component x D + dataset).
/// A cell of dataset d with counts u: F_k(xi) = base + L xi - sum u psi(xi) + zero(xi) + sum chi(xi); BNB: base inside, F_k = zero + sum
/// entry.
/// </summary>
public sealed class NbTables
{
    private static readonly int Fields = Enum.GetValues<NbPassField>().Length;

    private readonly double[] _scalars;

    private NbTables(NbShape shape, ArraySet arrays, Chebyshev chebyshev, CountLayout? layout) =>
        (Shape, Arrays, Chebyshev, Layout, _scalars) = (shape, arrays, chebyshev, layout, arrays.Get(NbKeys.Scalars));

    /// <summary>Numbers of leaves and genes.</summary>
    public NbShape Shape { get; }

    /// <summary>What is broadcast; not a copy.</summary>
    public ArraySet Arrays { get; }

    /// <summary>The basis.</summary>
    public Chebyshev Chebyshev { get; }

    /// <summary>The entries; null while there are none (description).</summary>
    public CountLayout? Layout { get; }

    /// <summary>A scalar.</summary>
    public double this[NbPassField field]
    {
        get => _scalars[(int)field];
        set => _scalars[(int)field] = value;
    }

    /// <summary>What the shards do.</summary>
    public NbPassKind Kind => (NbPassKind)this[NbPassField.Kind];

    /// <summary>D x K: E log w of a cell of dataset d.</summary>
    public double[] LogWeights => Arrays.Get(NbKeys.LogWeights);

    /// <summary>leaves x J: NB -sum_g E[r log(1 + a e^xi)]; else sum_g of E log of the probability of a zero.</summary>
    public double[] Zero => Arrays.Get(NbKeys.Zero);

    /// <summary>leaves x J, or leaves x G x J where odds are by gene: E log(1 + a e^xi).</summary>
    public double[] Psi => Arrays.Get(NbKeys.Psi);

    /// <summary>leaves x G x J, zero inflation: E log(1 - gate) - E[r log(1 + a e^xi)] - z_g.</summary>
    public double[] Chi => Arrays.Get(NbKeys.Chi);

    /// <summary>leaves x entries x J, BNB: E log pmf(u; xi) - z_g, everything in it.</summary>
    public double[] Entry => Arrays.Get(NbKeys.Entry);

    /// <summary>Whether <see cref="Base"/> is there: K &gt; 1, or log-likelihoods are wanted.</summary>
    public bool HasBase => Arrays.Has(NbKeys.Base);

    /// <summary>leaves x entries: E[log Gamma(u + r) - log Gamma(r)] + u E log a - log Gamma(u + 1).</summary>
    public double[] Base => Arrays.Get(NbKeys.Base);

    /// <summary>Values of log k at which the cells' prior and entropy terms are wanted; empty: none.</summary>
    public double[] RidgeGrid
    {
        get => Arrays.Get(NbKeys.RidgeGrid);
        set => Arrays.Set(NbKeys.RidgeGrid, value);
    }

    /// <summary>Groups of a mixture's start: K x G, the centres of sqrt(u / L); see <see cref="NbGroups"/>.</summary>
    public double[] GroupDirections => Arrays.Get(NbKeys.GroupDirections);

    /// <summary>K x D: what the product with a centre is to be more than.</summary>
    public double[] GroupOffsets => Arrays.Get(NbKeys.GroupOffsets);

    /// <summary>The rows that are each a group by themselves, where groups are only to be begun; else there are none.</summary>
    public double[] GroupRows => Arrays.Get(NbKeys.GroupRows);

    /// <summary>A broadcast with its arrays, all 0 but stride 1.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="kind">What the shards do: tables are there for <see cref="NbPassKind.Pass"/> only.</param>
    /// <param name="chebyshev">The basis; J of 1 without capture.</param>
    /// <param name="layout">The entries; null for a description, and without BNB for a pass with K = 1 that does not want the base.</param>
    /// <param name="hasBase">Whether there is a base (not with BNB).</param>
    public static NbTables New(NbShape shape, NbPassKind kind, Chebyshev chebyshev, CountLayout? layout, bool hasBase)
    {
        var arrays = new ArraySet().Set(NbKeys.Scalars, new double[Fields]).Set(NbKeys.RidgeGrid, []);
        if (layout is not null)
        {
            arrays.Set(NbKeys.Bits, layout.Bits).Set(NbKeys.Present, layout.Present);
        }

        if (kind == NbPassKind.Pass)
        {
            AddTables(arrays, shape, chebyshev.Count, layout?.Entries ?? 0, hasBase);
        }

        return new NbTables(shape, arrays, chebyshev, layout)
        {
            [NbPassField.Kind] = (double)kind,
            [NbPassField.Count] = chebyshev.Count,
            [NbPassField.Low] = chebyshev.Low,
            [NbPassField.Stride] = 1,
        };
    }

    /// <summary>The view of what was broadcast; other arrays in it are left alone.</summary>
    public static NbTables View(NbShape shape, ArraySet broadcast)
    {
        var scalars = broadcast.Get(NbKeys.Scalars);
        var chebyshev = new Chebyshev((int)scalars[(int)NbPassField.Count], scalars[(int)NbPassField.Low]);
        var layout = broadcast.Has(NbKeys.Bits) ? new CountLayout(broadcast.Get(NbKeys.Bits), broadcast.Get(NbKeys.Present)) : null;
        return new NbTables(shape, broadcast, chebyshev, layout);
    }

    private static void AddTables(ArraySet arrays, NbShape shape, int count, int entries, bool hasBase)
    {
        arrays.Set(NbKeys.LogWeights, new double[shape.Leaves], [shape.Datasets, shape.Components]);
        Add(NbKeys.Zero, count);
        if (shape.ByEntry)
        {
            Add(NbKeys.Entry, entries, count);
            return;
        }

        if (shape.OddsByGene)
        {
            Add(NbKeys.Psi, shape.Genes, count);
        }
        else
        {
            Add(NbKeys.Psi, count);
        }

        if (shape.ZeroInflated)
        {
            Add(NbKeys.Chi, shape.Genes, count);
        }

        if (hasBase)
        {
            Add(NbKeys.Base, entries);
        }

        void Add(StateKey key, params int[] lengths) =>
            arrays.Set(key, new double[lengths.Aggregate(shape.Leaves, (product, n) => checked(product * n))], [shape.Leaves, .. lengths]);
    }
}
