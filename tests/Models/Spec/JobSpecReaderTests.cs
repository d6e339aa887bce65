using System.Text.Json.Nodes;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Models.Ebmf;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;
using Xunit;

namespace FitCluster.Models.Tests.Spec;

public sealed class JobSpecReaderTests : IDisposable
{
    private const string FromTheContract = """
        # job.yaml
        name: pbmc-ebmf
        model: ebmf
        data: {path: pbmc3k/, transform: log1p-cp10k}
        seed: 1
        shards: 8
        stop: {maxRounds: 500, tolerance: 1e-7, maxSeconds: 3600}
        checkpoint: {everySeconds: 30, keep: 3}
        ebmf: {maxFactors: 20, loadingsPrior: point_normal, factorsPrior: point_normal, variance: constant, greedy: true,
          backfit: true, nullcheck: true}
        """;

    private readonly Scratch _scratch = new();

    [Fact]
    public void The_example_of_the_contract_is_read()
    {
        var spec = Read(FromTheContract);
        Assert.Equal("pbmc-ebmf", spec.Name);
        Assert.Equal(_scratch.At("pbmc3k/"), spec.Data.Path);
        Assert.Equal("log1p-cp10k", spec.Data.Transform);
        Assert.Equal((1ul, 8), (spec.Seed, spec.Shards));
        Assert.Equal(new StopSpec { MaxRounds = 500, MaxSeconds = 3600 }, spec.Stop);
        Assert.Equal(new CheckpointSpec { EverySeconds = 30, Keep = 3 }, spec.Checkpoint);
        Assert.Equal((20, 1e-7), (spec.Section.Get(EbmfFields.MaxFactors), spec.Section.Get(EbmfFields.Tolerance)));
    }

    [Fact]
    public void Json_and_yaml_give_the_same_spec()
    {
        var json = Read("""
            {
              "name": "pbmc-ebmf", "model": "ebmf", "data": {"path": "pbmc3k/", "transform": "log1p-cp10k"}, "seed": 1, "shards": 8,
              "stop": {"maxRounds": 500, "tolerance": 1e-7, "maxSeconds": 3600}, "checkpoint": {"everySeconds": 30, "keep": 3},
              "ebmf": {"maxFactors": 20, "loadingsPrior": "point_normal", "factorsPrior": ["point_normal"], "variance": "constant",
                "greedy": true}
            }
            """, "job.json");
        Assert.Equal(SpecCanonical.Hash(Read(FromTheContract), 8), SpecCanonical.Hash(json, 8));
        Assert.Equal(Read(FromTheContract).Stop, json.Stop);
    }

    [Theory]
    [InlineData("model: ebmf\ndata: {path: d}\nebmf:\n  maxFactor: 3",
        "job.yaml:4: unknown key 'maxFactor' in ebmf: did you mean 'maxFactors'?")]
    [InlineData("model: ebmf\ndata: {path: d}\ncheckpoints: {keep: 3}",
        "job.yaml:3: unknown key 'checkpoints': did you mean 'checkpoint'?")]
    [InlineData("model: ebmff\ndata: {path: d}", "job.yaml:1: model cannot be 'ebmff': did you mean 'ebmf'?")]
    [InlineData("model: ebmf\ndata: {path: d}\nebmf: {loadingsPrior: point_nromal}",
        "job.yaml:3: ebmf.loadingsPrior: unknown family 'point_nromal': did you mean 'point_normal'?")]
    [InlineData("model: ebmf\ndata: {path: d}\nebmf: {variance: rows}", "ebmf.variance cannot be 'rows': did you mean 'row'?")]
    [InlineData("model: ebmf\ndata: {path: d, transform: log}", "data.transform cannot be 'log': did you mean 'log1p'?")]
    [InlineData("model: ebmf\ndata: {path: d}\nshards: many", "shards is 'many': it must be a whole number from 1")]
    [InlineData("model: ebmf\ndata: {path: d}\nstop: {tolerance: -1}", "stop.tolerance is '-1': it must be a number above 0")]
    [InlineData("model: ebmf\ndata: {path: d}\nebmf: {greedy: maybe}", "ebmf.greedy is 'maybe': it must be true or false")]
    [InlineData("model: ebmf\ndata: {path: d}\nname: a/b", "name is 'a/b': it must be 1 to 128 letters")]
    [InlineData("data: {path: d}", "'model' is missing")]
    [InlineData("model: ebmf", "no data: give data.path")]
    [InlineData("model: ebmf\nmodel: ebmf\ndata: {path: d}", "job.yaml:2: the key 'model' is given twice")]
    [InlineData("model: [ebmf\ndata: x", "this is not YAML")]
    [InlineData("- a\n- b", "a spec is a list of keys and values")]
    public void What_is_wrong_is_said_with_its_line(string yaml, string problem) =>
        Assert.Contains(problem, string.Join('\n', Problems(yaml)), StringComparison.Ordinal);

    [Theory]
    [InlineData("ebmf: {greedy: false, backfit: false, init: svd}", "nothing would be fitted")]
    [InlineData("ebmf: {backfit: false, extrapolate: true}", "ebmf.extrapolate is 'true': it has no effect without ebmf.backfit")]
    [InlineData("ebmf: {greedy: false}", "starts factors one by one")]
    [InlineData("ebmf: {variance: known}", "needs ebmf.standardErrors")]
    [InlineData("ebmf: {standardErrors: -2}", "ebmf.standardErrors is '-2': it must be above 0")]
    [InlineData("ebmf: {init: nowhere}", "that folder does not exist")]
    [InlineData("ebmf: {fixedFactors: intercpt}", "did you mean 'intercept'?")]
    [InlineData("ebmf: {tolerance: 1}\nstop: {tolerance: 2}", "they are one option, give one")]
    public void An_option_that_cannot_take_effect_is_refused(string section, string problem) =>
        Assert.Contains(problem, string.Join('\n', Problems("model: ebmf\ndata: {path: d}\n" + section)), StringComparison.Ordinal);

    [Fact]
    public void Datasets_have_no_effect_with_ebmf() =>
        Assert.Contains("has no effect with ebmf", Problems("model: ebmf\ndata: {path: d, datasets: batch}")[0], StringComparison.Ordinal);

    [Fact]
    public void Every_problem_is_listed_at_once() =>
        Assert.Equal(4, Problems("model: ebmf\ndata: {path: d, transfrom: none}\nseed: -1\nebmf: {maxFactors: 0, loadingsPrior: x}").Count);

    [Fact]
    public void A_broken_json_says_its_line() =>
        Assert.StartsWith("job.json:2: this is not JSON", Problems("{\n  \"model\" \"ebmf\"}", "job.json")[0], StringComparison.Ordinal);

    [Fact]
    public void A_flag_wins_over_the_file_and_set_reaches_any_field()
    {
        var overrides = new SpecOverrides();
        var problems = new ProblemList();
        overrides.Add("seed", "7", "--seed");
        overrides.AddAssignment("ebmf.loadingsPrior=[point_normal, normal]", problems);
        overrides.AddAssignment("stop.maxRounds=9", problems);
        overrides.AddAssignment("ebmf.variance = row", problems);
        var spec = JobSpecReader.Read(_scratch.File("job.yaml", FromTheContract), overrides, problems);
        Assert.Empty(problems.All);
        Assert.Equal((7ul, 9L), (spec!.Seed, spec.Stop.MaxRounds));
        Assert.Equal([PriorFamily.PointNormal, PriorFamily.Normal], spec.Section.Get(EbmfFields.LoadingsPrior));
        Assert.Equal(VarianceStructure.Row, spec.Section.Get(EbmfFields.Variance));
    }

    [Fact]
    public void A_field_given_twice_on_the_command_line_is_refused()
    {
        var overrides = new SpecOverrides();
        var problems = new ProblemList();
        overrides.Add("seed", "7", "--seed");
        overrides.AddAssignment("seed=8", problems);
        JobSpecReader.Read(_scratch.File("job.yaml", FromTheContract), overrides, problems);
        Assert.Equal(["seed is given twice on the command line (--seed and --set seed)"], problems.All);
    }

    [Fact]
    public void The_hash_is_of_what_determines_the_result_and_of_nothing_else()
    {
        var spec = Read(FromTheContract);
        var hash = SpecCanonical.Hash(spec, 8);
        JobSpec[] same =
        [
            spec with { Name = "x", Out = "/y", Threads = 3, Tables = true, Data = spec.Data with { Path = "/z" } },
            spec with { Checkpoint = new CheckpointSpec { EverySeconds = 1 } },

            // A fit that a limit stopped can be gone on with: limits are no part of what it is.
            spec with { Stop = new StopSpec { MaxRounds = 7, MaxSeconds = 1 } },
        ];
        Assert.All(same, other => Assert.Equal(hash, SpecCanonical.Hash(other, 8)));
        JobSpec[] others =
        [
            spec with { Seed = 2 }, spec with { Data = spec.Data with { Transform = "log1p" } }, spec with { From = "/fit" },
            spec with { Section = spec.Section.With(EbmfFields.Nullcheck, false) },
            spec with { Section = spec.Section.With(EbmfFields.Tolerance, 1) },
        ];
        Assert.All(others, other => Assert.NotEqual(hash, SpecCanonical.Hash(other, 8)));
        Assert.NotEqual(hash, SpecCanonical.Hash(spec, 9));
    }

    [Theory]
    [InlineData("ebmf: {greedy: false, init: svd, backfit: true}")]
    [InlineData("ebmf: {backfit: false, loadingsPrior: [point_exponential, normal], variance: kronecker, tolerance: 0.5}")]
    [InlineData("ebmf: {greedy: false, fixedFactors: [intercept]}")]
    [InlineData("ebmf: {variance: known, standardErrors: 2}")]
    public void What_is_written_of_ebmf_is_read_as_the_same_spec(string section)
    {
        // A node reads what was written of a job: of an option without effect nothing must be written, as it would be refused.
        var spec = Read("model: ebmf\ndata: {path: d}\n" + section);
        var text = JsonNode.Parse(Json.Bytes(w => SpecCanonical.Write(w, spec, 2, forPeople: true)))!.ToJsonString();
        var problems = new ProblemList();
        var again = JobSpecReader.ReadText(text.Replace("\"fixedFactors\":[],", "", StringComparison.Ordinal), "again", problems);
        Assert.Empty(problems.All);
        Assert.Equal(SpecCanonical.Hash(spec, 2), SpecCanonical.Hash(again!, 2));
    }

    public void Dispose() => _scratch.Dispose();

    private JobSpec Read(string text, string name = "job.yaml")
    {
        var problems = new ProblemList();
        var spec = JobSpecReader.Read(_scratch.File(name, text), new SpecOverrides(), problems);
        Assert.Empty(problems.All);
        return spec!;
    }

    private IReadOnlyList<string> Problems(string text, string name = "job.yaml")
    {
        var problems = new ProblemList();
        Assert.Null(JobSpecReader.Read(_scratch.File(name, text), new SpecOverrides(), problems));
        return problems.All;
    }
}
