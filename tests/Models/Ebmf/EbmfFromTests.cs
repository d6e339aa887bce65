using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using FitCluster.Models.Ebmf;
using FitCluster.Models.Jobs;
using Xunit;

namespace FitCluster.Models.Tests.Ebmf;

/// <summary>Fits of ebmf that start from a finished one.</summary>
public sealed class EbmfFromTests : IDisposable
{
    private const int Rows = 70, Columns = 24;
    private static readonly int[] AllColumns = [.. Enumerable.Range(0, Columns)];
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("", 1e-4)]
    [InlineData("variance: row", 1e-4)]
    [InlineData("variance: kronecker", 1e-4)]

    // Second looks from another start, and intercepts that are refined before others are added, lead to another optimum nearby.
    [InlineData("loadingsPrior: normal_scale_mixture, factorsPrior: unimodal", 5e-4)]
    [InlineData("fixedFactors: [column-intercept, intercept]", 5e-3)]
    public void A_fit_that_was_stopped_goes_on_to_where_it_would_have_come(string options, double tolerance)
    {
        var whole = Fit("whole", options);
        var stopped = Fit("stopped", options, mostRounds: whole.Rounds / 4);
        Assert.True(stopped.Elbo < whole.Elbo);
        var goesOn = From(stopped, "on", options);
        Assert.True(goesOn.Elbo > stopped.Elbo);
        Assert.Equal(whole.Elbo, goesOn.Elbo, tolerance * double.Abs(whole.Elbo));
    }

    [Fact]
    public void A_converged_fit_is_where_it_was_in_fewer_rounds()
    {
        var whole = Fit("whole", "maxFactors: 2");
        var again = From(whole, "again", "maxFactors: 2");
        Assert.Equal(whole.Elbo, again.Elbo, 1e-3);
        Assert.True(again.Rounds < whole.Rounds / 2, $"{again.Rounds} rounds after {whole.Rounds}");
    }

    [Fact]
    public void More_factors_are_added_to_those_of_the_fit()
    {
        var one = Fit("one", "maxFactors: 1");
        Assert.Equal(1, Factors(one));
        var more = From(one, "more", "");
        Assert.True(Factors(more) >= 2);
        Assert.True(more.Elbo > one.Elbo + 10);
        Assert.Equal(1, Factors(From(one, "same", "maxFactors: 1")));
        Assert.Equal(1, Factors(From(one, "refined", "greedy: false, init: fit")));
    }

    [Fact]
    public void Rows_are_matched_by_name_and_new_ones_fitted()
    {
        var half = Fit("half", "", rows: Enumerable.Range(0, 40));

        // Turned around, with new rows in between, and without the first ten.
        int[] rows = [.. Enumerable.Range(10, 60).Reverse()];
        var all = From(half, "all", "", rows);
        var fresh = Fit("fresh", "", rows);
        Assert.Equal(fresh.Elbo, all.Elbo, 1e-3 * double.Abs(fresh.Elbo));

        var k = Factors(half);
        var given = all.Job.Load(new Messages.ShardId(1)).Extras.Get(ExtraKeys.InitialLoadings.Name);
        var of = half.Fit.RowArray("loadings_mean", k);
        var range = all.Job.Ranges[1];
        Assert.Equal([range.Count, k], given.Shape);
        for (var i = 0; i < range.Count; i++)
        {
            var row = rows[range.First + i];
            Assert.Equal(row < 40 ? of[row * k] : double.NaN, given.Values[i * k]);
        }
    }

    [Fact]
    public void What_is_not_asked_for_is_as_in_the_fit_and_a_node_makes_the_same_job()
    {
        var fit = Fit("fit", "loadingsPrior: [normal, point_laplace], factorsPrior: point_laplace, maxFactors: 2");
        var job = Prepare(fit, "");
        Assert.Equal([PriorFamily.Normal, PriorFamily.PointLaplace], job.Own.Section.Get(EbmfFields.LoadingsPrior));
        Assert.Equal([PriorFamily.PointLaplace], job.Own.Section.Get(EbmfFields.FactorsPrior));
        Assert.Equal(EbmfInit.Fit, job.Own.Section.Get(EbmfFields.Init).Init);
        var (node, asked) = (FittedFolder.OnNode(job), Prepare(fit, "loadingsPrior: point_normal"));
        Assert.Equal((job.SpecHash, job.DataHash, job.Own.Title), (node.SpecHash, node.DataHash, node.Own.Title));
        Assert.Equal([PriorFamily.PointNormal], asked.Own.Section.Get(EbmfFields.LoadingsPrior));

        // Another family's priors are found anew.
        Assert.True(double.IsFinite(From(fit, "other", "loadingsPrior: point_normal").Elbo));
    }

    [Fact]
    public void Another_fit_in_the_folder_is_another_job()
    {
        var fit = Fit("fit", "maxFactors: 1");
        var before = Prepare(fit, "maxFactors: 2");
        Fit("fit", "maxFactors: 2");
        var after = Prepare(fit, "maxFactors: 2");
        Assert.Equal(before.SpecHash, after.SpecHash);
        Assert.NotEqual(before.DataHash, after.DataHash);
    }

    [Theory]
    [InlineData("init: svd", "ebmf.init has no effect with from, which says how factors are started: remove one of them")]
    [InlineData("fixedFactors: [intercept]", "has ebmf.fixedFactors: none, and this job intercept: fixed factors must be the same, as " +
        "they come first")]
    [InlineData("maxFactors: 1", "ebmf: maxFactors is 1, but the fit to start from has 2 factors: give at least as many")]
    public void An_option_that_does_not_go_with_the_fit_is_refused(string options, string words) =>
        Assert.Contains(words, Problem(Fit("fit", "maxFactors: 2"), options), StringComparison.Ordinal);

    [Fact]
    public void A_fit_that_nothing_can_start_from_is_refused()
    {
        var fit = Fit("fit", "maxFactors: 2");
        Data([.. Enumerable.Range(0, Rows)], [.. AllColumns.Reverse()]);
        Assert.Contains("has the column 'c0' where the data have 'c23' (column 1): give data with its columns in its order",
            ProblemOfData(fit.Folder), StringComparison.Ordinal);
        Data([.. Enumerable.Range(0, Rows)], AllColumns[1..]);
        Assert.Contains("has 24 columns, and the data 23", ProblemOfData(fit.Folder), StringComparison.Ordinal);
        fit.Project(_scratch, Data([.. Enumerable.Range(0, Rows)], AllColumns), "projected");
        Assert.Contains("is projected: give one that converged or was stopped", ProblemOfData(_scratch.At("projected")),
            StringComparison.Ordinal);
        Assert.Contains("is not there: give the --out of a finished fit", ProblemOfData(_scratch.At("nowhere")), StringComparison.Ordinal);
        TestMatrix.Csv(_scratch, "data.csv", Enumerable.Range(0, Rows), AllColumns, (i, j) => Philox.Normal(11, (ulong)i, (ulong)j));
        var none = FittedFolder.Of(_scratch, "none", $"model: ebmf\ndata: {{path: {_scratch.At("data.csv")}}}\n");
        Assert.Contains("has no factors, so that there is nothing to start from", ProblemOfData(none.Folder), StringComparison.Ordinal);
        Assert.Contains("ebmf.init is fit, but no fit is given", FittedFolder.Problem(_scratch,
            $"model: ebmf\ndata: {{path: {_scratch.At("data.csv")}}}\nebmf: {{init: fit}}\n"), StringComparison.Ordinal);
        Assert.Contains("from and out are both", FittedFolder.Problem(_scratch,
            $"model: ebmf\ndata: {{path: {_scratch.At("data.csv")}}}\nfrom: {none.Folder}\nout: {none.Folder}/\n"),
            StringComparison.Ordinal);
    }

    private static int Factors(FittedFolder fit) => fit.Fit.Report.GetProperty("factors").GetInt32();

    private string ProblemOfData(string from) =>
        FittedFolder.Problem(_scratch, $"model: ebmf\ndata: {{path: {_scratch.At("data.csv")}}}\nfrom: {from}\n");

    private string Data(int[] rows, int[] columns) => TestMatrix.Csv(_scratch, "data.csv", rows, columns, TestMatrix.Entry);

    private string Spec(string options, IEnumerable<int>? rows, string from = "") =>
        $"model: ebmf\ndata: {{path: {Data([.. rows ?? Enumerable.Range(0, Rows)], AllColumns)}}}\nshards: 2\n{from}ebmf: {{{options}}}\n";

    private FittedFolder Fit(string name, string options, IEnumerable<int>? rows = null, int mostRounds = int.MaxValue) =>
        FittedFolder.Of(_scratch, name, Spec(options, rows), mostRounds);

    private FittedFolder From(FittedFolder fit, string name, string options, IEnumerable<int>? rows = null) =>
        FittedFolder.Of(_scratch, name, Spec(options, rows, $"from: {fit.Folder}\n"));

    private PreparedJob Prepare(FittedFolder fit, string options) =>
        FittedFolder.Prepare(_scratch, Spec(options, null, $"from: {fit.Folder}\n"));

    private string Problem(FittedFolder fit, string options) =>
        FittedFolder.Problem(_scratch, Spec(options, null, $"from: {fit.Folder}\n"));
}
