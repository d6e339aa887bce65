using FitCluster.Math.NegativeBinomial;
using FitCluster.Math.Numerics;
using FitCluster.Models.Nb;
using FitCluster.Models.Spec;
using Xunit;

namespace FitCluster.Models.Tests.Nb;

/// <summary>The groups of a fit that can be compared, by name, and their draws.</summary>
public sealed class NbGroupsTests
{
    private const int Genes = 5;

    [Fact]
    public void Levels_of_a_design_are_groups_of_the_datasets_that_have_them()
    {
        var options = Crossed();
        var groups = new NbGroups(options, ["component1"]);
        Assert.Equal(["d1:ctrl", "d1:drug", "d2:ctrl", "d2:drug", "donor=d1", "donor=d2", "condition=ctrl", "condition=drug"],
            groups.Names);
        Assert.Equal([1, 3], Find(groups, "condition=drug").Datasets);
        Assert.Equal([2, 3], Find(groups, "donor=d2").Datasets);
        Assert.Equal([2], Find(groups, "d2:ctrl").Datasets);

        // The difference of two levels is the mean over donors of each donor's own.
        var draws = new Fixed(options);
        var (a, b) = (new double[Genes], new double[Genes]);
        Draws(options, draws, groups, "condition=drug", "condition=ctrl", GroupComposition.Means).Fill(4, a, b);
        for (var g = 0; g < Genes; g++)
        {
            double Log(int d) => double.Log(draws.Mean(4, d, g));
            Assert.Equal((Log(1) - Log(0) + (Log(3) - Log(2))) / 2, a[g] - b[g], 1e-12);
        }
    }

    [Fact]
    public void A_name_of_both_kinds_means_the_dataset_and_its_kind_tells_them_apart()
    {
        var options = new NbOptions { Genes = Genes, Cells = 10, Components = 2, Datasets = ["B", "T"] };
        var groups = new NbGroups(options, ["T", "NK"]);
        Assert.Equal([1], Find(groups, "T").Datasets);
        Assert.Equal([1], Find(groups, "dataset=T").Datasets);
        Assert.Equal([0], Find(groups, "component=T").Components);
        Assert.Equal([0, 1], Find(groups, "component=T").Datasets);
        Assert.Equal([1], Find(groups, "NK:B").Components);
        Assert.Equal([0], Find(groups, "NK:B").Datasets);
    }

    [Fact]
    public void A_name_that_there_is_not_is_told_with_the_nearest_and_a_fit_of_one_group_says_so()
    {
        var options = new NbOptions { Genes = Genes, Cells = 10, Datasets = ["kit1", "kit2"] };
        var problems = new ProblemList();
        Assert.Null(new NbGroups(options, ["component1"]).Find("kitt2", "--b", problems));
        Assert.Null(new NbGroups(options with { Datasets = ["all"] }, ["component1"]).Find("kit2", "--a", problems));
        Assert.Equal(
            [
                "--b: the fit has no group 'kitt2': did you mean 'kit2'?",
                "--a kit2: the fit has one dataset and one component, and so no groups to compare",
            ],
            problems.All);
    }

    [Fact]
    public void A_component_of_no_weight_is_no_part_of_its_dataset_and_can_be_compared_itself()
    {
        var options = new NbOptions { Genes = Genes, Cells = 10, Components = 2, Datasets = ["x", "y"] };
        var (groups, draws) = (new NbGroups(options, ["A", "B"]), new Fixed(options));
        var (a, b) = (new double[Genes], new double[Genes]);
        Draws(options, draws, groups, "x", "B:x", GroupComposition.Means, weights: [1, 0, 0.5, 0.5]).Fill(2, a, b);
        for (var g = 0; g < Genes; g++)
        {
            Assert.Equal(double.Log(draws.Mean(2, 0, g)), a[g], 1e-12);
            Assert.Equal(double.Log(draws.Mean(2, 2, g)), b[g], 1e-12);
        }
    }

    [Fact]
    public void Gamma_draws_are_logarithms_of_gamma_numbers_about_the_means_and_pairs_of_one_group_are_the_same()
    {
        const int Count = 4000;
        var options = new NbOptions { Genes = Genes, Cells = 10, Datasets = ["x", "y"] };
        var (groups, draws) = (new NbGroups(options, ["component1"]), new Fixed(options, varies: false));
        var pair = Draws(options, draws, groups, "x", "y", GroupComposition.Gamma);
        var (a, b, again, other) = (new double[Genes], new double[Genes], new double[Genes], new double[Genes]);
        var (mean, square, cross) = (new double[Genes], new double[Genes], new double[Genes]);
        double Expected(int d, int g) => GammaFunctions.Digamma(draws.R(d, g)) + double.Log(draws.Mean(0, d, g) / draws.R(d, g));
        for (var s = 0; s < Count; s++)
        {
            pair.Fill(s, a, b);
            for (var g = 0; g < Genes; g++)
            {
                var (x, y) = (a[g] - Expected(0, g), b[g] - Expected(1, g));
                (mean[g], square[g], cross[g]) = (mean[g] + x, square[g] + (x * x), cross[g] + (x * y));
            }
        }

        for (var g = 0; g < Genes; g++)
        {
            var (variance, variance2) = (GammaFunctions.Trigamma(draws.R(0, g)), GammaFunctions.Trigamma(draws.R(1, g)));
            Assert.InRange(mean[g] / double.Sqrt(Count * variance), -5, 5);
            Assert.InRange(square[g] / (Count * variance), 0.8, 1.25);

            // Given the means, what cells of two groups have is independent.
            Assert.InRange(cross[g] / double.Sqrt(Count * variance * variance2), -5, 5);
        }

        pair.Fill(7, a, b);
        pair.Fill(8, again, other);
        Assert.NotEqual(a, again);
        pair.Fill(7, again, other);
        Assert.Equal(a, again);
        Assert.Equal(b, other);
    }

    private static NbGroup Find(NbGroups groups, string name)
    {
        var problems = new ProblemList();
        var group = groups.Find(name, "--a", problems);
        Assert.Empty(problems.All);
        return group!;
    }

    private static NbGroupDraws Draws(
        NbOptions options, INbDraws draws, NbGroups groups, string a, string b, GroupComposition composition, double[]? weights = null) =>
        new(draws, options, weights ?? [.. Enumerable.Repeat(1.0 / options.Components, options.Components * options.Datasets.Count)],
            Find(groups, a), Find(groups, b), composition, seed: 3);

    private static NbOptions Crossed()
    {
        var gaussian = new NbHierarchy(NbFamily.Gaussian);
        return new NbOptions
        {
            Genes = Genes,
            Cells = 10,
            Datasets = ["d1:ctrl", "d1:drug", "d2:ctrl", "d2:drug"],
            Design =
            [
                new NbFactor("donor", ["d1", "d2"], [0, 0, 1, 1], gaussian),
                new NbFactor("condition", ["ctrl", "drug"], [0, 1, 0, 1], gaussian),
            ],
        };
    }

    // A posterior whose draws are functions of their numbers.
    private sealed class Fixed(NbOptions options, bool varies = true) : INbDraws
    {
        public double Mean(int number, int leaf, int gene) =>
            double.Exp(0.3 * double.Sin((varies ? number : 0) + (5 * leaf) + (3 * gene)) + leaf);

        public double R(int leaf, int gene) => 0.4 + leaf + (0.7 * gene);

        public void Fill(ulong seed, int number, NbDraw draw)
        {
            for (var at = 0; at < draw.Mean.Length; at++)
            {
                var (leaf, gene) = (at / options.Genes, at % options.Genes);
                (draw.Mean[at], draw.Dispersion[at]) = (Mean(number, leaf, gene), R(leaf, gene));
            }
        }

        public void FillMiddle(NbDraw draw) => Fill(0, 0, draw);
    }
}
