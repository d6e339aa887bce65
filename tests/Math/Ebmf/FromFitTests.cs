using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

public sealed class FromFitTests
{
    private static EbmfOptions Options(double[][] y, int factors = 3) =>
        new() { Rows = y.Length, Columns = y[0].Length, MaxFactors = factors };

    [Theory]
    [InlineData(VarianceStructure.Constant, 0, PriorFamily.PointNormal)]
    [InlineData(VarianceStructure.Row, 0.1, PriorFamily.PointNormal)]
    [InlineData(VarianceStructure.Column, 0, PriorFamily.PointLaplace)]
    [InlineData(VarianceStructure.Kronecker, 0, PriorFamily.PointNormal)]
    [InlineData(VarianceStructure.Constant, 0, PriorFamily.Unimodal)]
    [InlineData(VarianceStructure.Constant, 0, PriorFamily.PointExponential)]
    public void A_stopped_fit_is_gone_on_with_from_where_it_stood_to_where_the_uninterrupted_one_ends(
        VarianceStructure variance, double missing, PriorFamily family)
    {
        // A seed at which both fits find the same of several optima.
        var y = RandomProblem.Make(37, 60, 25, 3, missing: missing, nonnegative: family == PriorFamily.PointExponential);
        var options = Options(y) with { Variance = variance, LoadingsPrior = [family] };
        var whole = new RecordingModel(options);
        var full = SequentialFit.Run(whole, SequentialFit.Shards(y, 3));

        // The factors are in, and the backfit has hardly begun.
        var rounds = whole.RoundOf(EbmfStage.Backfit) + 1;
        var stopped = SequentialFit.Run(new RecordingModel(options, rounds), SequentialFit.Shards(y, 3));
        Assert.False(stopped.Report.Converged);
        var from = FromFit.Run(stopped, options, y);
        var resumed = from.Trace.Where(t => t.Phase != "describe").ToList();
        Assert.Equal("resume", resumed[0].Phase);
        Assert.True(resumed[0].Elbo >= stopped.Elbo - (1e-9 * double.Abs(stopped.Elbo)),
            $"it stood at {stopped.Elbo} and went on at {resumed[0].Elbo}");
        AssertNeverFalls(resumed, options);
        Assert.True(from.Report.Converged);
        Assert.True(from.Elbo >= full.Elbo - (100 * new EbmfModel(options).Tolerance), $"uninterrupted {full.Elbo}, continued {from.Elbo}");
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void From_three_factors_the_other_two_of_a_planted_problem_are_found(bool withPriors, bool withSd)
    {
        var y = RandomProblem.Make(32, 150, 60, 5, noise: 0.5);
        var truth = RandomProblem.Make(32, 150, 60, 5, noise: 0).SelectMany(r => r).ToArray();
        var three = SequentialFit.Run(Options(y), SequentialFit.Shards(y, 3));
        Assert.Equal(3, three.K);
        var from = FromFit.Run(three, Options(y, 5), y, withPriors: withPriors, withSd: withSd);
        Assert.Equal(5, from.K);
        Assert.True(Difference(truth, from.Fitted()) < 0.1);
        var atOnce = SequentialFit.Run(Options(y, 5), SequentialFit.Shards(y, 3));
        Assert.True(from.Elbo >= atOnce.Elbo - (1e-4 * double.Abs(atOnce.Elbo)));
        AssertNeverFalls([.. from.Trace.Where(t => t.Phase != "describe")], Options(y, 5));
        Assert.Equal(3, FromFit.Run(three, Options(y, 5) with { Greedy = false }, y, withPriors: withPriors, withSd: withSd).K);
    }

    [Theory]
    [InlineData(VarianceStructure.Constant, 0)]
    [InlineData(VarianceStructure.Row, 0.15)]
    public void New_rows_are_taken_in_at_the_optimum_of_a_fit_of_all_rows_in_fewer_sweeps(VarianceStructure variance, double missing)
    {
        // A seed at which both fits find the same of several optima.
        var all = RandomProblem.Make(69, 160, 40, 3, noise: 0.5, missing: missing);
        var truth = RandomProblem.Make(69, 160, 40, 3, noise: 0).SelectMany(r => r).ToArray();
        var few = SequentialFit.Run(Options(all[..50]) with { Variance = variance }, SequentialFit.Shards(all[..50], 2));
        Assert.Equal(3, few.K);
        var options = Options(all) with { Variance = variance };
        var from = FromFit.Run(few, options, all, shards: 4);
        Assert.Equal(3, from.K);
        Assert.True(Difference(truth, from.Fitted()) < 0.12);
        AssertNeverFalls([.. from.Trace.Where(t => t.Phase != "describe")], options);
        var anew = SequentialFit.Run(options, SequentialFit.Shards(all, 4));
        Assert.True(from.Elbo >= anew.Elbo - 0.01, $"anew {anew.Elbo}, from {from.Elbo}");
        Assert.True(2 * from.Result.Scalar("sweeps") < anew.Result.Scalar("sweeps"));
    }

    [Fact]
    public void Fixed_factors_come_first_and_stay_fixed()
    {
        var y = RandomProblem.Make(34, 80, 30, 3);
        var options = Options(y, 2) with { FixedFactorCount = 1, FixedFactors = [.. Enumerable.Repeat(1.0, 30)] };
        var first = SequentialFit.Run(options, SequentialFit.Shards(y, 2));
        Assert.Equal(3, first.K);
        var from = FromFit.Run(first, options with { MaxFactors = 4 }, y);
        Assert.True(from.K > 3);
        Assert.All(Enumerable.Range(0, 30), j =>
            Assert.Equal((1.0, 0.0), (from.Result["factors_mean"][j * from.K], from.Result["factors_sd"][j * from.K])));
        Assert.True(from.Elbo > first.Elbo);
    }

    [Fact]
    public void What_does_not_fit_together_is_refused()
    {
        var y = RandomProblem.Make(35, 60, 25, 3);
        var fit = SequentialFit.Run(Options(y), SequentialFit.Shards(y));
        var (start, _) = FromFit.Of(fit, Options(y));
        Assert.Empty(EbmfOptionsCheck.Problems(start));
        Assert.Contains(EbmfOptionsCheck.Problems(start with { MaxFactors = 2 }), p => p.Contains("maxFactors is 2"));
        var otherFamily = start with { LoadingsPrior = [PriorFamily.Normal] };
        Assert.Contains(EbmfOptionsCheck.Problems(otherFamily), p => p.Contains("loadingsPrior of factor 1"));
        Assert.Contains(EbmfOptionsCheck.Problems(start with { InitialFactorsPriors = [] }), p => p.Contains("priors of loadings"));
        Assert.Contains(EbmfOptionsCheck.Problems(start with { InitialFactorsSd = [1] }), p => p.Contains("standard deviations"));
        var none = start with { InitialFactorCount = 0, InitialFactors = [], FixedFactorCount = 1 };
        Assert.Contains(EbmfOptionsCheck.Problems(none), p => p.Contains("at least 1"));
        Assert.Contains(EbmfOptionsCheck.Problems(start with { Init = EbmfInit.Given }), p => p.Contains("have no effect"));
    }

    private static void AssertNeverFalls(List<(string Phase, double Elbo)> trace, EbmfOptions options)
    {
        for (var t = 1; t < trace.Count; t++)
        {
            var slack = (1e-9 * double.Abs(trace[t].Elbo)) + (trace[t].Phase == "nullcheck" ? new EbmfModel(options).Tolerance : 0);
            Assert.True(trace[t].Elbo >= trace[t - 1].Elbo - slack, $"{trace[t - 1]} -> {trace[t]}");
        }
    }

    private static double Difference(double[] truth, double[] fitted) =>
        double.Sqrt(truth.Zip(fitted, (a, b) => (a - b) * (a - b)).Sum() / truth.Sum(a => a * a));
}
