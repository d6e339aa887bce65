using FitCluster.Math.Models;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Nb.Tests.Cells;

/// <summary>A small simulated problem: counts, parameters by leaf and gene, the tables of their values, and the same by brute
/// force.</summary>
internal sealed class CellCase
{
    private const int Cells = 23;
    private const int Count = 64;
    private const double Low = -8;
    private readonly int _genes;

    public CellCase(NbOptions options, bool isSparse, ulong seed, int cells = Cells, double boost = 1)
    {
        (Options, _genes, CellCount) = (options with { Genes = options.Genes, Cells = cells }, options.Genes, cells);
        Shape = NbShape.Of(Options);
        Point = MakePoint(seed, boost);
        Datasets = [.. Enumerable.Range(0, cells).Select(c => (double)(c % Shape.Datasets))];
        Labels = [.. Enumerable.Range(0, cells * Shape.Components).Select(i => Philox.Normal(seed, 77, (ulong)i))];
        Counts = new double[cells * _genes];
        for (var c = 0; c < cells; c++)
        {
            for (var g = 0; g < _genes; g++)
            {
                // The first cell has no counts, the second a great one.
                Counts[(c * _genes) + g] = c == 0 ? 0 : Draw(seed, c, g);
            }
        }

        Counts[_genes + 1] = 3217;
        Data = MakeData(isSparse);
        Shard = NbCells.InitialShard(Options, Data);
    }

    public NbOptions Options { get; }

    public NbShape Shape { get; }

    public NbPoint Point { get; }

    public double[] Counts { get; }

    public double[] Datasets { get; }

    public double[] Labels { get; }

    public int CellCount { get; }

    public ShardData Data { get; }

    public ArraySet Shard { get; }

    public Chebyshev Basis => Options.Capture == NbCapture.None ? new Chebyshev(1, 0) : new Chebyshev(Count, Depth);

    public double Depth { get; set; } = Low;

    public double[] LogWeights =>
        [.. Enumerable.Range(0, Shape.Leaves).Select(i => double.Log(
            (1.0 + (i % Shape.Components)) / (Shape.Components * (Shape.Components + 1) / 2)))];

    public NbDescription Describe() =>
        new(NbCells.Local(Options, NbTables.New(Shape, NbPassKind.Describe, Basis, null, false).Arrays, Data, Shard));

    public (CountLayout Layout, double[] Histogram) Histogram()
    {
        var full = new CountLayout([.. Describe().MostCount.Select(CountLayout.BitsOf)]);
        var histogram = NbCells.Local(Options, NbTables.New(Shape, NbPassKind.Histogram, Basis, full, false).Arrays, Data, Shard)["h"];
        var layout = full.Occurring(histogram);
        return (layout, [.. Enumerable.Range(0, Shape.Datasets).SelectMany(
            d => layout.Present.Select(e => histogram[(d * full.Entries) + (int)e]))]);
    }

    public NbStatistics Start(CountLayout layout)
    {
        var tables = NbTables.New(Shape, NbPassKind.Start, Basis, layout, false);
        tables[NbPassField.StartLogTotal] = double.Log(Counts.Sum() / CellCount) + 1;
        AddGroups(tables);
        return new NbStatistics(NbCells.Local(Options, tables.Arrays, Data, Shard));
    }

    /// <summary>Groups in random directions, half of the cells on each one's side.</summary>
    public void AddGroups(NbTables tables)
    {
        var (components, datasets, genes) = (Shape.Components, Shape.Datasets, _genes);
        if (components == 1)
        {
            return;
        }

        var roots = Describe().GeneRoot;
        double[] directions = [.. Enumerable.Range(0, components * genes).Select(i => Philox.Normal(3, 1, (ulong)i))];
        double[] offsets = [.. Enumerable.Range(0, components * datasets).Select(i => Enumerable.Range(0, roots.Length).Sum(
            j => directions[(i / datasets * genes) + (j % genes)] * roots[j] / CellCount))];
        tables.Arrays.Set("group_rows", []).Set("group_directions", directions, [components, genes])
            .Set("group_offsets", offsets, [components, datasets]);
    }

    public NbTables Tables(CountLayout layout, NbPoint? point = null)
    {
        var tables = NbTables.New(Shape, NbPassKind.Pass, Basis, layout, !Shape.ByEntry);
        LogWeights.CopyTo(tables.LogWeights, 0);
        NbPointTables.Fill(tables, point ?? Point);
        tables[NbPassField.NewtonSteps] = 50;
        return tables;
    }

    public NbStatistics Pass(NbTables tables) => new(NbCells.Local(Options, tables.Arrays, Data, Shard));

    /// <summary>log prod_g f(u_g | k, nu) of a cell, by the densities.</summary>
    public double Dense(int cell, int component, double capture, NbPoint? point = null)
    {
        var (at, sum) = (Shape.Leaf(component, (int)Datasets[cell]) * _genes, 0.0);
        point ??= Point;
        for (var g = 0; g < _genes; g++)
        {
            var density = new NbDensity(
                point.R[at + g], point.Odds[at + g], point.HasGate ? point.Gate[at + g] : 0, Shape.ByEntry ? point.Omega[at + g] : 0);
            sum += density.Log(Counts[(cell * _genes) + g], capture);
        }

        return sum;
    }

    /// <summary>log w_k and the label of a cell.</summary>
    public double LogWeight(int cell, int component) =>
        LogWeights[((int)Datasets[cell] * Shape.Components) + component] +
            (Shape.Components > 1 ? Labels[(cell * Shape.Components) + component] : 0);

    private NbPoint MakePoint(ulong seed, double boost)
    {
        var point = new NbPoint(Shape, Options.ZeroInflation);
        for (var i = 0; i < point.R.Length; i++)
        {
            var leaf = i / _genes;
            point.R[i] = double.Exp(0.8 * Philox.Normal(seed, 1, (ulong)i));
            point.Odds[i] = boost * double.Exp((Shape.OddsByGene || Shape.ByEntry ? 0.8 : 0) * Philox.Normal(seed, 2, (ulong)i)) * (
                1 + (0.3 * leaf));
            if (point.HasGate)
            {
                point.Gate[i] = 0.02 + (0.3 * Philox.Uniform(seed, 3, (ulong)i));
            }

            if (Shape.ByEntry)
            {
                point.Omega[i] = double.Exp(-2 + (2 * Philox.Normal(seed, 4, (ulong)i)));
            }
        }

        return point;
    }

    // A geometric number of the cell's mean: only that it is a count matters.
    private double Draw(ulong seed, int c, int g)
    {
        var leaf = Shape.Leaf(c % Shape.Components, (int)Datasets[c]) * _genes;
        var mean = Point.R[leaf + g] * Point.Odds[leaf + g] * 0.4;
        return double.Floor(double.Log(Philox.Uniform(seed, 5, (ulong)((c * _genes) + g))) / double.Log(mean / (1 + mean)));
    }

    private ShardData MakeData(bool isSparse)
    {
        var extras = new ArraySet().Set(NbCells.DatasetExtra, Datasets);
        if (Shape.Components > 1)
        {
            extras.Set(NbCells.LabelExtra, Labels, [CellCount, Shape.Components]);
        }

        var block = MatrixBlock.FromDense(CellCount, _genes, Counts);
        if (isSparse)
        {
            List<double> values = [];
            List<int> columns = [];
            List<long> starts = [0];
            for (var i = 0; i < Counts.Length; i++)
            {
                // A zero that is stored is a zero.
                if (Counts[i] != 0 || i % 17 == 0)
                {
                    values.Add(Counts[i]);
                    columns.Add(i % _genes);
                }

                if ((i + 1) % _genes == 0)
                {
                    starts.Add(values.Count);
                }
            }

            block = MatrixBlock.FromCsr(CellCount, _genes, [.. values], [.. columns], [.. starts]);
        }

        return new ShardData(new ShardId(0), 0, CellCount, block, null, extras);
    }
}
