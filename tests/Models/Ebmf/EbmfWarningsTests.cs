using System.Text.Json;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Models.Tests.Ebmf;

/// <summary>What fit.json says of data that are hardly what was meant (docs/ebmf.md, "Entries far beyond the others").</summary>
public sealed class EbmfWarningsTests : IDisposable
{
    private const int Rows = 60, Columns = 20;
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(1e13)]
    [InlineData(-1e150)]
    public void An_entry_far_beyond_all_others_is_named(double far)
    {
        var warning = Assert.Single(Warnings((i, j) => (i, j) == (3, 4) ? far : TestMatrix.Entry(i, j), "maxFactors: 2"));
        Assert.StartsWith($"the entry of row r3 and column c4 is {(far > 0 ? "1E+13, " : "-1E+150, ")}", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("heavy tails")]
    [InlineData("counts")]
    [InlineData("a column in another unit")]
    [InlineData("rows of twenty decades")]
    public void Heavy_tails_and_other_units_are_no_mistakes(string kind)
    {
        for (ulong seed = 1; seed <= 5; seed++)
        {
            Assert.Empty(Warnings(
                (i, j) =>
                {
                    var u = Philox.Uniform(seed, (ulong)i, (ulong)j);
                    return kind switch
                    {
                        "heavy tails" => double.Tan(double.Pi * (u - 0.5)),
                        "counts" => double.Floor(1 / u),
                        "a column in another unit" => u * (j == 3 ? 1e8 : 1),
                        _ => u * double.Pow(10, (i / 3) - 10),
                    };
                },
                "maxFactors: 1, backfit: false"));
        }
    }

    [Theory]
    [InlineData("constant")]
    [InlineData("row")]
    [InlineData("column")]
    public void Data_that_are_fitted_exactly_are_said_to_be(string variance)
    {
        Func<int, int, double>[] kinds = [(_, _) => 3, (i, j) => Philox.Normal(1, 1, (ulong)i) * Philox.Normal(1, 2, (ulong)j)];
        foreach (var entry in kinds)
        {
            Assert.StartsWith(
                "the data are fitted exactly by 1 factor: the noise is zero",
                Assert.Single(Warnings(entry, $"variance: {variance}")),
                StringComparison.Ordinal);
        }
    }

    private string[] Warnings(Func<int, int, double> entry, string options)
    {
        var data = TestMatrix.Csv(_scratch, "data.csv", Enumerable.Range(0, Rows), Enumerable.Range(0, Columns), entry);
        FittedFolder.Of(_scratch, "fit", $"model: ebmf\ndata: {{ path: {data} }}\nshards: 2\nebmf: {{ {options} }}\n");
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(_scratch.At("fit"), "fit.json")));
        Directory.Delete(_scratch.At("fit"), recursive: true);
        return json.RootElement.TryGetProperty("warnings", out var warnings)
            ? [.. warnings.EnumerateArray().Select(w => w.GetString()!)] : [];
    }
}
