using FitCluster.Data;
using FitCluster.Math.Numerics;
using FitCluster.Models.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

/// <summary>Rows that lack columns of the fit are projected as rows in which these are missing.</summary>
public sealed class MissingColumnsTests : IDisposable
{
    private const int Rows = 40;
    private const int Columns = 9;
    private const int Absent = 3;
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("ebmf", "loadings_mean")]
    [InlineData("twineb", "rows_mean")]
    public void Absent_columns_are_missing_where_that_is_allowed_and_their_number_is_said(string model, string result)
    {
        Fit(model, Table("all.csv", 0, 0));
        var few = Table("few.csv", Absent, Absent);
        Project(few).ExpectBadInput("lack 3 of the fit's 9 columns ('c0', 'c1', 'c2')", "--allow-missing-columns");
        Assert.Contains(
            "3 of the fit's 9 columns are not in the data, and count as missing", Project(few, "--allow-missing-columns").Expect(0).Error,
            StringComparison.Ordinal);
        var lacking = Result(result);
        Project(Table("marked.csv", 0, Absent)).Expect(0);
        Assert.Equal(Result(result), lacking);

        // The same as triplets, in which zeros are not stored, but observed.
        Project(Triplets("few.tsv", Absent), "--allow-missing-columns").Expect(0);
        Assert.All(Result(result).Zip(lacking), pair => Assert.Equal(pair.Second, pair.First, 1e-9 * double.Max(1, pair.Second)));
        Project(_scratch.File("none.csv", "id,x,y\nr0,1,2\n"), "--allow-missing-columns", "--ignore-unknown-columns")
            .ExpectBadInput("have none of the fit's 9 columns");
    }

    [Theory]
    [InlineData("ebmf")]
    [InlineData("twineb")]
    public void Of_data_whose_unstored_entries_are_missing_columns_may_be_absent(string model)
    {
        Fit(model, Triplets("all.tsv", 0), "--missing", "unstored");
        Assert.Contains(
            "3 of the fit's 9 columns are not in the data", Project(Triplets("few.tsv", Absent)).Expect(0).Error, StringComparison.Ordinal);
    }

    private static int Count(int i, int j) =>
        (int)((i % 2 == j % 2 ? 6 : 0.8) * -double.Log(Philox.Uniform(3, 1, (ulong)((i * Columns) + j))));

    private string Table(string name, int first, int firstKnown)
    {
        var columns = Enumerable.Range(first, Columns - first).ToArray();
        return _scratch.File(name, "id," + string.Join(',', columns.Select(j => $"c{j}")) + "\n" + string.Concat(
            Enumerable.Range(0, Rows).Select(i =>
                $"r{i:D2}," + string.Join(',', columns.Select(j => j < firstKnown ? "NA" : $"{Count(i, j)}")) + "\n")));
    }

    private string Triplets(string name, int first) => _scratch.File(name, "cell\tgene\tcount\n" + string.Concat(
        from i in Enumerable.Range(0, Rows)
        from j in Enumerable.Range(first, Columns - first)
        where Count(i, j) > 0
        select $"r{i:D2}\tc{j}\t{Count(i, j)}\n"));

    private void Fit(string model, string data, params string[] more)
    {
        var ran = FitProgram.Run(
            ["fit", model, "--data", data, "--factors", "2", "--out", _scratch.At("fit"), "--fresh", "--progress", "none", .. more]);
        ran.Expect(ran.ExitCode == 3 ? 3 : 0);
    }

    private FitProgram.Ran Project(string data, params string[] more)
    {
        if (Directory.Exists(_scratch.At("new")))
        {
            Directory.Delete(_scratch.At("new"), recursive: true);
        }

        return FitProgram.Run(["project", _scratch.At("fit"), "--data", data, "--out", _scratch.At("new"), .. more]);
    }

    private double[] Result(string name) => DenseArray.Read(_scratch.At($"new/{name}.npy")).Values;
}
