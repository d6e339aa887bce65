using FitCluster.Math.NegativeBinomial;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Nb.Tests.Reference;

/// <summary>One-draw bounds with all normals 0 of the independent implementation of the published procedure.</summary>
public sealed class ReferenceAnchorTests
{
    private const double Golden = 1e-9;

    // The guides of a file have 6 digits: what they leave open of the bound at the end.
    private const double Printed = 5e-8;

    [Theory]
    [InlineData(1, "1.pub", null)]
    [InlineData(1, "1.better8", null)]
    [InlineData(2, "2_gaussian.pub", null)]
    [InlineData(2, "2_gaussian.cont", null)]
    [InlineData(2, "2_horseshoe.pub", null)]
    [InlineData(2, "2_horseshoe.cont", null)]
    [InlineData(2, "2_scalar.pub", null)]
    [InlineData(5, "5_gaussian.pub", null)]
    [InlineData(5, "5_gaussian.cont", null)]
    [InlineData(5, "5_horseshoe.pub", null)]
    [InlineData(5, "5_horseshoe.cont", null)]
    [InlineData(5, "5_separate0.pub", 0)]
    [InlineData(5, "5_separate1.pub", 1)]
    public void Bounds_without_noise_are_the_published_ones(int problem, string name, int? dataset)
    {
        var file = SharedFolder.RequireJson($"reference/scribe/runs/{problem}.json");
        var given = file.GetProperty("runs").GetProperty(name);
        var data = ReferenceRun.Data(file, dataset);
        var family = name.Contains("gaussian", StringComparison.Ordinal) ? NbFamily.Gaussian
            : name.Contains("horseshoe", StringComparison.Ordinal) ? NbFamily.Horseshoe : NbFamily.None;
        var run = new ReferenceRun(
            new NbOptions
            {
                Genes = data.Block.Columns,
                Cells = data.Block.Rows,
                Capture = NbCapture.Free,
                Link = NbLink.Softplus,
                Optimizer = NbOptimizer.Reference,
                Datasets = problem == 5 && dataset is null ? ["a", "b"] : ["a"],
                Priors = problem == 2
                    ? new NbPriors { ProbabilityGenes = new NbHierarchy(family) }
                    : new NbPriors { MeanDatasets = new NbHierarchy(family) },
            }, data);
        var exact = given.GetProperty("exact");
        var start = exact.GetProperty("elbo_one_draw_all_eps_zero_at_published_init").GetDouble();
        Assert.Equal(start, run.Bound(NbReferenceDrawKind.Zero).Bound, Golden * double.Abs(start));
        run.Take(given.GetProperty("variational"));
        var end = exact.GetProperty("elbo_one_draw_all_eps_zero_at_final").GetDouble();
        Assert.Equal(end, run.Bound(NbReferenceDrawKind.Zero).Bound, Printed * double.Abs(end));
    }
}
