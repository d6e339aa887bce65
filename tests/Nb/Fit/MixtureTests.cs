using FitCluster.Math.NegativeBinomial;
using Xunit;

namespace FitCluster.Nb.Tests.Fit;

/// <summary>Cell types as components of a mixture.</summary>
public sealed class MixtureTests
{
    private const int Cells = 600;
    private const int Genes = 60;

    private static NbOptions Options => new()
    {
        Genes = Genes, Cells = Cells, Datasets = ["a", "b"], DatasetWeights = true, Capture = NbCapture.None,
        Priors = new NbPriors { MeanDatasets = new NbHierarchy(NbFamily.Horseshoe) },
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Three_overlapping_types_of_two_datasets_are_told_apart_as_well_as_by_the_bayes_rule_and_none_is_split(int seed)
    {
        var data = new Simulated((ulong)seed, Cells, Genes, 2, 3, Density);
        var bayes = Agreement(data.Components, [.. Enumerable.Range(0, Cells).Select(c => Enumerable.Range(0, 3).MaxBy(
            k => Enumerable.Range(0, Genes).Sum(g => Density((int)data.Datasets[c], k, g).Log(data.Counts[(c * Genes) + g], 1))))]);
        Assert.InRange(bayes, 0.9, 0.9999);
        var three = Types(data, 3);
        Assert.InRange(Agreement(data.Components, three), bayes - 0.03, 1);
        var six = Types(data, 6);
        Assert.Equal(3, six.Distinct().Count());
        Assert.InRange(Agreement(three, six), 0.99, 1);
    }

    [Fact]
    public void Of_cells_of_one_type_equal_components_are_one_and_the_bound_never_falls()
    {
        var data = new Simulated(4, Cells, Genes, 2, 1, (_, k, g) => Density(0, k, g));
        var (one, three) = (Fit(data, 1, new NbPriors()), Fit(data, 3, new NbPriors()));
        Assert.Single(Types(three, 3).Distinct());
        // What the weights cost: of two datasets log of 2! n! / (n + 2)!. Components without cells have their priors, which cost nothing.
        const int Half = Cells / 2;
        Assert.Equal(2 * double.Log(2.0 / ((Half + 1) * (Half + 2))), three.Report.Objective - one.Report.Objective, 0.05);
        Assert.All(one.Results["mean_mean"].Index(), mean => Assert.Equal(
            mean.Item, three.Results["mean_mean"][(Types(three, 3)[0] * 2 * Genes) + mean.Index], 0.01 * mean.Item));
        var fit = three.Trace.Where(round => round.Phase is "fit" || round.Phase.StartsWith("without", StringComparison.Ordinal))
            .Select(round => round.Objective).Where(double.IsFinite).ToList();
        Assert.All(fit.Zip(fit.Skip(1)), pair => Assert.True(pair.Second >= pair.First - (1e-9 * double.Abs(pair.First)), $"{pair}"));
    }

    // Types differ in 8 genes of 60 each, a dataset in others.
    private static NbDensity Density(int dataset, int type, int gene) => new(
        0.8 * (1 + (gene % 4)) * (gene / 8 == type ? 2.6 : 1) * (dataset == 1 && gene >= 50 ? 1.5 : 1), 1, 0, 0);

    private static MemoryFit Fit(Simulated data, int components, NbPriors? priors = null) =>
        new(new NbModel(Options with { Components = components, Priors = priors ?? Options.Priors }), data.Shards(2), 2000);

    private static int[] Types(Simulated data, int components) => Types(Fit(data, components), components);

    private static int[] Types(MemoryFit fit, int components) =>
    [
        .. fit.ShardResults.SelectMany(shard => shard["responsibilities"].Chunk(components)).Select(
            cell => Enumerable.Range(0, components).MaxBy(k => cell[k])),
    ];

    // The adjusted Rand index.
    private static double Agreement(int[] first, int[] second)
    {
        static double Pairs(IEnumerable<int> sizes) => sizes.Sum(n => 0.5 * n * (n - 1));
        var both = Pairs(first.Zip(second).CountBy(pair => pair).Select(group => group.Value));
        var a = Pairs(first.CountBy(type => type).Select(group => group.Value));
        var b = Pairs(second.CountBy(type => type).Select(group => group.Value));
        var expected = a * b / Pairs([first.Length]);
        return (both - expected) / (((a + b) / 2) - expected);
    }
}
