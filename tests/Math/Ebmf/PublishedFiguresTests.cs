using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

/// <summary>
/// Final ELBOs of the reference in docs/design/reference-figures.md, section 2, for cases whose files are not here: from our own start.
/// </summary>
public sealed class PublishedFiguresTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("gtex", PriorFamily.PointNormal, PriorFamily.PointNormal, VarianceStructure.Row, false, -78586.437766, 10)]
    [InlineData("gtex", PriorFamily.PointNormal, PriorFamily.PointNormal, VarianceStructure.Column, false, -79412.965050, 10)]
    [InlineData("sim_b", PriorFamily.PointNormal, PriorFamily.PointNormal, VarianceStructure.Row, false, -34913.695980, 3)]
    [InlineData("sim_a", PriorFamily.PointLaplace, PriorFamily.PointLaplace, VarianceStructure.Constant, false, -43657.249600, 3)]
    [InlineData(
        "sim_a", PriorFamily.NormalScaleMixture, PriorFamily.NormalScaleMixture, VarianceStructure.Constant, false, -43642.629499, 3)]
    [InlineData("sim_a", PriorFamily.Unimodal, PriorFamily.Unimodal, VarianceStructure.Constant, false, -43868.723852, 3)]
    [InlineData("sim_a", PriorFamily.UnimodalSymmetric, PriorFamily.UnimodalSymmetric, VarianceStructure.Constant, false, -43627.043350, 3)]
    [InlineData(
        "sim_a", PriorFamily.UnimodalNonnegative, PriorFamily.UnimodalNonnegative, VarianceStructure.Constant, false, -47039.591194, 6)]
    [InlineData("sim_s", PriorFamily.PointNormal, PriorFamily.PointNormal, VarianceStructure.Known, true, -43716.023129, 3)]
    [InlineData("sim_s", PriorFamily.PointNormal, PriorFamily.PointNormal, VarianceStructure.Constant, true, -43715.958390, 3)]
    [InlineData("gtex", PriorFamily.PointExponential, PriorFamily.PointNormal, VarianceStructure.Constant, false, -82511.0, 10)]
    public void The_elbo_is_no_lower(
        string input, PriorFamily loadings, PriorFamily factors, VarianceStructure variance, bool withErrors, double reference, int k)
    {
        var data = SharedFolder.RequireJson($"reference/inputs/{input}.json");
        var y = data.GetProperty("Y").Matrix();
        var options = new EbmfOptions
        {
            Rows = y.Length,
            Columns = y[0].Length,
            MaxFactors = 10,
            LoadingsPrior = [loadings],
            FactorsPrior = [factors],
            Variance = variance,
            KnownErrors = withErrors ? KnownErrors.Matrix : KnownErrors.None,
        };
        var fit = SequentialFit.Run(options, SequentialFit.Shards(y, 2, withErrors ? data.GetProperty("S").Matrix() : null));
        output.WriteLine(
            $"ELBO {fit.Elbo:F6} (reference {reference:F6}, difference {fit.Elbo - reference:E2}), K {fit.K} (reference {k}), " +
            $"{fit.Rounds} rounds, {fit.Result.Scalar("sweeps")} sweeps");
        Assert.True(fit.Elbo >= reference - (1e-5 * double.Abs(reference)), $"ELBO {fit.Elbo:F6} is below the reference's {reference:F6}");
        Assert.True(fit.K == k || fit.Elbo > reference, $"K is {fit.K}, the reference's {k}, at no higher ELBO");
    }

    [Theory]
    [InlineData("gtex", 5, VarianceStructure.Column, true, -80629.439978)]
    [InlineData("gtex", 5, VarianceStructure.Row, false, -80121.238827)]
    [InlineData("sim_a", 3, VarianceStructure.Constant, true, -43640.423738)]
    public void From_an_svd_of_the_data_the_elbo_is_no_lower(
        string input, int k, VarianceStructure variance, bool extrapolate, double reference)
    {
        var y = SharedFolder.RequireJson($"reference/inputs/{input}.json").GetProperty("Y").Matrix();
        var options = new EbmfOptions
        {
            Rows = y.Length, Columns = y[0].Length, MaxFactors = k, Greedy = false, Init = EbmfInit.Svd, Variance = variance,
            Extrapolate = extrapolate,
        };
        var fit = SequentialFit.Run(options, SequentialFit.Shards(y, 2));
        output.WriteLine(
            $"ELBO {fit.Elbo:F6} (reference {reference:F6}, difference {fit.Elbo - reference:E2}), K {fit.K}, " +
            $"{fit.Result.Scalar("sweeps")} sweeps");
        Assert.True(fit.Elbo >= reference - (1e-5 * double.Abs(reference)), $"ELBO {fit.Elbo:F6} is below the reference's {reference:F6}");
    }
}
