using System.Globalization;
using System.Text.Json;
using FitCluster.Data;
using FitCluster.Models.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

/// <summary>Simulated kits of counts, fitted jointly, compared and denoised, as a user does it.</summary>
public sealed class NbTests : IClassFixture<NbTests.Kits>
{
    private readonly Kits _kits;

    public NbTests(Kits kits) => _kits = kits;

    [Fact]
    public void Simulate_says_how_to_fit_what_it_wrote()
    {
        Assert.Contains("fitcluster fit nb --data", _kits.Said, StringComparison.Ordinal);
        Assert.Contains($"data.datasets={_kits.At("sim/datasets.tsv")}", _kits.Said, StringComparison.Ordinal);
        var truth = Scratch.Json(_kits.At("sim/truth.json"));
        Assert.Equal((2, "nb"), (truth.GetProperty("datasets").GetInt32(), truth.GetProperty("model").GetString()));
    }

    [Fact]
    public void The_genes_that_differ_between_kits_are_called_and_the_others_are_not()
    {
        var result = FitProgram.Run(
            "compare", _kits.Fit, "--a", "dataset2", "--b", "dataset1", "--threshold", "0.2", "--draws", "400").Expect(0);
        var rows = Table(result.Output, "gene", "lfc", "sd", "lfsr", "lfsr_beyond", "expected_false_positives");
        var differs = DenseArray.Read(_kits.At("sim/truth_differs.npy")).Values;
        var effects = DenseArray.Read(_kits.At("sim/truth_effect.npy")).Values;
        Assert.Equal(differs.Length, rows.Length);
        bool[] called = [.. rows.Select(row => Number(row[5]) <= 0.05)];
        Assert.True(differs.Where((differ, g) => differ > 0 && called[g]).Count() >= 0.8 * differs.Sum(), result.Output);
        Assert.True(differs.Where((differ, g) => differ == 0 && called[g]).Count() <= 1, result.Output);
        for (var g = 0; g < rows.Length; g++)
        {
            // A difference that is called has the sign of the truth.
            var effect = effects[differs.Length + g] - effects[g];
            Assert.True(!called[g] || differs[g] == 0 || double.Sign(effect) == double.Sign(Number(rows[g][1])), string.Join(' ', rows[g]));
            Assert.True(Number(rows[g][4]) >= Number(rows[g][3]));
        }

        Assert.Contains(
            FormattableString.Invariant($"{called.Count(call => call)} of {rows.Length} columns differ by more than 0.2"), result.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_comparison_goes_to_a_file_and_has_the_same_bits_by_the_same_seed()
    {
        string[] command = ["compare", _kits.Fit, "--a", "dataset2", "--b", "dataset1", "--draws", "100"];
        var output = FitProgram.Run(command).Expect(0).Output;
        Assert.Equal(output, FitProgram.Run(command).Expect(0).Output);
        Assert.NotEqual(output, FitProgram.Run([.. command, "--seed", "2"]).Expect(0).Output);
        var file = _kits.At("compared.tsv");
        Assert.Equal("", FitProgram.Run([.. command, "--out", file]).Expect(0).Output);
        Assert.Equal(output, File.ReadAllText(file));

        // Without a threshold there is one rate; as JSON the same numbers.
        var row = Table(output, "gene", "lfc", "sd", "lfsr", "expected_false_positives")[3];
        using var json = JsonDocument.Parse(FitProgram.Run([.. command, "--format", "json"]).Expect(0).Output);
        var gene = Rows(json.RootElement).Single(one => one.GetProperty("gene").GetString() == row[0]);
        Assert.Equal(Number(row[1]), gene.GetProperty("lfc").GetDouble());

        static IEnumerable<JsonElement> Rows(JsonElement root) =>
            root.ValueKind == JsonValueKind.Array ? root.EnumerateArray()
            : root.EnumerateObject().First(p => p.Value.ValueKind == JsonValueKind.Array).Value.EnumerateArray();
    }

    [Fact]
    public void References_and_compositions_change_what_differences_are_taken_from()
    {
        string[] command = ["compare", _kits.Fit, "--a", "dataset2", "--b", "dataset1", "--draws", "200"];
        double[] Column(int field, params string[] options) =>
            [.. FitProgram.Run([.. command, .. options]).Expect(0).Output.Split('\n')[1..^1].Select(line =>
                Number(line.Split('\t')[field]))];
        var (median, mean, iqlr) = (Column(1), Column(1, "--reference", "mean"), Column(1, "--reference", "iqlr"));
        Assert.Equal(0, mean.Sum(), 1e-6);

        // Another reference is another shift of all.
        foreach (var shifted in new[] { mean, iqlr })
        {
            double[] shifts = [.. shifted.Zip(median, (x, y) => x - y)];
            Assert.NotEqual(0, shifts[0]);
            Assert.All(shifts, shift => Assert.Equal(shifts[0], shift, 1e-9));
        }

        var file = _kits.File("reference.txt", "c2\n");
        var named = Column(1, "--reference", file);
        Assert.Equal(0, named[1]);
        Assert.NotEqual(median[0], named[0]);
        Assert.True(Column(2, "--composition", "gamma").Sum() > 1.5 * Column(2).Sum());
    }

    [Fact]
    public void What_is_wrong_with_a_comparison_is_told_at_once()
    {
        FitProgram.Run("compare", _kits.Fit).ExpectBadInput("--a NAME is missing", "--b NAME is missing");
        FitProgram.Run(
            "compare", _kits.Fit, "--a", "datasett2", "--b", "dataset3", "--reference", "no_such_file").ExpectBadInput(
            "no group 'datasett2'", "did you mean 'dataset2'", "no group 'dataset3'", "'no_such_file', which is neither");
        FitProgram.Run(
            "compare", _kits.Fit, "--a", "dataset1", "--b", "dataset2", "--threshold", "-1", "--draws", "1", "--composition", "median",
            "--format", "xls").ExpectBadInput("threshold", "draws", "composition", "format");
        FitProgram.Run("compare", _kits.Fit, "--a", "dataset1", "--b", "dataset=dataset1").ExpectBadInput("are the same group");
        FitProgram.Run(
            "compare", _kits.Fit, "--a", "dataset1", "--b", "dataset2", "--out", _kits.At("none/x.tsv")).ExpectBadInput("none");
        FitProgram.Run("compare", _kits.At("sim"), "--a", "dataset1", "--b", "dataset2").ExpectBadInput(_kits.At("sim"));
    }

    [Fact]
    public void A_model_without_groups_says_so()
    {
        var data = Path.Combine(_kits.At("other"), "small.csv");
        Directory.CreateDirectory(_kits.At("other"));
        File.WriteAllText(data, "name,c1,c2,c3\nr1,1,2,3\nr2,2,3,5\nr3,3,1,2\nr4,1,1,4\n");
        FitProgram.Run("fit", "ebmf", "--data", data, "--factors", "1", "--out", _kits.At("other/fit"), "--progress", "none").Expect(0);
        FitProgram.Run("compare", _kits.At("other/fit"), "--a", "x", "--b", "y").ExpectBadInput("ebmf");
        FitProgram.Run("predict", _kits.At("other/fit"), "--denoised", "--out", _kits.At("other/x.npy")).ExpectBadInput("ebmf");
    }

    [Fact]
    public void Denoised_counts_are_never_below_those_seen_and_are_the_same_by_cell_and_as_a_whole()
    {
        var file = _kits.At("denoised.npy");
        FitProgram.Run("predict", _kits.Fit, "--denoised", "--out", file).Expect(0);
        var all = DenseArray.Read(file);
        var data = MatrixSource.Open(_kits.At("sim/data.mtx"));
        Assert.Equal((data.Rows, data.Columns), (all.Rows, all.Columns));
        for (var i = 0; i < data.Rows; i++)
        {
            var block = data.RowBlock(i, 1);
            for (var t = 0; t < block.RowColumns(0).Length; t++)
            {
                Assert.True(all.Values[(i * all.Columns) + block.RowColumns(0)[t]] >= block.RowValues(0)[t]);
            }
        }

        Assert.All(all.Values, value => Assert.True(value > 0 && double.IsFinite(value)));
        var cells = _kits.File("cells.tsv", "row\tcolumn\nr7\tc3\nr2\tc1\nr7\tc9\n");
        var rows = Table(FitProgram.Run("predict", _kits.Fit, "--denoised", "--cells", cells).Expect(0).Output, "row", "column", "mean",
            "sd");
        Assert.Equal(["r7", "r2", "r7"], rows.Select(row => row[0]));
        Assert.Equal(
            [all.Values[(6 * all.Columns) + 2], all.Values[all.Columns], all.Values[(6 * all.Columns) + 8]],
                rows.Select(row => Number(row[2])));
        Assert.All(rows, row => Assert.True(Number(row[3]) > 0));
    }

    [Fact]
    public void What_is_wrong_with_denoising_is_told_at_once()
    {
        FitProgram.Run("predict", _kits.Fit, "--denoised", "--unknown", "skip", "--format", "json").ExpectBadInput(
            "--unknown has no effect with --denoised", "--format has no effect", "give --out FILE.npy, or --cells");
        FitProgram.Run("predict", _kits.Fit, "--denoised", "--cells",
            _kits.File("unknown.tsv", "row\tcolumn\nr7\tc999\n")).ExpectBadInput("c999");
    }

    [Fact]
    public void What_is_wrong_with_a_simulation_is_told_at_once()
    {
        FitProgram.Run("simulate", "nb", "--out", _kits.At("bad"), "--datasets", "2", "--donors", "3", "--captures",
            "0.1,0.2,0.3").ExpectBadInput(
            "give one of them", "--captures has 3 numbers for 6 datasets");
        FitProgram.Run("simulate", "nb", "--out", _kits.At("bad"), "--captures", "0.1,1.2").ExpectBadInput("--captures", "below 1");
        FitProgram.Run("simulate", "nb", "--out", _kits.At("bad"), "--rows", "3", "--datasets",
            "4").ExpectBadInput("at least as many rows");
        FitProgram.Run("simulate", "nb", "--out", _kits.At("bad"), "--markers", "0.2", "--difference", "1", "--conditions", "2",
            "--donor-sd",
            "0.1").ExpectBadInput("--markers: markers is '0.2': it has no effect", "--difference: difference is '1': it has no effect",
                "--conditions: conditions is '2': it has no effect",
                "--donor-sd: donorSd is '0.1': it has no effect");
        FitProgram.Run("simulate", "nb", "--out", _kits.At("bad"), "--density", "0.1", "--log-mean",
            "2").ExpectBadInput("give one of them");
        Assert.False(Directory.Exists(_kits.At("bad")));
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static string[][] Table(string text, params string[] fields)
    {
        string[][] lines = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'))];
        Assert.Equal(fields, lines[0]);
        return lines[1..];
    }

    /// <summary>Two kits whose captures differ, and their fit.</summary>
    public sealed class Kits : IDisposable
    {
        private readonly Scratch _scratch = new();

        public Kits()
        {
            Said = FitProgram.Run("simulate", "nb", "--out", At("sim"), "--rows", "300", "--columns", "60", "--datasets", "2",
                "--captures", "0.1,0.25", "--different", "0.15", "--difference", "1.2", "--log-mean", "2").Expect(0).Output;
            FitProgram.Run("fit", "nb", "--data", At("sim/data.mtx"), "--set", $"data.datasets={At("sim/datasets.tsv")}", "--out", Fit,
                "--progress", "none").Expect(0);
        }

        /// <summary>What simulate said.</summary>
        public string Said { get; }

        /// <summary>The folder of the fit.</summary>
        public string Fit => At("fit");

        public string At(string name) => _scratch.At(name);

        public string File(string name, string content) => _scratch.File(name, content);

        public void Dispose() => _scratch.Dispose();
    }
}
