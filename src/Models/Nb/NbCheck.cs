using FitCluster.Data;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Models.Jobs;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Nb;

/// <summary>What is wrong with options beside each other and beside the data: a sentence for each.</summary>
internal static class NbCheck
{
    /// <summary>Notes hierarchies that need what the model lacks.</summary>
    /// <param name="s">The options as they were asked for.</param>
    /// <param name="datasets">The datasets.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public static void Hierarchies(SpecSection s, int datasets, ProblemList problems)
    {
        var priors = s.Get(NbFields.Priors);
        foreach (var (path, _) in priors.Given)
        {
            if (Lacks(s, path, datasets) is { } why)
            {
                problems.Add($"nb.priors.{path} {why}");
            }
        }

        if (priors.ProbabilityMode is { } mode && priors.ProbabilityDatasets is null or { Family: NbFamily.None })
        {
            problems.Add($"nb.priors.probability.mode ({mode}) says what the datasets' probabilities are, and needs " +
                "nb.priors.probability.datasets");
        }

        if (priors.ProbabilityMode == NbProbabilityMode.TwoLevel && priors.ProbabilityGenes is null or { Family: NbFamily.None })
        {
            problems.Add("nb.priors.probability.mode two_level puts the genes' centres under a hierarchy: give " +
                "nb.priors.probability.genes");
        }

        if (s.Get(NbFields.Design).Factors.Count > 0 && priors.MeanDatasets is not null)
        {
            problems.Add("nb.priors.mean.datasets has no effect with nb.design, whose factors have hierarchies of their own (type): " +
                "remove it");
        }

        if (s.Get(NbFields.Weights) == NbWeights.Datasets && datasets < 2)
        {
            problems.Add("nb.weights is 'datasets', and the data are one dataset: give data.datasets, or leave nb.weights out");
        }
    }

    /// <summary>Notes datasets that are too small, and genes without counts.</summary>
    public static void Data(SpecSection s, MatrixSource data, RowGroups datasets, ProblemList problems)
    {
        var (least, counts) = (s.Get(NbFields.MinimumCells), datasets.Counts);
        for (var d = 0; d < counts.Length && counts.Length > 1; d++)
        {
            if (counts[d] < least)
            {
                problems.Add(
                    $"the dataset '{datasets.Names[d]}' has {RowGroups.Counted(counts[d], "cell", "cells")}, fewer than {least}: " +
                    "leave it out, join it with another, or lower nb.minimumCells");
            }
        }

        if (data.Facts.ZeroColumns > 0)
        {
            string[] names = [.. ColumnsWithoutCounts(data)];
            problems.Add(RowGroups.Counted(names.Length, "gene has", "genes have") + $" no count in any cell ({RowGroups.Words(names)}): " +
                $"nothing tells {(names.Length == 1 ? "its mean; leave it" : "their means; leave them")} out with data.columns");
        }

        if (data.MissingCount > 0)
        {
            problems.Add($"{data.MissingCount} entries are missing, and nb has no place for missing counts: give them, leave their rows " +
                "or columns out, or take data.missing: none");
        }
    }

    private static string? Lacks(SpecSection s, string path, int datasets)
    {
        var isDisp = s.Get(NbFields.Parametrization) == NbParametrization.MeanDisp;
        return path.EndsWith(".datasets", StringComparison.Ordinal) && datasets < 2
                ? "is across datasets, and the data are one: give data.datasets, or remove it"
            : path == "mean.components" && s.Get(NbFields.Components) == 1
                ? "is across components, and nb.components is 1: ask for more, or remove it"
            : path.StartsWith("gate.", StringComparison.Ordinal) && !s.Get(NbFields.ZeroInflation)
                ? "needs nb.zeroInflation: true, without which there is no gate: set it, or remove this"
            : path.StartsWith("overdispersion.", StringComparison.Ordinal) && s.Get(NbFields.Overdispersion) == NbOverdispersion.None
                ? "needs nb.overdispersion: bnb: set it, or remove this"
            : path.StartsWith("probability.", StringComparison.Ordinal) && isDisp
                ? "has no effect with nb.parametrization: mean_disp, which has no probability: remove it"
            : path.StartsWith("dispersion.", StringComparison.Ordinal) && !isDisp
                ? "needs nb.parametrization: mean_disp, in which r is a parameter: set it, or remove this"
            : null;
    }

    private static IEnumerable<string> ColumnsWithoutCounts(MatrixSource data)
    {
        var used = new bool[data.Columns];
        for (var row = 0L; row < data.Rows; row++)
        {
            var block = data.RowBlock(row, 1);
            var values = block.IsSparse ? block.RowValues(0) : block.DenseRows(0, 1);
            for (var t = 0; t < values.Length; t++)
            {
                used[block.IsSparse ? block.RowColumns(0)[t] : t] |= values[t] != 0;
            }

            block.KeepAlive();
        }

        return data.ColumnNames.Where((_, j) => !used[j]);
    }
}
