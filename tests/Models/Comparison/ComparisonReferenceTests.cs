using FitCluster.Models.Comparison;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;
using Xunit;

namespace FitCluster.Models.Tests.Comparison;

public sealed class ComparisonReferenceTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_reference_is_a_word_or_a_file_of_names_of_columns()
    {
        var fit = Fit();
        Assert.Equal(ReferenceKind.Median, Read(null, fit).Reference.Kind);
        Assert.Equal(ReferenceKind.Median, Read("median", fit).Reference.Kind);
        Assert.Equal(ReferenceKind.Mean, Read("mean", fit).Reference.Kind);
        Assert.Equal(ReferenceKind.Iqlr, Read("iqlr", fit).Reference.Kind);
        var (named, problems) = Read(_scratch.File("genes.txt", "c3\n\nc1\nc3\n"), fit);
        Assert.Empty(problems);
        Assert.Equal(ReferenceKind.Named, named.Kind);
        Assert.Equal([2, 0], named.Columns);
    }

    [Fact]
    public void What_is_neither_is_refused_in_a_sentence()
    {
        var fit = Fit();
        Assert.Contains("'media', which is neither median, mean, iqlr nor a file", Problem("media", fit), StringComparison.Ordinal);
        Assert.Contains("names 2 columns that the fit does not have", Problem(_scratch.File("some.txt", "c1\nx1\nx2\n"), fit),
            StringComparison.Ordinal);
        Assert.Contains("names no column", Problem(_scratch.File("blank.txt", "\n\n"), fit), StringComparison.Ordinal);
    }

    private static string Problem(string text, FinishedFit fit) => Assert.Single(Read(text, fit).Problems);

    private static (ComparisonReference Reference, IReadOnlyList<string> Problems) Read(string? text, FinishedFit fit)
    {
        var problems = new ProblemList();
        return (ComparisonReference.Read(text, fit, problems), [.. problems.All]);
    }

    private FinishedFit Fit() =>
        FittedFolder.Of(_scratch, "fit", $"model: ebmf\ndata: {{path: {_scratch.Csv(rows: 12)}}}\nebmf: {{maxFactors: 1}}\n").Fit;
}
