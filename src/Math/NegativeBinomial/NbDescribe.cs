using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>The rounds that look at the counts alone.</summary>
internal static class NbDescribe
{
    /// <summary>Sums by gene and dataset.</summary>
    public static NbDescription Describe(NbShape shape, ShardData data)
    {
        var description = NbDescription.New(shape);
        var (most, extremes) = (description.MostCount, description.Extremes);
        var row = new NbRow(data, null);
        var isInvalid = data.Block.Unstored == UnstoredEntries.Missing || data.Block.MissingCount > 0;
        for (var c = 0; c < data.Block.Rows; c++)
        {
            row.Read(c);
            var genes = row.Genes;
            var total = Of(description.GeneTotal);
            var square = Of(description.GeneSquare);
            var cells = Of(description.GeneCells);
            var root = Of(description.GeneRoot);
            var roots = row.Roots();
            for (var n = 0; n < genes.Length; n++)
            {
                var (g, u) = (genes[n], row.Counts[n]);
                isInvalid |= !(u >= 0) || u > CountLayout.MostCount || u != double.Floor(u);
                most[g] = double.Max(most[g], u);
                total[g] += u;
                square[g] += u * u;
                cells[g]++;
                root[g] += roots[n];
            }

            var log = double.Log(double.Max(row.Total, 1));
            var sums = description.DatasetSums.AsSpan(row.Dataset * Length, Length);
            sums[(int)NbDatasetSum.Cells]++;
            sums[(int)NbDatasetSum.Total] += row.Total;
            sums[(int)NbDatasetSum.TotalSquare] += row.Total * row.Total;
            sums[(int)NbDatasetSum.LogTotal] += log;
            sums[(int)NbDatasetSum.LogTotalSquare] += log * log;
            sums[(int)NbDatasetSum.Empty] += row.Total == 0 ? 1 : 0;
            extremes[(int)NbDataExtreme.MostTotal] = double.Max(extremes[(int)NbDataExtreme.MostTotal], row.Total);
            extremes[(int)NbDataExtreme.MinusLeastLogTotal] = double.Max(extremes[(int)NbDataExtreme.MinusLeastLogTotal], -log);
        }

        extremes[(int)NbDataExtreme.IsInvalid] = isInvalid ? 1 : 0;
        return description;

        Span<double> Of(double[] values) => values.AsSpan(row.Dataset * shape.Genes, shape.Genes);
    }

    /// <summary>"h": D x entries of the layout, the cells by entry.</summary>
    public static ArraySet Histogram(NbTables tables, ShardData data)
    {
        var layout = tables.Layout ?? throw new InvalidOperationException("a histogram without a layout");
        var (entries, datasets) = (layout.Entries, tables.Shape.Datasets);
        var histogram = new double[datasets * entries];
        var row = new NbRow(data, layout);
        for (var c = 0; c < data.Block.Rows; c++)
        {
            row.Read(c);
            NbRowKernel.Scatter(row.Entries, row.Weights, 1, [1], histogram.AsSpan(row.Dataset * entries, entries));
        }

        return new ArraySet().Set(NbKeys.H, histogram, [datasets, entries]);
    }

    private static int Length { get; } = Enum.GetValues<NbDatasetSum>().Length;
}
