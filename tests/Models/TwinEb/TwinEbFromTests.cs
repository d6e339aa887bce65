using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.TwinEb;
using Xunit;

namespace FitCluster.Models.Tests.TwinEb;

/// <summary>Fits of twineb that start from a finished one.</summary>
public sealed class TwinEbFromTests : IDisposable
{
    private const string Small = "factors: 2, rowComponents: 2, columnComponents: 2";
    private const string Gaussian = "likelihood: gaussian, noiseSd: 0.5, ";
    private const int Rows = 60, Columns = 14;
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("", "")]
    [InlineData(Gaussian, Gaussian)]
    [InlineData("prior: single, ", "prior: single, ")]
    [InlineData("optimizer: reference, batchSize: 20, ", "")]
    public void A_fit_that_was_stopped_goes_on(string options, string more)
    {
        var components = options.Contains("single", StringComparison.Ordinal) ? "factors: 2" : Small;
        var stopped = Fit("stopped", options + components + ", steps: 8");
        var goesOn = From(stopped, "on", more + "steps: 200");
        Assert.True(goesOn.Elbo > stopped.Elbo, $"{goesOn.Elbo} after {stopped.Elbo}");
        Assert.Equal(2, goesOn.Fit.Report.GetProperty("factors").GetInt32());
    }

    [Theory]
    [InlineData("")]
    [InlineData(Gaussian)]
    public void A_converged_fit_is_where_it_was(string options)
    {
        var whole = Fit("whole", options + Small + ", tolerance: 1.0e-7");
        var again = From(whole, "again", options + "tolerance: 1.0e-7");
        Assert.Equal(whole.Elbo, again.Elbo, 1e-3 * double.Abs(whole.Elbo));
        Assert.True(again.Rounds < whole.Rounds, $"{again.Rounds} rounds after {whole.Rounds}");
    }

    [Fact]
    public void More_factors_start_beside_those_of_the_fit()
    {
        var more = From(Fit("two", Small), "three", "factors: 3");
        Assert.Equal(3, more.Fit.Report.GetProperty("factors").GetInt32());
        Assert.Equal(Rows * 3, more.Fit.RowArray("rows_mean", 3).Length);
        Assert.Contains("factors is 2, but the fit to start from has 3: use at least as many", Problem(more, "factors: 2"),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("validationShare: 0.2, ", false)]
    [InlineData(Gaussian, true)]
    public void Rows_are_matched_by_name_and_new_ones_fitted(string options, bool isScaled)
    {
        var half = Fit("half", options + Small, Enumerable.Range(0, 40));
        int[] rows = [.. Enumerable.Range(10, 50).Reverse()];
        var all = From(half, "all", options, rows);
        var extras = all.Job.Load(new ShardId(1)).Extras;
        var (means, sds, range) = (extras[TwinEbStart.RowMeans], extras[TwinEbStart.RowSds], all.Job.Ranges[1]);
        Assert.Equal(options.Contains("validation", StringComparison.Ordinal), extras.Contains("heldOutKind")
            && extras["heldOutKind"].Contains((double)HeldOutKind.Validation));
        for (var i = 0; i < range.Count; i++)
        {
            var row = rows[range.First + i];
            Assert.Equal(row < 40 ? half.Fit.RowArray("rows_mean", 2)[row * 2] : double.NaN, means[i * 2]);
            Assert.Equal(row < 40 ? half.Fit.RowArray("rows_sd", 2)[(row * 2) + 1] : double.NaN, sds[(i * 2) + 1]);
        }

        Assert.All(all.Fit.RowArray("rows_mean", 2), value => Assert.True(double.IsFinite(value)));
        if (isScaled)
        {
            // Parameters are on the fit's scale, whatever the rows are now.
            Assert.Equal(half.Fit.ColumnArray("columns_center", 1), all.Fit.ColumnArray("columns_center", 1));
            Assert.Equal(half.Fit.ColumnArray("columns_scale", 1), all.Fit.ColumnArray("columns_scale", 1));
            var fresh = Fit("fresh", options + Small, rows);
            Assert.NotEqual(fresh.Fit.ColumnArray("columns_scale", 1), all.Fit.ColumnArray("columns_scale", 1));
        }
    }

    [Fact]
    public void What_is_not_asked_for_is_as_in_the_fit_and_a_node_makes_the_same_job()
    {
        var job = Prepare(Fit("fit", Gaussian + Small + ", standardize: false"), Gaussian);
        Assert.Contains("2 factors, 2 row and 2 column components", job.Own.Title, StringComparison.Ordinal);
        Assert.False(job.Own.Section.Get(TwinEbFields.Standardize));
        var node = FittedFolder.OnNode(job);
        Assert.Equal((job.SpecHash, job.DataHash, job.Own.Title), (node.SpecHash, node.DataHash, node.Own.Title));
    }

    [Theory]
    [InlineData(Gaussian, "", "has twineb.likelihood: gaussian, and this job poisson: its parameters mean something for gaussian alone; " +
        "give twineb.likelihood: gaussian")]
    [InlineData(Gaussian, Gaussian + "standardize: false", "has twineb.standardize: true, and this job false")]
    [InlineData("", "rowComponents: 3", "the fit to start from has 2 row components where 3 are asked for: use the same prior and " +
        "rowComponents")]
    public void An_option_that_does_not_go_with_the_fit_is_refused(string given, string options, string words) =>
        Assert.Contains(words, Problem(Fit("fit", given + Small), options), StringComparison.Ordinal);

    [Fact]
    public void A_fit_of_other_columns_or_another_model_is_refused()
    {
        var fit = Fit("fit", Small);
        var data = TestMatrix.Csv(_scratch, "other.csv", Enumerable.Range(0, Rows), Enumerable.Range(1, Columns), TestMatrix.Count);
        Assert.Contains(
            "has the column 'c0' where the data have 'c1' (column 1)", FittedFolder.Problem(_scratch,
            $"model: twineb\ndata: {{path: {data}}}\nfrom: {fit.Folder}\n"), StringComparison.Ordinal);
        Assert.Contains(
            "is of the model twineb, and this job is of ebmf", FittedFolder.Problem(_scratch,
            $"model: ebmf\ndata: {{path: {data}}}\nfrom: {fit.Folder}\n"), StringComparison.Ordinal);
    }

    private string Spec(string options, IEnumerable<int>? rows, string from = "") =>
        $"model: twineb\ndata: {{path: " +
        $"{TestMatrix.Csv(_scratch, "data.csv", rows ?? Enumerable.Range(0, Rows), Enumerable.Range(0, Columns), TestMatrix.Count)}}}\n" +
        $"shards: 2\n{from}twineb: {{{options.TrimEnd(' ', ',')}}}\n";

    private FittedFolder Fit(string name, string options, IEnumerable<int>? rows = null) =>
        FittedFolder.Of(_scratch, name, Spec(options, rows));

    private FittedFolder From(FittedFolder fit, string name, string options, IEnumerable<int>? rows = null) =>
        FittedFolder.Of(_scratch, name, Spec(options, rows, $"from: {fit.Folder}\n"));

    private PreparedJob Prepare(FittedFolder fit, string options) =>
        FittedFolder.Prepare(_scratch, Spec(options, null, $"from: {fit.Folder}\n"));

    private string Problem(FittedFolder fit, string options) =>
        FittedFolder.Problem(_scratch, Spec(options, null, $"from: {fit.Folder}\n"));
}
