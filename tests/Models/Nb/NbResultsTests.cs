using System.Globalization;
using FitCluster.Data;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Models.Comparison;
using FitCluster.Models.Nb;
using FitCluster.Models.Reports;
using Xunit;

namespace FitCluster.Models.Tests.Nb;

/// <summary>What a fit writes, and what can be done with it; fitted by some steps of the published optimizer.</summary>
public sealed class NbResultsTests : IDisposable
{
    private const int Cells = 24;
    private const int Genes = 6;
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_mixture_of_two_datasets_has_arrays_tables_report_and_groups()
    {
        var fitted = Fit("components: 2, zeroInflation: true, capture: anchored", "tables: true\n");
        var fit = fitted.Fit;
        Assert.Equal((4, Genes), Shape(fit.FreeArray("mean_mean")!));
        Assert.Equal((4, Genes), Shape(fit.FreeArray("gate_sd")!));
        Assert.Equal((2, 2), Shape(fit.FreeArray("weights")!));
        var (shares, entropy) = (fit.RowArray("responsibilities", 2), fit.RowArray("entropy", 1));
        for (var c = 0; c < Cells; c++)
        {
            var (p, q) = (shares[2 * c], shares[(2 * c) + 1]);
            Assert.Equal(1, p + q, 1e-12);
            Assert.Equal(-((p > 0 ? p * double.Log(p) : 0) + (q > 0 ? q * double.Log(q) : 0)), entropy[c], 1e-12);
            Assert.Equal(c % 2, fit.RowArray("dataset", 1)[c]);
        }

        var own = fit.Report.GetProperty("nb");
        Assert.Equal("[{\"name\":\"even\",\"cells\":12},{\"name\":\"odd\",\"cells\":12}]",
            own.GetProperty("datasets").GetRawText().Replace(" " +
                "", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal));
        Assert.Equal(2, own.GetProperty("weights").GetArrayLength());

        // Tables have a row for each gene, and the numbers of the arrays.
        var table = File.ReadAllLines(fit.At("mean_mean.tsv"));
        Assert.Equal("name\tcomponent1:even\tcomponent1:odd\tcomponent2:even\tcomponent2:odd", table[0]);
        var fields = table[3].Split('\t');
        Assert.Equal("c2", fields[0]);
        Assert.Equal(fit.FreeArray("mean_mean")!.Values[(3 * Genes) + 2], double.Parse(fields[4], CultureInfo.InvariantCulture));
        Assert.Equal(["name\tcomponent1\tcomponent2", "even", "odd"], File.ReadAllLines(fit.At("weights.tsv")).Select((line, i) =>
            i == 0 ? line : line.Split('\t')[0]));

        var page = HtmlReport.Of(fit);
        foreach (var section in new[] { "Weights of the components", "Capture of the cells", "Predictive checks by gene", "share of " +
            "zeros" })
        {
            Assert.Contains(section, page, StringComparison.Ordinal);
        }

        Assert.Equal(
            ["even", "odd", "component1", "component2", "component1:even", "component1:odd", "component2:even", "component2:odd"],
            fit.As<IComparesGroups>().Groups);
    }

    [Fact]
    public void Groups_are_weighted_means_in_a_dataset_and_means_of_logarithms_over_datasets()
    {
        var own = new NbFit(Fit("components: 2", "").Fit, NbMethods.Own);
        var draw = new NbDraw(4, Genes);
        var weights = own.Weights();
        own.Draws().Fill(5, 3, draw);
        var (a, b) = (new double[Genes], new double[Genes]);
        own.Pair("even", "component2", GroupComposition.Means, 5).Fill(3, a, b);
        for (var g = 0; g < Genes; g++)
        {
            double Mean(int k, int d) => draw.Mean[(((k * 2) + d) * Genes) + g];
            Assert.Equal(double.Log((weights[0] * Mean(0, 0)) + (weights[1] * Mean(1, 0))), a[g], 1e-12);
            Assert.Equal((double.Log(Mean(1, 0)) + double.Log(Mean(1, 1))) / 2, b[g], 1e-12);
        }

        string Problem(string x, string y) =>
            string.Join('\n', Assert.Throws<ProblemException>(() => own.Pair(x, y, GroupComposition.Means, 1)).Problems);
        Assert.Contains("the fit has no group 'evn': did you mean 'even'?", Problem("evn", "odd"), StringComparison.Ordinal);
        Assert.Contains("are the same group", Problem("odd", "dataset=odd"), StringComparison.Ordinal);
    }

    [Fact]
    public void Datasets_of_one_mean_are_not_compared()
    {
        var own = new NbFit(Fit("priors: {mean: {datasets: none}}", "").Fit, NbMethods.Own);
        Assert.Contains("one mean for all",
            Assert.Throws<ProblemException>(() => own.Pair("even", "odd", GroupComposition.Means, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_comparison_is_the_same_by_seed_and_another_by_another()
    {
        var own = new NbFit(Fit("", "").Fit, NbMethods.Own);
        ComparedColumn[] Of(ulong seed, GroupComposition composition) => GroupComparison.Of(
            own.Pair("even", "odd", composition, seed), Genes, 200, new ComparisonReference(ReferenceKind.Median, []), 0.2);
        var means = Of(1, GroupComposition.Means);
        Assert.Equal(means, Of(1, GroupComposition.Means));
        Assert.NotEqual(means, Of(2, GroupComposition.Means));

        // What a cell could have scatters more than its mean.
        var gamma = Of(1, GroupComposition.Gamma);
        Assert.True(gamma.Sum(column => column.Sd) > means.Sum(column => column.Sd));
    }

    [Fact]
    public void Predictions_are_mixtures_over_a_cells_components()
    {
        var fit = Fit("components: 2, zeroInflation: true, overdispersion: bnb", "").Fit;
        var predictor = fit.As<IPredictsCells>().Predictor(withSd: true);
        double Leaf(string name, int k, int d, int g) =>
            fit.FreeArray(name) is { } array ? array.Values[(((k * 2) + d) * Genes) + g] : 0;
        var (row, gene) = (5, 3);
        var nu = fit.RowArray("capture_mean", 1)[row];
        var nuSd = fit.RowArray("capture_sd", 1)[row];
        var (mean, second) = (0.0, 0.0);
        for (var k = 0; k < 2; k++)
        {
            var share = fit.RowArray("responsibilities", 2)[(row * 2) + k];
            var (mu, sd, r) = (Leaf("mean_mean", k, 1, gene), Leaf("mean_sd", k, 1, gene), Leaf("dispersion_mean", k, 1, gene));
            var (gate, omega) = (Leaf("gate_mean", k, 1, gene), Leaf("overdispersion_mean", k, 1, gene));
            var (m, m2) = (nu * mu, ((nu * nu) + (nuSd * nuSd)) * ((mu * mu) + (sd * sd)));
            mean += share * (1 - gate) * m;
            second += share * (1 - gate) * (m2 + ((m + (m2 / r)) * (1 + omega)));
        }

        Assert.Equal(mean, predictor.Mean(row, gene), 1e-12 * mean);
        Assert.Equal(double.Sqrt(second - (mean * mean)), predictor.Sd(row, gene), 1e-12 * double.Sqrt(second));
    }

    [Fact]
    public void Denoised_counts_are_those_of_the_density_at_the_posteriors_middle()
    {
        var fitted = Fit("", "");
        var own = new NbFit(fitted.Fit, NbMethods.Own);
        var middle = new NbDraw(2, Genes);
        own.Draws().FillMiddle(middle);
        var (mean, sd) = (new double[Genes], new double[Genes]);
        own.Denoiser(fitted.Job.Data).Row(7, mean, sd);
        var capture = fitted.Fit.RowArray("capture_mean", 1)[7];
        for (var g = 0; g < Genes; g++)
        {
            var (expected, variance) = middle.Density(1, g).Denoise(NbFiles.Count(7, g), capture);
            Assert.Equal(expected, mean[g]);
            Assert.Equal(double.Sqrt(variance), sd[g], 1e-9 * sd[g]);
            Assert.True(mean[g] >= NbFiles.Count(7, g));
        }

        var other = MatrixSource.Open(TestMatrix.Csv(_scratch, "o.csv", Enumerable.Range(0, 3), Enumerable.Range(0, 6), NbFiles.Count));
        Assert.Contains("not those of the " +
            "fit", Assert.Throws<ProblemException>(() => own.Denoiser(other)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Free_capture_is_warned_of()
    {
        Assert.Contains("capture and expression are not told apart",
            Fit("capture: free", "").Fit.Report.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
        Assert.False(Fit("capture: anchored", "").Fit.Report.TryGetProperty("warnings", out _));
    }

    [Fact]
    public void Scales_have_words()
    {
        Assert.StartsWith("near zero", new NbScale("x", 0.04, 0.01, 0.09).Words, StringComparison.Ordinal);
        Assert.StartsWith("large", new NbScale("x", 3, 1.1, 6).Words, StringComparison.Ordinal);
        Assert.StartsWith("moderate", new NbScale("x", 0.3, 0.2, 0.4).Words, StringComparison.Ordinal);
        Assert.StartsWith("not told", new NbScale("x", 1, 0.05, 4).Words, StringComparison.Ordinal);
    }

    private static (int, int) Shape(DenseArray array) => (array.Rows, array.Columns);

    private FittedFolder Fit(string section, string spec)
    {
        var table = NbFiles.Table(_scratch, "datasets.tsv", Cells, i => i % 2 == 0 ? "even" : "odd");
        var more = section.Length == 0 ? "" : ", " + section;
        return FittedFolder.Of(_scratch, Path.GetRandomFileName(),
            $"model: nb\nshards: 3\n{spec}data: {{path: {NbFiles.Csv(_scratch, Cells, Genes)}, datasets: {table}}}\n" +
            $"nb: {{optimizer: reference, steps: 30, learningRate: 0.05{more}}}\n");
    }
}
