using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>Sums over the cells of a dataset.</summary>
public enum NbDatasetSum
{
    /// <summary>Cells.</summary>
    Cells,

    /// <summary>Counts.</summary>
    Total,

    /// <summary>log max(L, 1) of each cell.</summary>
    LogTotal,

    /// <summary>Its square.</summary>
    LogTotalSquare,

    /// <summary>L^2 of each cell.</summary>
    TotalSquare,

    /// <summary>Cells without counts.</summary>
    Empty,
}

/// <summary>Scalars of the description of which the greatest is taken.</summary>
public enum NbDataExtreme
{
    /// <summary>The greatest total of a cell.</summary>
    MostTotal,

    /// <summary>-log of the least total of a cell (at least 1).</summary>
    MinusLeastLogTotal,

    /// <summary>1 if a value is negative, missing or not a whole number, else 0.</summary>
    IsInvalid,
}

/// <summary>What the first round says of the data, a view of its partial.</summary>
public sealed class NbDescription
{
    /// <summary>The view of a partial.</summary>
    public NbDescription(ArraySet arrays) => Arrays = arrays;

    /// <summary>The partial; not a copy.</summary>
    public ArraySet Arrays { get; }

    /// <summary>By gene, its greatest count: <see cref="CountLayout.BitsOf"/> makes the layout's bits.</summary>
    public double[] MostCount => Arrays.Get(NbKeys.MostCount);

    /// <summary>D x G: sum of counts.</summary>
    public double[] GeneTotal => Arrays.Get(NbKeys.GeneTotal);

    /// <summary>D x G: sum of squared counts.</summary>
    public double[] GeneSquare => Arrays.Get(NbKeys.GeneSquare);

    /// <summary>D x G: sum of sqrt(u / L), L at least 1.</summary>
    public double[] GeneRoot => Arrays.Get(NbKeys.GeneRoot);

    /// <summary>D x G: cells with a count.</summary>
    public double[] GeneCells => Arrays.Get(NbKeys.GeneCells);

    /// <summary>D x <see cref="NbDatasetSum"/>.</summary>
    public double[] DatasetSums => Arrays.Get(NbKeys.DatasetSums);

    /// <summary>By <see cref="NbDataExtreme"/>.</summary>
    public double[] Extremes => Arrays.Get(NbKeys.Extremes);

    /// <summary>A partial of zeros (extremes: their least).</summary>
    public static NbDescription New(NbShape shape) => new(new ArraySet()
        .Set(NbKeys.MostCount, new double[shape.Genes])
        .Set(NbKeys.GeneTotal, new double[shape.Datasets * shape.Genes], [shape.Datasets, shape.Genes])
        .Set(NbKeys.GeneSquare, new double[shape.Datasets * shape.Genes], [shape.Datasets, shape.Genes])
        .Set(NbKeys.GeneRoot, new double[shape.Datasets * shape.Genes], [shape.Datasets, shape.Genes])
        .Set(NbKeys.GeneCells, new double[shape.Datasets * shape.Genes], [shape.Datasets, shape.Genes])
        .Set(NbKeys.DatasetSums, new double[shape.Datasets * Enum.GetValues<NbDatasetSum>().Length],
            [shape.Datasets, Enum.GetValues<NbDatasetSum>().Length])
        .Set(NbKeys.Extremes, [0, double.NegativeInfinity, 0]));
}
