using FitCluster.Math.NegativeBinomial;
using Xunit;

namespace FitCluster.Nb.Tests.Fit;

/// <summary>What a model becomes at its limits, and what a fit does not depend on.</summary>
public sealed class LimitTests
{
    private const int Genes = 30;

    private static readonly Simulated Two = new(
        21, 160, Genes, 2, 1, (d, _, g) => new NbDensity(2 + (0.2 * g), 1.5 * (d == 1 && g % 5 == 0 ? 2 : 1), 0, 0));

    private static NbOptions Options => new()
    {
        Genes = Genes, Cells = Two.Cells, Datasets = ["a", "b"], Capture = NbCapture.None, Link = NbLink.Exp,
    };

    [Fact]
    public void A_small_scale_is_the_pooled_fit()
    {
        var small = Means(Options with
        {
            Priors = new NbPriors
            {
                MeanDatasets = new NbHierarchy(NbFamily.Horseshoe)
                {
                    Tau0 = 1e-5,
                    SlabScale = 1e-3
                }
            }
        });
        var pooled = Means(Options);
        for (var i = 0; i < small.Length; i++)
        {
            Assert.Equal(pooled[i], small[i], 0.01 * pooled[i]);
        }
    }

    [Fact]
    public void Nulls_shrink_and_outliers_do_not()
    {
        foreach (var family in (NbFamily[])[NbFamily.Horseshoe, NbFamily.Neg])
        {
            var hierarchy = new NbHierarchy(family) { Tau = 1e-3 };
            var means = Means(Options with { Priors = new NbPriors { MeanDatasets = hierarchy } });
            for (var g = 0; g < Genes; g++)
            {
                var difference = double.Log(means[Genes + g] / means[g]);
                Assert.True(g % 5 == 0 ? difference > 0.4 : double.Abs(difference) < 0.15, $"{family}, gene {g}: {difference}");
            }
        }
    }

    [Fact]
    public void One_dataset_is_the_single_model()
    {
        var hierarchy = new NbHierarchy(NbFamily.Horseshoe);
        var one = Options with { Datasets = ["all"] };
        var single = new MemoryFit(new NbModel(one), Two.Shards(1, true));
        var with = new MemoryFit(new NbModel(one with { Priors = new NbPriors { MeanDatasets = hierarchy } }), Two.Shards(1, true));
        Assert.Equal(single.Elbo, with.Elbo);
    }

    [Fact]
    public void Gates_of_counts_without_any_are_next_to_0()
    {
        var gated = new MemoryFit(
            new NbModel(Options with { ZeroInflation = true, Priors = new NbPriors { GateGenes = new NbHierarchy(NbFamily.Horseshoe) } }),
                Two.Shards(1));
        Assert.True(gated.Results["gate_mean"].Average() < 0.02);
        var plain = Means(Options);
        Assert.All(Enumerable.Range(0, Genes), g => Assert.Equal(plain[g], gated.Results["mean_mean"][g], 0.03 * plain[g]));
    }

    [Fact]
    public void Shards_do_not_change_a_fit()
    {
        var options = Options with { Capture = NbCapture.Anchored, LogCaptureTotal = 6, Components = 2, DatasetWeights = true };
        var (one, many) = (new MemoryFit(new NbModel(options), Two.Shards(1)), new MemoryFit(new NbModel(options), Two.Shards(5)));
        Assert.Equal(one.Trace.Count, many.Trace.Count);
        Assert.Equal(one.Elbo, many.Elbo, 1e-10 * double.Abs(one.Elbo));
    }

    [Fact]
    public void Types_are_found_and_components_too_many_stay_empty()
    {
        var data = new Simulated(3, 300, 60, 1, 2, (_, k, g) => new NbDensity(1.5 * (g % 6 == k ? 4 : 1), 1.5, 0, 0));
        var options = new NbOptions { Genes = 60, Cells = 300, Components = 4, Capture = NbCapture.None };
        var fit = new MemoryFit(new NbModel(options), data.Shards(1));
        var responsibilities = fit.ShardResults[0]["responsibilities"];
        var found = Enumerable.Range(0, 300).Select(c => Enumerable.Range(0, 4).MaxBy(k => responsibilities[(c * 4) + k])).ToArray();
        Assert.Equal(2, found.Distinct().Count());
        Assert.True(Enumerable.Range(0, 300).Count(c => (found[c] == found[0]) != (data.Components[c] == data.Components[0])) <= 3);
    }

    private static double[] Means(NbOptions options) => new MemoryFit(new NbModel(options), Two.Shards(1)).Results["mean_mean"];
}
