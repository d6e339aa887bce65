using System.Text.Json.Nodes;
using FitCluster.Math.TwinEb;
using FitCluster.Models.Ebmf;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;
using FitCluster.Models.TwinEb;
using Xunit;

namespace FitCluster.Models.Tests.TwinEb;

public sealed class TwinEbSpecTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Options_are_read()
    {
        var section = Read(
            "twineb: {likelihood: gaussian, prior: rows, factors: 4, rowComponents: 5, noiseSd: 0.5, protocol: strong, testShare: " +
            "0.4}\nstop: {tolerance: 1e-6}").Section;
        var options = Options(section);
        Assert.Equal(
            (TwinEbLikelihood.Gaussian, TwinEbPrior.Rows, 4, 0.5), (options.Likelihood, options.Prior, options.Factors, options.NoiseSd));
        Assert.Equal((5, (int?)null, 1e-6),
            (section.Get(TwinEbFields.RowComponents), section.Get(TwinEbFields.ColumnComponents), options.Tolerance));
        Assert.Equal(
            (SplitProtocol.Strong, 0.2, 0.4),
            (section.Get(TwinEbFields.Protocol), TwinEbEffects.Validation(section), TwinEbEffects.Tested(section)));
    }

    [Theory]
    [InlineData("particles: 3", 3)]
    [InlineData("batchSize: 17", 17)]
    [InlineData("rowLearningRate: 0.5", 0.5)]
    [InlineData("columnLearningRate: 0.5", 0.5)]
    [InlineData("mixtureLearningRate: 0.5", 0.5)]
    [InlineData("clipNorm: 0.5", 0.5)]
    [InlineData("weightDecay: 0.5", 0.5)]
    [InlineData("plateauFactor: 0.5", 0.5)]
    [InlineData("plateauPatience: 17", 17)]
    [InlineData("plateauThreshold: 0.5", 0.5)]
    [InlineData("earlyStopEpochs: 17", 17)]
    [InlineData("earlyStopRise: 0.5", 0.5)]
    [InlineData("leastLearningRate: 0.5", 0.5)]
    [InlineData("divergenceFactor: 17.5", 17.5)]
    [InlineData("retries: 17", 17)]
    [InlineData("restoreBest: false", false)]
    [InlineData("localSteps: 17", 17)]
    [InlineData("steps: 17", 17)]
    [InlineData("projectionSteps: 17", 17)]
    [InlineData("tolerance: 0.5", 0.5)]
    public void Every_option_of_the_reference_optimizer_reaches_the_model(string option, object expected)
    {
        // What each of them does there: tests/Math/TwinEb, ReferenceScheduleTests and ReferenceStepTests.
        var name = option[..option.IndexOf(':', StringComparison.Ordinal)];
        var property = typeof(TwinEbOptions).GetProperty(char.ToUpperInvariant(name[0]) + name[1..])!;
        var (without, with) = (Read("twineb: {optimizer: reference, protocol: strong}"), Read(
            $"twineb: {{optimizer: reference, protocol: strong, {option}}}"));
        Assert.NotEqual(expected, property.GetValue(Options(without.Section)));
        Assert.Equal(expected, property.GetValue(Options(with.Section)));
    }

    [Theory]
    [InlineData("twineb: {factor: 3}", "unknown key 'factor' in twineb: did you mean 'factors'?")]
    [InlineData("twineb: {likelihood: poison}", "twineb.likelihood cannot be 'poison': did you mean 'poisson'?")]
    [InlineData("twineb: {factors: 0}", "twineb.factors is '0': it must be a whole number from 1 to 1024")]
    [InlineData("twineb: {validationShare: 1}", "twineb.validationShare is '1': it must be a number from 0 to 0.9")]
    [InlineData("twineb: {binarize: -1}", "twineb.binarize is '-1': it must be a number of at least 0")]
    [InlineData("ebmf: {maxFactors: 3}", "the section 'ebmf' has no effect with the model twineb")]
    [InlineData("twineb: {particles: 3}", "has no effect with the default optimizer: remove it, or set twineb.optimizer: reference")]
    [InlineData("twineb: {restoreBest: false}", "has no effect with the default optimizer")]
    [InlineData("twineb: {noiseSd: 2}", "has no effect with twineb.likelihood: poisson")]
    [InlineData("twineb: {likelihood: gaussian, binarize: 1}", "has no effect with twineb.likelihood: gaussian")]
    [InlineData("twineb: {prior: single, rowComponents: 3}", "has no effect with twineb.prior: single, where that side has no mixture")]
    [InlineData("twineb: {prior: rows, columnComponents: 3}", "has no effect with twineb.prior: rows")]
    [InlineData("twineb: {prior: rows, rowPriorShape: 3}", "has no effect with twineb.prior: rows, where that side's prior is learnt")]
    [InlineData("twineb: {heldOutRows: 0.3}", "has no effect with twineb.protocol: plain")]
    [InlineData("twineb: {testZeros: true}", "has no effect with twineb.protocol: plain")]
    [InlineData("twineb: {protocol: strong, testZeros: true, ignoredShare: 0.5}",
        "has no effect with twineb.testZeros, where every cell that is not tested trains")]
    [InlineData("twineb: {heldOutSamples: 3}", "has no effect when nothing is held out")]
    [InlineData("twineb: {projectionSteps: 3}", "has no effect when no row is held out")]
    [InlineData("twineb: {split: s, protocol: strong}", "has no effect with twineb.split")]
    [InlineData("twineb: {split: s, splitSeed: 3}", "has no effect with twineb.split")]
    [InlineData("twineb: {writeSplit: false}", "has no effect when nothing is held out")]
    [InlineData("twineb: {tolerance: 1}\nstop: {tolerance: 2}", "they are one option, give one")]
    [InlineData("twineb: {optimizer: reference, prior: fixed, mixtureLearningRate: 1}", "has no effect with twineb.prior: fixed")]
    public void What_is_wrong_or_without_effect_is_refused(string section, string problem)
    {
        var problems = new ProblemList();
        Assert.Null(
            JobSpecReader.Read(_scratch.File("job.yaml", "model: twineb\ndata: {path: d}\n" + section), new SpecOverrides(), problems));
        Assert.Contains(problem, string.Join('\n', problems.All), StringComparison.Ordinal);
    }

    [Fact]
    public void A_section_of_twineb_has_no_effect_with_ebmf()
    {
        var problems = new ProblemList();
        JobSpecReader.Read(_scratch.File("job.yaml", "model: ebmf\ndata: {path: d}\ntwineb: {factors: 3}"), new SpecOverrides(), problems);
        Assert.Equal(["job.yaml:3: the section 'twineb' has no effect with the model ebmf: remove it"], problems.All);
    }

    [Fact]
    public void Every_field_changes_what_is_hashed_or_is_said_not_to()
    {
        var all = TwinEbFields.Table.Fields;
        Assert.Equal(all.Count, all.Select(field => field.Name).Distinct().Count());
        Assert.Equal([TwinEbFields.WriteSplit], all.Where(field => !field.IsIdentity));
    }

    [Theory]
    [InlineData("twineb", "twineb.factors")]
    [InlineData("ebmf", "ebmf.maxFactors")]
    public void The_flag_for_factors_is_the_models_own(string model, string field)
    {
        var (overrides, problems) = (new SpecOverrides(), new ProblemList());
        overrides.Add("data.path", "d", "--data");
        overrides.AddOfModel("7", "--factors");
        var spec = JobSpecReader.Read(model, overrides, problems);
        Assert.Empty(problems.All);
        var given = spec!.Section.Table.Fields.Where(spec.Section.Has).Select(f => $"{spec.Model}.{f.Name}");
        Assert.Equal([field], given);
        Assert.Equal(7, model == "ebmf" ? spec.Section.Get(EbmfFields.MaxFactors) : spec.Section.Get(TwinEbFields.Factors));
    }

    [Theory]
    [InlineData("twineb: {}")]
    [InlineData(
        "twineb: {protocol: strong, prior: fixed, columnPriorRate: 0.25, splitSeed: 9, heldOutZeroSample: true, writeSplit: false}")]
    [InlineData("twineb: {optimizer: reference, likelihood: gaussian, steps: 3, particles: 2, weightDecay: 0, restoreBest: false, " +
        "validationShare: 0.1}")]
    [InlineData("twineb: {split: /somewhere, prior: columns, binarize: 0.5}")]
    [InlineData("twineb: {protocol: strong, testZeros: true}")]
    public void What_is_written_for_people_is_read_as_the_same_spec(string section)
    {
        var spec = Read(section);
        var text = JsonNode.Parse(Json.Bytes(w => SpecCanonical.Write(w, spec, 2, forPeople: true)))!.ToJsonString();
        var problems = new ProblemList();
        var again = JobSpecReader.ReadText(text, "again", problems);
        Assert.Empty(problems.All);
        Assert.Equal(Options(spec.Section), Options(again!.Section));
        Assert.All(TwinEbFields.Table.Fields, field => Assert.Equal(spec.Section.Value(field), again.Section.Value(field)));
        Assert.Equal(SpecCanonical.Hash(spec, 2), SpecCanonical.Hash(again, 2));
    }

    private static TwinEbOptions Options(SpecSection section) => TwinEbJob.OptionsOf(section, 100, 50, 1);

    private JobSpec Read(string section)
    {
        var problems = new ProblemList();
        var spec = JobSpecReader.Read(
            _scratch.File("job.yaml", "model: twineb\ndata: {path: d}\n" + section), new SpecOverrides(), problems);
        Assert.Empty(problems.All);
        return spec!;
    }
}
