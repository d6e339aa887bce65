using System.Globalization;
using System.Text.Json;
using FitCluster.Cli.Ebnm;
using FitCluster.Math.Ebnm;
using FitCluster.Models.Priors;
using FitCluster.Models.Results;
using FitCluster.Models.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

public sealed class EbnmTests : IDisposable
{
    private readonly Scratch _scratch = new();

    [Fact]
    public void Of_an_observation_with_an_infinite_standard_error_nothing_depends()
    {
        const string known = "x,s\n2,1\n-3,1\n0.5,1\n6,2\n-0.1,0.5\n1.5,1\n";
        _scratch.File("known.csv", known);
        _scratch.File("more.csv", known.Replace("0.5,1", "1e9,Inf\n0.5,1", StringComparison.Ordinal));
        foreach (var family in EbnmFamilies.Names.Where(name => name is not ("deconvolver" or "flat")))
        {
            var (expected, found) = (Solve("known.csv"), Solve("more.csv"));
            Assert.Equal(expected.GetProperty("logLik").GetDouble(), found.GetProperty("logLik").GetDouble(), 1e-9);
            double[] Means(JsonElement result) =>
                [.. result.GetProperty("posterior").GetProperty("mean").EnumerateArray().Select(mean => mean.GetDouble())];
            var means = Means(found);
            // To what the searches for the prior end at: they begin at other places.
            Assert.All(Means(expected).Zip([.. means[..2], .. means[3..]]), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
            Assert.InRange(means[2], -10, 10);

            JsonElement Solve(string name)
            {
                FitProgram.Run("ebnm", "--input", _scratch.At(name), "--family", family, "--out", _scratch.At("out.json")).Expect(0);
                return Scratch.Json(_scratch.At("out.json"));
            }
        }
    }

    [Theory]
    [InlineData("point_normal", false)]
    [InlineData("normal_scale_mixture", true)]
    [InlineData("unimodal", true)]
    [InlineData("npmle", false)]
    [InlineData("flat", false)]
    public void The_output_is_as_the_contract_has_it(string family, bool hasDiscovery)
    {
        var output = _scratch.At("o.json");
        FitProgram.Run("ebnm", "--input", Input(), "--family", family, "--out", output).Expect(0);
        var root = Scratch.Json(output);
        // Of a grid the weights' certificate as well.
        string[] gap = family is "point_normal" or "flat" ? [] : ["gap"];
        Assert.Equal(["family", "logLik", .. gap, "prior", "posterior"], root.EnumerateObject().Select(p => p.Name));
        Assert.Equal(family, root.GetProperty("family").GetString());
        Assert.Equal(family == "flat" ? JsonValueKind.Null : JsonValueKind.Number, root.GetProperty("logLik").ValueKind);
        var posterior = root.GetProperty("posterior");
        string[] expected = ["mean", "sd", "secondMoment", "lfsr", .. hasDiscovery ? new[] { "lfdr", "qvalue", "svalue" } : []];
        Assert.Equal(expected, posterior.EnumerateObject().Select(p => p.Name));
        Assert.All(posterior.EnumerateObject(), p => Assert.Equal(40, p.Value.GetArrayLength()));
        Assert.Equal(1, PriorJson.Read(root.GetProperty("prior"), "o.json").Components.Sum(c => c.Weight), 1e-9);
    }

    [Fact]
    public void Every_family_can_be_asked_for()
    {
        // z-scores, for the sake of the deconvolver.
        var input = new EbnmInput([.. Enumerable.Range(0, 40).Select(X)], [.. Enumerable.Repeat(1.0, 40)]);
        foreach (var family in Enum.GetValues<PriorFamily>())
        {
            var solution = EbnmSolution.Solve(input, family, new EbnmOptions());
            Assert.Equal(40, solution.Mean.Length);
            Assert.All(solution.Mean, m => Assert.True(double.IsFinite(m), EbnmFamilies.Name(family)));
        }
    }

    [Fact]
    public void A_posterior_on_one_point_has_the_standard_deviation_0()
    {
        // 2.1^2 is not a double: the difference of the moments would leave 1e-8.
        var prior = new Prior(PriorFamily.Npmle, 0,
            [new(ComponentKind.Point, 0.5, 0, 0), new(ComponentKind.Point, 0.3, 2.1, 0), new(ComponentKind.Point, 0.2, -3.3, 0)]);
        double[] x = [.. Enumerable.Range(0, 50).Select(i => (i - 25) * 0.7)];
        var solution = EbnmSolution.Solve(
            new EbnmInput(x, [.. x.Select(_ => 0.05)]), PriorFamily.Npmle, new EbnmOptions { Start = prior, FixPrior = true });
        using var document = JsonDocument.Parse(Json.Bytes(solution.Write));
        var sd = document.RootElement.GetProperty("posterior").GetProperty("sd").EnumerateArray().Select(v => v.GetDouble()).ToList();
        Assert.All(sd, v => Assert.InRange(v, 0, 1e-10));
    }

    [Fact]
    public void A_prior_that_is_kept_gives_the_same_posteriors()
    {
        var (first, second) = (_scratch.At("a.json"), _scratch.At("b.json"));
        FitProgram.Run("ebnm", "--input", Input(), "--family", "point_laplace", "--out", first).Expect(0);
        FitProgram.Run("ebnm", "--input", Input(), "--prior", first, "--fix-prior", "--out", second).Expect(0);
        Assert.Equal(Scratch.Json(first).GetProperty("posterior").GetRawText(), Scratch.Json(second).GetProperty("posterior").GetRawText());
    }

    [Theory]
    [InlineData("x,s\n1,1\n2,0\n", "in.csv:3: s is '0'")]
    [InlineData("x,s\n1,1\n2,-1\n", "in.csv:3: s is '-1'")]
    [InlineData("x,s\n1,1\nNaN,1\n", "in.csv:3: x is 'NaN'")]
    [InlineData("x,s\nInf,1\n", "in.csv:2: x is 'Inf'")]
    [InlineData("x,s\n1,-Inf\n", "in.csv:2: s is '-Inf'")]
    [InlineData("x,s\n1\n", "in.csv:2: there are 1 fields")]
    [InlineData("a,b\n1,1\n", "in.csv:1: the header must have the columns x and s")]
    [InlineData("x,s\n", "there is no observation")]
    [InlineData("x,s\n1,1\nn/a,1\n", "in.csv:3: x is 'n/a': it is missing; leave the line out, or let s be Inf")]
    [InlineData("x,s\n1,1e-160\n", "in.csv:2: s is '1e-160': it must be from 1e-150 to 1e150")]
    [InlineData("x,s\n1,1e151\n", "in.csv:2: s is '1e151': it must be from 1e-150 to 1e150")]
    [InlineData("x,s,x\n1,1,2\n", "the columns x and s, each once")]
    public void A_bad_input_says_its_line(string content, string words)
    {
        FitProgram.Run("ebnm", "--input", _scratch.File("in.csv", content), "--family", "normal", "--out", _scratch.At("o.json"))
            .ExpectBadInput(words);
        Assert.False(File.Exists(_scratch.At("o.json")));
    }

    [Theory]
    [InlineData("--family point_nromal", "did you mean 'point_normal'?")]
    [InlineData("--family normal --fix-prior", "has no effect without --prior")]
    [InlineData("--family flat --scale 2", "has no effect with the family flat")]
    [InlineData("--family normal --scale -2", "must be a number above 0")]
    [InlineData("--family normal --mode middle", "a number, or estimate")]
    [InlineData("--family normal --prior nothing.json", "'nothing.json' does not exist")]
    [InlineData("--family npmle --mode 3", "npmle")]
    [InlineData("", "--family is missing")]
    public void A_bad_option_is_refused(string options, string words) =>
        FitProgram.Run(["ebnm", "--input", Input(), .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]).ExpectBadInput(words);

    [Theory]
    [InlineData("table")]
    [InlineData("json")]
    public void Standard_output_that_is_the_output_has_nothing_else(string format)
    {
        var ran = FitProgram.RunProcess("ebnm", "--input", Input(), "--family", "normal", "--format", format, "--out", "/dev/stdout");
        using var document = JsonDocument.Parse(ran.Expect(0).Output);
        Assert.Equal("normal", document.RootElement.GetProperty("family").GetString());
    }

    [Fact]
    public void A_dash_is_no_file_and_a_folder_that_cannot_be_written_is_named()
    {
        FitProgram.Run("ebnm", "--input", "-", "--family", "normal").ExpectBadInput("standard input is read as /dev/stdin");
        FitProgram.Run("ebnm", "--input", Input(), "--family", "normal", "--out", "-").ExpectBadInput("standard output is /dev/stdout");
        FitProgram.Run("check", "ebmf", "--data", "-").ExpectBadInput("standard input is read as /dev/stdin");
        Assert.SkipUnless(Directory.Exists("/sys/kernel"), "there is no folder here that nobody may write to");
        foreach (var ran in new[]
        {
            FitProgram.Run("ebnm", "--input", Input(), "--family", "normal", "--out", "/sys/kernel/o.json"),
            FitProgram.Run("demo", "--out", "/sys/kernel/o"),
        })
        {
            ran.ExpectBadInput("no file can be made in the folder '/sys/kernel'");
            Assert.DoesNotContain("probe", ran.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Mode_and_scale_take_effect_and_stdout_is_the_default()
    {
        using var document = JsonDocument.Parse(
            FitProgram.Run("ebnm", "--input", Input(), "--family", "point_normal", "--mode", "1.5", "--scale", "2").Expect(0).Output);
        var prior = document.RootElement.GetProperty("prior");
        Assert.Equal(1.5, prior.GetProperty("mode").GetDouble());
        Assert.Contains(prior.GetProperty("components").EnumerateArray(),
            c => c.GetProperty("kind").GetString() == "normal" && c.GetProperty("scale").GetDouble() == 2);
    }

    public void Dispose() => _scratch.Dispose();

    private static double X(int i) => (3 * double.Sin(i * 1.7)) + (i % 4 == 0 ? 2 : 0);

    private string Input() => _scratch.File("input.csv", "x,s\n" + string.Join('\n', Enumerable.Range(0, 40).Select(i =>
        string.Create(CultureInfo.InvariantCulture, $"{X(i):R},{1 + (0.1 * (i % 3)):R}"))) + "\n");
}
