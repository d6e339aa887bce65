using FitCluster.Math.NegativeBinomial;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Nb;
using Xunit;

namespace FitCluster.Models.Tests.Nb;

/// <summary>Datasets, designs and labels: where they come from, and what is refused, all at once.</summary>
public sealed class NbDataTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("cell\tbatch\n")]
    public void Datasets_come_from_a_table_in_any_order_and_need_not_be_contiguous(string header)
    {
        var lines = Enumerable.Range(0, 24).Reverse().Select(i => $"r{i}\td{i % 3}\n").Append("other\td9\n");
        var table = _scratch.File("t.tsv", header + string.Concat(lines));
        var job = Prepare($", datasets: {table}", "");
        Assert.Equal(["d0", "d1", "d2"], Options(job).Datasets);
        var of = Enumerable.Range(0, job.Shards).SelectMany(s => job.Load(new ShardId(s)).Extras[NbCells.DatasetExtra]);
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (double)(i % 3)), of);
        Assert.Contains("data.datasets: 1 names of the table are no rows of the data", job.Own.Notes);
        Assert.NotEqual(job.DataHash, Prepare($", datasets: {NbFiles.Table(_scratch, "u.tsv", 24, i => $"d{i % 2}")}", "").DataHash);
        Assert.Equal(job.DataHash, Prepare($", datasets: {NbFiles.Table(_scratch, "v.tsv", 24, i => $"d{i % 3}")}", "").DataHash);
    }

    [Fact]
    public void A_column_of_a_table_of_cells_is_chosen_by_name()
    {
        var table = NbFiles.Table(_scratch, "t.tsv", 24, i => $"x\td{i % 2}", "cell\ttype\tbatch\n");
        Assert.Equal(["d0", "d1"], Options(Prepare($", datasets: {{file: {table}, column: batch}}", "")).Datasets);
        Assert.Contains("has no column 'bach': did you mean 'batch'?", Problem($", datasets: {{file: {table}, column: bach}}", ""),
            StringComparison.Ordinal);
        Assert.Contains("give column: NAME", Problem($", datasets: {table}", ""), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_are_datasets_of_one_matrix_by_the_names_of_genes()
    {
        var a = TestMatrix.Csv(_scratch, "kit1.csv", Enumerable.Range(0, 12), [0, 1, 2, 3, 4], NbFiles.Count);
        TestMatrix.Csv(_scratch, "kit2.csv", Enumerable.Range(12, 12), [5, 4, 3, 2, 1], NbFiles.Count);
        var pattern = Path.Combine(_scratch.Root, "kit*.csv");
        var job = PrepareFiles($"path: '{pattern}', datasets: file");
        Assert.Equal(["kit1", "kit2"], Options(job).Datasets);
        Assert.Equal(["c1", "c2", "c3", "c4"], job.Data.ColumnNames);
        Assert.Contains(job.Data.Facts.Notes, note => note.Contains("2 of 6 columns are not in every file and are left " +
            "out", StringComparison.Ordinal));
        for (var row = 0; row < 24; row++)
        {
            Assert.Equal(
                Enumerable.Range(1, 4).Select(j => NbFiles.Count(row, j)), job.Data.RowBlock(row, 1).DenseRows(0, 1).ToArray());
        }

        Assert.Equal(Enumerable.Range(0, 24).Select(i => $"r{i}"), job.Data.RowNames);
        var node = FittedFolder.OnNode(job);
        Assert.Equal((job.SpecHash, job.DataHash), (node.SpecHash, node.DataHash));
        var union = PrepareFiles($"path: '{pattern}', datasets: file, join: union");
        Assert.Equal(["c0", "c1", "c2", "c3", "c4", "c5"], union.Data.ColumnNames);
        Assert.Equal(0, union.Data.RowBlock(0, 1).DenseRows(0, 1)[5]);
        Assert.Contains("data.path is one file", FittedFolder.Problem(_scratch, $"model: nb\ndata: {{path: {a}, datasets: file}}"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Crossed_factors_make_datasets_of_the_combinations_that_occur()
    {
        var table = NbFiles.Table(_scratch, "cells.tsv", 24, i => $"d{i % 3}\t{(i % 3 == 0 || i % 2 == 0 ? "ctrl" : "case")}",
            "cell\tdonor\tcondition\n");
        var job = Prepare("", $"interactions: ['donor:condition'], design: [{{factor: {table}, column: donor, effect: random}}, " +
            $"{{factor: {table}, column: condition, effect: fixed, scale: 0.5}}]");
        var options = Options(job);
        Assert.Equal(["d0:ctrl", "d1:case", "d2:ctrl", "d1:ctrl", "d2:case"], options.Datasets);
        Assert.Equal(["donor", "condition", "donor:condition"], options.Design.Select(factor => factor.Name));
        Assert.Equal([0, 1, 2, 1, 2], options.Design[0].LevelOfDataset);
        Assert.Equal([0, 1, 0, 0, 1], options.Design[1].LevelOfDataset);
        Assert.Equal([0, 1, 2, 3, 4], options.Design[2].LevelOfDataset);
        Assert.Equal((NbFamily.Gaussian, NbFamily.None, 0.5, NbFamily.Gaussian), (options.Design[0].Hierarchy.Family,
            options.Design[1].Hierarchy.Family, options.Design[1].FixedScale, options.Design[2].Hierarchy.Family));
        Assert.Equal(NbFamily.None, options.Priors.MeanDatasets.Family);
    }

    [Fact]
    public void A_factor_may_be_a_table_of_datasets()
    {
        var datasets = NbFiles.Table(_scratch, "datasets.tsv", 24, i => $"d{i % 4}");
        var kits = _scratch.File("kits.tsv", "d0\tA\nd1\tB\nd2\tA\nd3\tB\n");
        var options = Options(Prepare($", datasets: {datasets}", $"design: [{{factor: {kits}, effect: random}}]"));
        Assert.Equal(("kits", "A,B", "0,1,0,1"), (options.Design[0].Name, string.Join(',', options.Design[0].Levels),
            string.Join(',', options.Design[0].LevelOfDataset)));
        var few = _scratch.File("few.tsv", "d0\tA\nd1\tB\n");
        Assert.Contains("has no level for 2 of 4 datasets ('d2', 'd3')",
            Problem($", datasets: {datasets}", $"design: [{{factor: {few}}}]"), StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_add_their_confidence_to_their_component()
    {
        var labels = _scratch.File("labels.tsv", "cell\tlabel\tconfidence\nr0\tT\t5\nr2\tB\nr3\tNA\nr5\tT\t0\n");
        var job = Prepare("", $"components: 3, labels: {labels}, labelConfidence: 4");
        var logits = Enumerable.Range(0, job.Shards).SelectMany(s => job.Load(new ShardId(s)).Extras[NbCells.LabelExtra]).ToArray();
        var expected = new double[24 * 3];
        (expected[1], expected[6]) = (5, 4);
        Assert.Equal(expected, logits);
        Assert.NotEqual(job.DataHash, Prepare("", "components: 3").DataHash);
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once()
    {
        var datasets = NbFiles.Table(_scratch, "d.tsv", 24, i => i == 3 ? "tiny" : "big");
        var labels = _scratch.File("l.tsv", "r0\tT\nzz\tB\nyy\tN\n");
        var data = TestMatrix.Csv(_scratch, "z.csv", Enumerable.Range(0, 24), Enumerable.Range(0, 6),
            (i, j) => j == 4 ? 0 : NbFiles.Count(i, j));
        var problems = Assert.Throws<ProblemException>(() => FittedFolder.Prepare(_scratch,
            $"model: nb\ndata: {{path: {data}, datasets: {datasets}}}\nnb: {{components: 2, labels: {labels}, priors: {{gate: {{genes: " +
            "neg}, " +
            "overdispersion: {datasets: gaussian}, dispersion: {datasets: gaussian}, probability: {mode: two_level}}}")).Problems;
        Assert.Equal(
            [
                "nb.priors.gate.genes needs nb.zeroInflation: true, without which there is no gate: set it, or remove this",
                "nb.priors.overdispersion.datasets needs nb.overdispersion: bnb: set it, or remove this",
                "nb.priors.dispersion.datasets needs nb.parametrization: mean_disp, in which r is a parameter: set it, or remove this",
                "nb.priors.probability.mode (TwoLevel) says what the datasets' probabilities are, and needs nb.priors.probability.datasets",
                "nb.priors.probability.mode two_level puts the genes' centres under a hierarchy: give nb.priors.probability.genes",
                "the dataset 'tiny' has 1 cell, fewer than 10: leave it out, join it with another, or lower nb.minimumCells",
                "1 gene has no count in any cell ('c4'): nothing tells its mean; leave it out with data.columns",
                $"nb.labels: '{labels}' has 3 labels ('B', 'N', 'T'), and nb.components is 2: ask for at least as many components",
                $"nb.labels: '{labels}' labels 2 cells that the data do not have ('zz', 'yy'): take them out, or give the data's names",
            ],
            problems);
    }

    [Theory]
    [InlineData("priors: {mean: {datasets: gaussian}}", "nb.priors.mean.datasets is across datasets, and the data are one")]
    [InlineData("priors: {mean: {components: gaussian}}", "nb.priors.mean.components is across components, and nb.components is 1")]
    [InlineData("parametrization: mean_disp, priors: {probability: {genes: neg}}", "has no effect with nb.parametrization: mean_disp")]
    [InlineData("components: 2, weights: datasets", "nb.weights is 'datasets', and the data are one dataset")]
    public void A_hierarchy_that_needs_what_the_model_lacks_is_refused(string section, string problem) =>
        Assert.Contains(problem, Problem("", section), StringComparison.Ordinal);

    [Fact]
    public void Rows_that_a_table_lacks_are_named()
    {
        var table = NbFiles.Table(_scratch, "d.tsv", 22, _ => "a");
        Assert.Contains("does not say anything of 2 of 24 rows ('r22', 'r23')", Problem($", datasets: " +
            $"{table}", ""), StringComparison.Ordinal);
        table = _scratch.File("e.tsv", "r0\ta\nr1\tb\nr0\tb\n");
        Assert.Contains("says 'b' of row 'r0', of which 'a' was said before", Problem($", datasets: " +
            $"{table}", ""), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_whose_genes_do_not_meet_are_refused()
    {
        var a = TestMatrix.Csv(_scratch, "a.csv", Enumerable.Range(0, 4), [0, 1], NbFiles.Count);
        var b = TestMatrix.Csv(_scratch, "b.csv", Enumerable.Range(4, 4), [2, 3], NbFiles.Count);
        var error = Assert.Throws<FitCluster.Data.DataException>(() => PrepareFiles($"path: [{a}, {b}], datasets: file"));
        Assert.Contains("no column name that all of them have (they begin with 'c0', 'c2')", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("log", "look like log(1 + count)")]
    [InlineData("cp10k", "look like log(1 + 10000 count / total of the row)")]
    [InlineData("scaled", "look as if each row was scaled to the total 1")]
    [InlineData("halves", "is no count, but nb needs counts, whole numbers from 0: give")]
    [InlineData("negative", "-1 in row 'r0', column 'c0'")]
    public void Data_that_are_no_counts_are_told_what_they_look_like(string kind, string problem)
    {
        double Total(int i) => Enumerable.Range(0, 6).Sum(j => NbFiles.Count(i, j));
        var data = TestMatrix.Csv(_scratch, "x.csv", Enumerable.Range(0, 24), Enumerable.Range(0, 6), (i, j) => kind switch
        {
            "log" => double.LogP1(NbFiles.Count(i, j)),
            "cp10k" => double.LogP1(1e4 * NbFiles.Count(i, j) / Total(i)),
            "scaled" => NbFiles.Count(i, j) / Total(i),
            "halves" => NbFiles.Count(i, j) / 2,
            _ => i == 0 && j == 0 ? -1 : NbFiles.Count(i, j),
        });
        Assert.Contains(problem, FittedFolder.Problem(_scratch, $"model: nb\ndata: {{path: {data}}}"), StringComparison.Ordinal);
    }

    private static NbOptions Options(PreparedJob job) => ((NbJob)job.Own).Options;

    private PreparedJob Prepare(string data, string section) => FittedFolder.Prepare(_scratch, Spec(data, section));

    private string Problem(string data, string section) => FittedFolder.Problem(_scratch, Spec(data, section));

    private string Spec(string data, string section) =>
        $"model: nb\nshards: 3\ndata: {{path: {NbFiles.Csv(_scratch)}{data}}}\nnb: {{optimizer: reference, minimumCells: 1" +
        $"{(section.Length == 0 ? "" : ", " + section)}}}";

    private PreparedJob PrepareFiles(string data) =>
        FittedFolder.Prepare(_scratch, $"model: nb\ndata: {{{data}}}\nnb: {{optimizer: reference, captureTotal: 1000}}");
}
