using FitCluster.Math.NegativeBinomial;
using Xunit;

namespace FitCluster.Nb.Tests.Fit;

/// <summary>
/// The simulated problems of shared/reference/scribe/runs: the ELBO is at least the best bound listed there of whatever family, less 1 nat
/// or two standard errors; it never falls.
/// </summary>
public sealed class BoundTests
{
    [Fact]
    public void Problem_1_reaches_the_optimum_of_its_family() => Assert.Equal(-124497.3214, Fit(1, new NbPriors()).Elbo, 1e-3);

    [Theory]
    [InlineData(NbFamily.Gaussian, -123092.314, 1)]
    [InlineData(NbFamily.Horseshoe, -123082.30, 3.86)]
    [InlineData(NbFamily.Neg, -123092.683, 1)]
    [InlineData(NbFamily.None, -123474.609, 1)]
    public void Probabilities_by_gene(NbFamily family, double best, double margin) =>
        Assert.True(Fit(2, new NbPriors { ProbabilityGenes = new NbHierarchy(family) }).Elbo >= best - margin);

    [Theory]
    [InlineData(NbFamily.Gaussian, -282747.912)]
    [InlineData(NbFamily.Horseshoe, -282364.912)]
    [InlineData(NbFamily.Neg, -282442.501)]
    public void Means_across_datasets(NbFamily family, double best) =>
        Assert.True(Fit(5, new NbPriors { MeanDatasets = new NbHierarchy(family) }).Elbo >= best - 1);

    [Fact]
    public void Gates_with_evidence_are_found()
    {
        var fit = Fit(3, new NbPriors { GateGenes = new NbHierarchy(NbFamily.Neg) });
        Assert.True(fit.Elbo >= -187142.683 - 1, $"{fit.Elbo}");
        var truth = ReferenceRun.Read(3).Numbers("gate");
        var (mean, sd) = (fit.Results["gate_mean"], fit.Results["gate_sd"]);

        // The genes of more than 20 nats of evidence, by their true gates (README, "stuck gate").
        double[] evident = [0.4272, 0.5683, 0.5163, 0.5516, 0.4548, 0.3236];
        foreach (var gate in evident)
        {
            var g = Array.FindIndex(truth, t => double.Abs(t - gate) < 5e-5);
            Assert.True(mean[g] > 0.1 && double.Abs(mean[g] - gate) < 2.5 * sd[g], $"gene {g}: {mean[g]} +- {sd[g]} for {gate}");
        }
    }

    internal static MemoryFit Fit(int problem, NbPriors priors, int shards = 1)
    {
        var run = ReferenceRun.Read(problem);
        var options = new NbOptions
        {
            Genes = run.Genes, Cells = run.Cells, Link = NbLink.Softplus, Priors = priors, ZeroInflation = problem == 3,
            Capture = problem == 3 ? NbCapture.None : NbCapture.Free, Datasets = run.Datasets == 1 ? ["all"] : ["a", "b"],
        };
        var fit = new MemoryFit(new NbModel(options), run.Shards(shards));
        Assert.True(fit.Report.Converged);
        for (var i = 1; i < fit.Trace.Count; i++)
        {
            Assert.False(fit.Trace[i].Objective < fit.Trace[i - 1].Objective - 1e-5,
                $"round {i}: {fit.Trace[i - 1].Objective} to {fit.Trace[i].Objective}");
        }

        return fit;
    }
}
