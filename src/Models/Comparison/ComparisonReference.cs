using FitCluster.Data;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Comparison;

/// <summary>What differences are taken from: a factor common to all columns says nothing of any of them.</summary>
public enum ReferenceKind
{
    /// <summary>The median difference of a draw: right where fewer than half of the columns differ.</summary>
    Median,

    /// <summary>The mean difference (centred log-ratios).</summary>
    Mean,

    /// <summary>The mean over the columns whose centred log-ratios vary neither least nor most: between the quartiles.</summary>
    Iqlr,

    /// <summary>The mean over columns that were named.</summary>
    Named,
}

/// <summary>A reference.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Columns">Of named columns: their positions.</param>
public sealed record ComparisonReference(ReferenceKind Kind, IReadOnlyList<int> Columns)
{
    private static readonly string[] Words = ["median", "mean", "iqlr"];

    /// <summary>Reads "median", "mean", "iqlr", or the path of a file with the name of a column in each line.</summary>
    /// <param name="text">The word or path; null: the median.</param>
    /// <param name="fit">The fit whose columns they are.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public static ComparisonReference Read(string? text, FinishedFit fit, ProblemList problems)
    {
        var word = Array.IndexOf(Words, text ?? Words[0]);
        if (word >= 0)
        {
            return new ComparisonReference((ReferenceKind)word, []);
        }

        if (!File.Exists(text))
        {
            problems.Add($"--reference is '{text}', which is neither {string.Join(", ", Words)} nor a file with names of columns");
            return new ComparisonReference(ReferenceKind.Median, []);
        }

        try
        {
            string[] names = [.. TextTable.OpenList(text).Lines().Select(line => line.Fields[0].Trim()).Where(name => name.Length > 0)];
            string[] unknown = [.. names.Where(name => fit.Columns.TryFind(name) is null)];
            if (unknown.Length > 0 || names.Length == 0)
            {
                problems.Add(names.Length == 0 ? $"--reference: '{text}' names no column"
                    : $"--reference: '{text}' names {unknown.Length} columns that the fit does not have, or several of the name " +
                        $"({Jobs.RowGroups.Words(unknown)})");
            }

            return new ComparisonReference(
                ReferenceKind.Named, [.. names.Except(unknown).Distinct().Select(name => fit.Columns.Find(name, ""))]);
        }
        catch (DataException e)
        {
            problems.Add($"--reference: {e.Message}");
            return new ComparisonReference(ReferenceKind.Median, []);
        }
    }
}
