using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

/// <summary>Factors that come in together, turned (docs/ebmf.md, "Starts").</summary>
public sealed class BlockStartTests
{
    [Theory]
    [InlineData(VarianceStructure.Constant, PriorFamily.PointNormal)]
    [InlineData(VarianceStructure.Column, PriorFamily.PointLaplace)]
    [InlineData(VarianceStructure.Row, PriorFamily.PointNormal)]
    public void A_block_ends_as_high_as_factors_one_by_one_in_fewer_rounds(VarianceStructure variance, PriorFamily family)
    {
        var y = RandomProblem.Make(91, 120, 70, 5, noise: 0.7);
        var options = new EbmfOptions
        {
            Rows = 120, Columns = 70, MaxFactors = 12, Variance = variance, LoadingsPrior = [family], FactorsPrior = [family],
        };
        var power = SequentialFit.Run(options with { Init = EbmfInit.Power }, SequentialFit.Shards(y, 3));
        var block = SequentialFit.Run(options with { Init = EbmfInit.Block }, SequentialFit.Shards(y, 3));
        Assert.Equal(5, block.K);
        Assert.True(block.Elbo >= power.Elbo - (1e-6 * double.Abs(power.Elbo)), $"block {block.Elbo}, one by one {power.Elbo}");
        Assert.True(block.Result.Scalar("sweeps") < power.Result.Scalar("sweeps"));
    }

    [Fact]
    public void A_block_grows_while_all_of_it_stands_out_of_the_noise()
    {
        var y = RandomProblem.Make(92, 90, 60, 14, noise: 0.3);
        var options = new EbmfOptions { Rows = 90, Columns = 60, MaxFactors = 30, Init = EbmfInit.Block };
        var model = new RecordingModel(options);
        var fit = SequentialFit.Run(model, SequentialFit.Shards(y, 2));
        Assert.Equal(14, fit.K);

        // One more is tried, and dropped.
        Assert.Equal(1, model.Taken.Count(t => t is { Stage: EbmfStage.Greedy, Step: EbmfStep.Settle }));
    }

    [Fact]
    public void A_sequential_problem_is_started_one_by_one_and_so_is_a_small_one_where_nothing_is_asked_for()
    {
        var options = new EbmfOptions { Rows = 1000, Columns = 1000 };
        Assert.True(new EbmfProblem(options).StartsWithBlock);
        Assert.False(new EbmfProblem(options with { Rows = 999 }).StartsWithBlock);
        Assert.True(new EbmfProblem(options with { Rows = 999, Init = EbmfInit.Block }).StartsWithBlock);
        Assert.False(new EbmfProblem(options with { FactorsPrior = [PriorFamily.PointExponential] }).StartsWithBlock);
        Assert.False(new EbmfProblem(options with { LoadingsPrior = [PriorFamily.PointNormal, PriorFamily.Unimodal] }).StartsWithBlock);
        Assert.False(new EbmfProblem(options with { Backfit = false }).StartsWithBlock);
        Assert.False(new EbmfProblem(options with { Init = EbmfInit.Power }).StartsWithBlock);
    }

    [Fact]
    public void A_block_beside_a_fixed_factor_is_of_what_that_one_leaves()
    {
        var y = RandomProblem.Make(93, 100, 60, 3, noise: 0.5).Select(r => r.Select(v => v + 5).ToArray()).ToArray();
        var options = new EbmfOptions
        {
            Rows = 100, Columns = 60, MaxFactors = 8, Init = EbmfInit.Block, FixedFactorCount = 1,
            FixedFactors = [.. Enumerable.Repeat(1.0, 60)],
        };
        Assert.Equal(4, SequentialFit.Run(options, SequentialFit.Shards(y, 2)).K);
    }
}
