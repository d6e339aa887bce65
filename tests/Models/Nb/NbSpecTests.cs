using FitCluster.Math.NegativeBinomial;
using FitCluster.Models.Jobs;
using FitCluster.Models.Nb;
using FitCluster.Models.Spec;
using Xunit;

namespace FitCluster.Models.Tests.Nb;

public sealed class NbSpecTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Options_reach_the_model()
    {
        var options = Options(
            "{optimizer: reference, parametrization: mean_disp, link: softplus, zeroInflation: true, capture: free, overdispersion: bnb, " +
            "components: 3, weightConcentration: 2, steps: 7, learningRate: 0.5, batchSize: 4, earlyStopping: true, restoreBest: true, " +
            "priors: {mean: {components: gaussian}, gate: {genes: neg}, overdispersion: {genes: {type: horseshoe, tau0: 0.5}}}}");
        Assert.Equal(
            (NbOptimizer.Reference, NbParametrization.MeanDisp, NbLink.Softplus, true, NbCapture.Free, NbOverdispersion.Bnb),
            (options.Optimizer, options.Parametrization, options.Link, options.ZeroInflation, options.Capture, options.Overdispersion));
        Assert.Equal((3, 2.0, 7, 0.5, 4), (
            options.Components, options.WeightConcentration, options.Steps, options.LearningRate, options.BatchSize));
        Assert.True(options.EarlyStopping && options.RestoreBest && !options.DatasetWeights);
        Assert.Equal(NbFamily.Gaussian, options.Priors.MeanComponents.Family);
        Assert.Equal(new NbHierarchy(NbFamily.Neg), options.Priors.GateGenes);
        Assert.Equal(new NbHierarchy(NbFamily.Horseshoe) { Tau0 = 0.5 }, options.Priors.OverdispersionGenes);
    }

    [Fact]
    public void Defaults_are_anchored_capture_with_the_exp_link_and_one_mean_for_one_dataset()
    {
        var options = Options("{optimizer: reference}");
        Assert.Equal((NbParametrization.MeanOdds, NbLink.Exp, NbCapture.Anchored, 0.3),
            (options.Parametrization, options.Link, options.Capture, options.CaptureSd));
        Assert.Equal(new NbPriors(), options.Priors);
        var largest = Enumerable.Range(0, 24).Max(i => Enumerable.Range(0, 6).Sum(j => NbFiles.Count(i, j)));
        Assert.Equal(double.Log(largest), options.LogCaptureTotal, 1e-15);
    }

    [Theory]
    [InlineData("human", 200_000)]
    [InlineData("mouse", 200_000)]
    [InlineData("yeast", 60_000)]
    [InlineData("ecoli", 3_000)]
    [InlineData("1234.5", 1234.5)]
    public void Capture_is_anchored_at_an_organism_or_a_number(string total, double molecules) =>
        Assert.Equal(double.Log(molecules), Options($"{{optimizer: reference, captureTotal: {total}, captureSd: " +
            "0.1}").LogCaptureTotal, 1e-15);

    [Fact]
    public void Of_several_datasets_means_have_a_horseshoe_and_mixtures_weights_of_their_own()
    {
        var options = Options("{optimizer: reference, components: 2}", TwoDatasets());
        Assert.Equal((NbFamily.Horseshoe, true), (options.Priors.MeanDatasets.Family, options.DatasetWeights));
        Assert.Equal(["even", "odd"], options.Datasets);
        options = Options("{optimizer: reference, components: 2, weights: shared, priors: {mean: {datasets: none}}}", TwoDatasets());
        Assert.Equal((NbFamily.None, false), (options.Priors.MeanDatasets.Family, options.DatasetWeights));
    }

    [Theory]
    [InlineData("{captureTotal: 5, capture: free}", "captureTotal is '5': it has no effect without nb.capture: anchored")]
    [InlineData("{captureTotal: humna}", "did you mean 'human'?")]
    [InlineData("{captureTotal: -1}", "must be a number above 0, an organism or total")]
    [InlineData("{captureSd: 1, capture: none}", "has no effect without nb.capture: anchored")]
    [InlineData("{weights: shared}", "has no effect with nb.components: 1")]
    [InlineData("{labelConfidence: 2, components: 2}", "has no effect without nb.labels")]
    [InlineData("{steps: 5}", "has no effect with nb.optimizer: default")]
    [InlineData("{optimizer: reference, starts: 5, components: 2}", "has no effect with nb.optimizer: reference")]
    [InlineData("{interactions: ['a:b']}", "has no effect with fewer than two factors")]
    [InlineData("{priors: {mean: {datasets: horsehoe}}}", "nb.priors.mean.datasets cannot be 'horsehoe': did you mean 'horseshoe'?")]
    [InlineData("{priors: {mean: {genes: neg}}}", "unknown key 'genes' in nb.priors.mean")]
    [InlineData("{priors: {mean: {datasets: {type: neg, tau0: 1}}}}", "tau0 is '1': it has no effect with type: neg")]
    [InlineData("{priors: {mean: {datasets: {tau0: 1}}}}", "type is missing")]
    [InlineData("{priors: {mean: {datasets: {type: horseshoe, tau0: -1}}}}", "must be a number above 0")]
    [InlineData("{priors: {probability: {mode: gene}}}", "nb.priors.probability.mode cannot be 'gene'")]
    [InlineData("{design: [{factor: f, effect: random, type: neg}]}", "must be gaussian or horseshoe")]
    [InlineData("{design: [{factor: f, effect: fixed, type: gaussian}]}", "has no effect with effect: fixed")]
    [InlineData("{design: [{factor: f, effect: random, scale: 2}]}", "has no effect with effect: random")]
    [InlineData("{design: [{factor: 'obs:donor'}]}", "is no format of data here")]
    [InlineData("{design: [{factor: f}], link: softplus}", "must be exp with nb.design")]
    [InlineData("{design: [{factor: a/f}, {factor: b/f}]}", "two factors are named 'f'")]
    [InlineData("{design: [{factor: a}, {factor: b}], interactions: ['a:c']}", "names the factor 'c'")]
    [InlineData("{design: [{factor: a}, {factor: b}], interactions: [a]}", "which is no interaction")]
    public void An_option_that_cannot_take_effect_is_refused(string section, string problem)
    {
        var problems = new ProblemList();
        JobSpecReader.Read(_scratch.File("job.yaml", "model: nb\ndata: {path: d}\nnb: " + section), new SpecOverrides(), problems);
        Assert.Contains(problem, Assert.Single(problems.All), StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_prepares_the_same_job_from_the_decided_spec()
    {
        var table = NbFiles.Table(_scratch, "cells.tsv", 24, i => $"d{i % 3}\tc{i % 2}", "cell\tdonor\tcondition\n");
        var job = Prepare(
            "{optimizer: reference, minimumCells: 4, components: 2, overdispersion: bnb, interactions: ['donor:condition'], design: [" +
            $"{{factor: {table}, column: donor, effect: random, type: horseshoe, tau0: 0.5}}, {{factor: {table}, column: condition, " +
            "effect: fixed, scale: 2}]}", "");
        var node = FittedFolder.OnNode(job);
        Assert.Equal((job.SpecHash, job.DataHash), (node.SpecHash, node.DataHash));
        var (mine, its) = (((NbJob)job.Own).Options, ((NbJob)node.Own).Options);
        Assert.Equal(mine.Design.Select(Words), its.Design.Select(Words));
        Assert.Equal(mine.Datasets, its.Datasets);
        Assert.Equal(mine with { Design = its.Design, Datasets = its.Datasets }, its);
    }

    private static string Words(NbFactor factor) =>
        $"{factor.Name} {string.Join(',', factor.Levels)} {string.Join(',', factor.LevelOfDataset)} {factor.Hierarchy} {factor.FixedScale}";

    private NbOptions Options(string section, string data = "") => ((NbJob)Prepare(section, data).Own).Options;

    private string TwoDatasets() => ", datasets: " + NbFiles.Table(_scratch, "datasets.tsv", 24, i => i % 2 == 0 ? "even" : "odd");

    private PreparedJob Prepare(string section, string data) =>
        FittedFolder.Prepare(_scratch, $"model: nb\ndata: {{path: {NbFiles.Csv(_scratch)}{data}}}\nnb: {section}");
}
