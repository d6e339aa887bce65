using System.IO.Compression;
using System.Text;
using System.Text.Json;
using FitCluster.Models.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

/// <summary>What a file is, said by the user; and tables as people have them, through every verb that reads one.</summary>
public sealed class DataFormatTests : IDisposable
{
    private static readonly string _counts = string.Concat(
        Enumerable.Range(0, 200).Select(t => $"{t * 37 % 101},{t * 53 % 97},{t * 71 % 103}\n"));

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Data_format_says_what_is_read_in_every_verb_that_reads_data()
    {
        var data = _scratch.File("counts.csv", _counts);
        FitProgram.Run("check", "ebmf", "--data", data).ExpectBadInput(
            "could be a table of three columns or a list of entries", "--data-format");
        FitProgram.Run("check", "ebmf", "--data", data, "--data-format", "csv").ExpectBadInput(
            "data.format cannot be 'csv'", "auto, table, triplets, mtx, 10x, npy, npz, store");
        FitProgram.Run("check", "ebmf", "--data", data, "--data-format", "npy").ExpectBadInput("not a NumPy array");
        FitProgram.Run("check", "ebmf", "--data", data, "--feature-types", "all").ExpectBadInput("data.featureTypes", "no 10x folder");
        var table = Check(data, "table", "read as a table of 200 x 3");
        var triplets = Check(data, "triplets", "read as 200 triplets of");
        Assert.Equal((200, 3), (table.GetProperty("rows").GetInt32(), table.GetProperty("columns").GetInt32()));
        Assert.NotEqual(table.GetProperty("dataHash").GetString(), triplets.GetProperty("dataHash").GetString());

        Assert.Contains(
            "read as a table of 200 x 3",
            FitProgram.Run("ingest", data, "--data-format", "table", "--out", _scratch.At("store")).Expect(0).Error,
            StringComparison.Ordinal);
        string[] fit = ["fit", "ebmf", "--data", data, "--factors", "1", "--out", _scratch.At("fit")];
        FitProgram.Run([.. fit, "--set", "data.format=table"]).Expect(0);
        var spec = Scratch.Json(_scratch.At("fit/fit.json")).GetProperty("spec").GetProperty("data");
        Assert.Equal("table", spec.GetProperty("format").GetString());
        string[] project = ["project", _scratch.At("fit"), "--data", data, "--out", _scratch.At("p")];
        FitProgram.Run(project).ExpectBadInput("three columns or a list of entries");
        FitProgram.Run([.. project, "--data-format", "t"]).ExpectBadInput("--data-format is 't'", "auto, table, triplets");
        var projected = FitProgram.Run([.. project, "--data-format", "table"]).Expect(0);
        Assert.Contains("read as a table of 200 x 3", projected.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_types_of_features_are_chosen_before_totals_are_taken()
    {
        Directory.CreateDirectory(_scratch.At("x"));
        _scratch.File("x/matrix.mtx", "%%MatrixMarket matrix coordinate integer general\n3 2 4\n1 1 5\n2 1 5\n3 1 990\n1 2 5\n");
        _scratch.File("x/barcodes.tsv", "A\nB\n");
        _scratch.File("x/features.tsv", "E1\tG1\tGene Expression\nE2\tG2\tGene Expression\nADT1\tCD3\tAntibody Capture\n");
        double First(params string[] arguments)
        {
            string[] ingest = ["ingest", _scratch.At("x"), "--transform", "log1p-cp10k", "--out", _scratch.At("s"), "--overwrite"];
            Assert.Contains("1 Antibody Capture", FitProgram.Run([.. ingest, .. arguments]).Expect(0).Error, StringComparison.Ordinal);
            return BitConverter.ToDouble(File.ReadAllBytes(_scratch.At("s/values.f64")));
        }

        Assert.Equal(double.LogP1(5000), First(), 1e-15);
        Assert.Equal(double.LogP1(50), First("--feature-types", "all"), 1e-15);
        Assert.Equal(double.LogP1(50), First("--feature-types", "Antibody Capture,Gene Expression"), 1e-15);
    }

    [Fact]
    public void The_types_of_features_are_columns_of_a_fit_and_of_other_10x_folders_for_it()
    {
        Directory.CreateDirectory(_scratch.At("x"));
        var counts = string.Concat(Enumerable.Range(1, 4).Select(cell => $"1 {cell} {cell}\n2 {cell} {7 - cell}\n3 {cell} {3 * cell}\n"));
        _scratch.File("x/matrix.mtx", $"%%MatrixMarket matrix coordinate integer general\n3 4 12\n{counts}");
        _scratch.File("x/barcodes.tsv", "A\nB\nC\nD\n");
        _scratch.File("x/features.tsv", "E1\tG1\tGene Expression\nE2\tG2\tGene Expression\nADT1\tCD3\tAntibody Capture\n");
        var table = _scratch.File("table.csv", "name,E1,E2,ADT1\nA,1,6,3\n");
        int Columns(params string[] options)
        {
            var ran = FitProgram.Run(["check", "ebmf", "--data", _scratch.At("x"), "--format", "json", .. options]).Expect(0);
            using var document = JsonDocument.Parse(ran.Output);
            return document.RootElement.GetProperty("columns").GetInt32();
        }

        Assert.Equal((2, 3), (Columns(), Columns("--feature-types", "all")));
        Assert.Equal(3, Columns("--set", "data.featureTypes=Antibody Capture,Gene Expression"));
        string[] fit = ["fit", "ebmf", "--data", _scratch.At("x"), "--factors", "1", "--out", _scratch.At("fit"), "--max-rounds", "5"];
        Assert.True(FitProgram.Run([.. fit, "--feature-types", "all"]).ExitCode is 0 or 3);
        foreach (var (data, said) in new[] { (_scratch.At("x"), "all are kept"), (table, "read as a table of 1 x 3") })
        {
            var ran = FitProgram.Run("project", _scratch.At("fit"), "--data", data, "--out", _scratch.At(Path.GetFileName(data) + "p"));
            Assert.Contains(said, ran.Expect(0).Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("name,x,s\n\"a,b\",1,1\n\"c\",2,0.5\n", "")]
    [InlineData("# from R\n\"s\";\"x\"\n1;1\n0.5;2\n", "comments")]
    [InlineData("x\ts\tn\n1\t1\té\n2\t.5\te\n\n", "Latin-1")]
    public void Ebnm_reads_tables_as_data_are_read(string text, string note)
    {
        string Solve(string path)
        {
            var ran = FitProgram.Run("ebnm", "--input", path, "--family", "normal").Expect(0);
            Assert.Equal(path.Contains("plain", StringComparison.Ordinal) ? "" : note, ran.Error.Length > 0 ? note : "");
            Assert.Contains(path.Contains("plain", StringComparison.Ordinal) ? "" : note, ran.Error, StringComparison.Ordinal);
            return ran.Output;
        }

        var plain = Solve(_scratch.File("plain.csv", "x,s\n1,1\n2,0.5\n"));
        var bytes = Encoding.Latin1.GetBytes(text);
        File.WriteAllBytes(_scratch.At("t.csv"), bytes);
        Assert.Equal(plain, Solve(_scratch.At("t.csv")));
        using (var gzip = new GZipStream(File.Create(_scratch.At("t.csv.gz")), CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        Assert.Equal(plain, Solve(_scratch.At("t.csv.gz")));
        FitProgram.Run("ebnm", "--input", _scratch.File("c.csv", "x;s\n1,5;1\n"), "--family", "normal").ExpectBadInput(
            "x is '1,5'", "decimal commas are not read");
    }

    [Fact]
    public void Cells_errors_and_lists_are_read_as_data_are()
    {
        var data = _scratch.File("d.csv", "id;a,1;b;c\nü;1;2;3.5\n\"v;w\";2;1;0\nz;3;1;1\ny;0;2;1\n");
        File.WriteAllBytes(_scratch.At("errors.csv"), Encoding.Latin1.GetBytes("name,s\nü,1\n\"v;w\",1\nz,2\ny,1\n"));
        string[] fit = ["fit", "ebmf", "--data", data, "--factors", "1", "--out", _scratch.At("fit")];
        var ran = FitProgram.Run([.. fit, "--set", "ebmf.standardErrors=" + _scratch.At("errors.csv"), "--set", "ebmf.variance=known"]);
        Assert.Contains("errors.csv is not UTF-8 and was read as Latin-1", ran.Error, StringComparison.Ordinal);
        Assert.True(ran.ExitCode is 0 or 3, ran.Error);
        File.WriteAllBytes(_scratch.At("cells.csv"), Encoding.Latin1.GetBytes("row,column\nü,\"a,1\"\n\nv;w,b\n"));
        var predicted = FitProgram.Run("predict", _scratch.At("fit"), "--cells", _scratch.At("cells.csv")).Expect(0);
        Assert.Contains("cells.csv is not UTF-8", predicted.Error, StringComparison.Ordinal);
        Assert.StartsWith("row\tcolumn\tmean\tsd\nü\ta,1\t", predicted.Output, StringComparison.Ordinal);
    }

    private static JsonElement Check(string data, string format, string said)
    {
        var ran = FitProgram.Run("check", "ebmf", "--data", data, "--data-format", format, "--format", "json").Expect(0);
        Assert.StartsWith(said, ran.Error, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(ran.Output);
        return document.RootElement.Clone();
    }
}
