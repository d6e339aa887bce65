using FitCluster.Math.TwinEb;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>sim300x200.json's split and settings: our runs of the reference optimizer among the published code's own runs.</summary>
public sealed class ReferenceSimulatedTests(ITestOutputHelper output)
{

    [Theory]
    [InlineData("simPtwin", TwinEbLikelihood.Poisson, TwinEbPrior.Twin, 70, 100, 4000)]
    [InlineData("simPsing", TwinEbLikelihood.Poisson, TwinEbPrior.Single, 1, 1, 4000)]
    [InlineData("simPfix1", TwinEbLikelihood.Poisson, TwinEbPrior.Fixed, 1, 1, 4000)]
    [InlineData("simGtwin", TwinEbLikelihood.Gaussian, TwinEbPrior.Twin, 70, 100, 3000)]
    [InlineData("simGsing", TwinEbLikelihood.Gaussian, TwinEbPrior.Single, 1, 1, 3000)]
    [InlineData("simGfix1", TwinEbLikelihood.Gaussian, TwinEbPrior.Fixed, 1, 1, 3000)]
    public void The_mean_of_three_seeds_is_among_the_published_runs(
        string tag, TwinEbLikelihood likelihood, TwinEbPrior prior, int rowComponents, int columnComponents, int steps)
    {
        Assert.SkipUnless(Effort.IsLong, "set FITCLUSTER_LONG=1: 18 fits of 3,000 to 4,000 steps");
        var runs = new ulong[] { 1000, 2000, 3000 }.Select(
            seed => Run(likelihood, prior, rowComponents, columnComponents, steps, seed).Result).ToArray();
        foreach (var (ours, theirs) in new[] { ("heldOutLogLik", "valid_holl"), ("testLogLik", "test_holl") })
        {
            var published = ReferenceSimulatedSplit.Published(tag, theirs);
            Assert.Equal(3, published.Length);
            var scores = runs.Select(r => r.Scalar(ours)).ToArray();
            var words = $"{tag} {ours} {string.Join(", ", scores.Select(x => $"{x:F4}"))}, published " +
                $"{string.Join(", ", published.Select(x => $"{x:F4}"))}";
            output.WriteLine(words);
            Assert.True(scores.Average() >= published.Min(), words);

            // The published code forgets single's learnt prior of rows at test time: with it, the test score may be better than all of
            // theirs.
            Assert.True(scores.Average() <= published.Max() || (prior == TwinEbPrior.Single && ours == "testLogLik"), words);
        }
    }

    [Fact]
    public void The_published_split_is_read_as_it_was_made()
    {
        var data = ReferenceSimulatedSplit.Load(TwinEbLikelihood.Poisson)[0];
        var cells = new HeldOutCells(data);
        Assert.Equal(240, cells.TrainingRows);
        var (zeros, others) = cells.CountOf(HeldOutKind.Validation);
        Assert.Equal((8720, 6475), (zeros + others, others));
        Assert.Equal((0, 2657), cells.CountOf(HeldOutKind.Test));
        Assert.Equal((0, 3720), cells.CountOf(HeldOutKind.Ignored));
        Assert.Equal(28916 + 2481, data.Block.StoredCount);
    }

    [Fact]
    public void A_tenth_of_the_steps_has_left_the_start_far_behind()
    {
        // The full runs end at -2.3 (validation) after 4,000 steps; the start scores below -5.
        var start = Run(TwinEbLikelihood.Poisson, TwinEbPrior.Twin, 70, 100, 2, 1000).Result.Scalar("heldOutLogLik");
        var run = Run(TwinEbLikelihood.Poisson, TwinEbPrior.Twin, 70, 100, 1000, 1000);
        output.WriteLine(
            $"start {start:F4}, 1,000 steps {run.Result.Scalar("heldOutLogLik"):F4}, test {run.Result.Scalar("testLogLik"):F4}");
        Assert.True(run.Result.Scalar("heldOutLogLik") > start + 2, $"{run.Result.Scalar("heldOutLogLik")} from {start}");
    }

    private static ReferenceRun Run(
        TwinEbLikelihood likelihood, TwinEbPrior prior, int rowComponents, int columnComponents, int steps, ulong seed) => new(
        new TwinEbOptions
        {
            Rows = 300,
            Columns = 200,
            Likelihood = likelihood,
            Prior = prior,
            Optimizer = TwinEbOptimizer.Reference,
            Factors = 8,
            RowComponents = rowComponents,
            ColumnComponents = columnComponents,
            ColumnPriorShape = 1,
            ColumnPriorRate = 1,
            Steps = steps,
            Seed = seed,
            HeldOutSubtractsValue = likelihood == TwinEbLikelihood.Gaussian,
        },
        ReferenceSimulatedSplit.Load(likelihood));
}
