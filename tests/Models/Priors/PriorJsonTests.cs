using System.Text.Json;
using FitCluster.Math.Ebnm;
using FitCluster.Models.Priors;
using FitCluster.Models.Results;
using Xunit;

namespace FitCluster.Models.Tests.Priors;

public sealed class PriorJsonTests
{
    [Fact]
    public void Every_kind_of_component_is_read_as_it_was_written()
    {
        PriorComponent[] components =
        [
            new(ComponentKind.Point, 0.125, 0.5, 0), new(ComponentKind.Normal, 0.125, 0.5, 1.0 / 3),
            new(ComponentKind.Laplace, 0.125, 0, 2),
            new(ComponentKind.Exponential, 0.125, 0, 3), new(ComponentKind.Uniform, 0.125, 0, 0, -1, 2),
            new(ComponentKind.TruncatedNormal, 0.125, 1, 0.1, 0, double.PositiveInfinity), new(ComponentKind.Horseshoe, 0.125, 0, 0.01),
            new(ComponentKind.Normal, 0.125, 0, double.PositiveInfinity),
        ];
        var prior = new Prior(PriorFamily.Unimodal, 0.5, components);
        using var document = JsonDocument.Parse(Json.Bytes(w => PriorJson.Write(w, prior)));
        var read = PriorJson.Read(document.RootElement, "prior");
        Assert.Equal((prior.Family, prior.Mode), (read.Family, read.Mode));
        Assert.Equal(components, read.Components);
    }

    [Theory]
    [InlineData("""{"family": "normall", "components": [{"kind": "normal", "weight": 1, "location": 0, "scale": 1}]}""",
        "did you mean 'normal'?")]
    [InlineData("""{"family": "normal", "components": []}""", "'components' is missing or empty")]
    [InlineData("""{"family": "normal", "modes": 1}""", "did you mean 'mode'?")]
    [InlineData("""{"family": "normal", "components": [{"kind": "gaussian", "weight": 1}]}""", "component 1: unknown kind 'gaussian'")]
    [InlineData("""{"family": "normal", "components": [{"kind": "normal", "weight": 1, "location": 0}]}""",
        "component 1: 'scale' is missing")]
    [InlineData("""{"family": "normal", "components": [{"kind": "normal", "weight": 1, "location": 0, "sd": 1}]}""",
        "'sd' is no field of the kind normal")]
    [InlineData("""{"family": "normal", "components": [{"kind": "normal", "weight": 0.5, "location": 0, "scale": 1}]}""",
        "the weights add up to 0.5")]
    [InlineData("""{"family": "normal", "components": [{"kind": "normal", "weight": 1, "location": 0, "scale": -1}]}""",
        "the scale must not be negative")]
    [InlineData("""{"family": "normal", "components": [{"kind": "uniform", "weight": 1, "low": 2, "high": 1}]}""", "high is below low")]
    [InlineData("""{"family": "point_normal", "components": [{"kind": "laplace", "weight": 1, "location": 0, "scale": 1}]}""",
        "family point_normal has a point and a normal")]
    [InlineData(
        """
        {"family": "normal", "components": [{"kind": "normal", "weight": 0.5, "location": 0, "scale": 1},
          {"kind": "normal", "weight": 0.5, "location": 0, "scale": 2}]}
        """,
        "family normal has one normal")]
    [InlineData("""{"family": "horseshoe", "components": [{"kind": "point", "weight": 1, "location": 0}]}""",
        "family horseshoe has one horseshoe")]
    public void A_prior_that_is_wrong_is_refused(string json, string words)
    {
        using var document = JsonDocument.Parse(json);
        var refused = Assert.Throws<ProblemException>(() => PriorJson.Read(document.RootElement, "prior.json"));
        Assert.Equal(ExitCode.BadInput, refused.ExitCode);
        Assert.StartsWith("prior.json", refused.Message, StringComparison.Ordinal);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("point_normal",
        """{"kind": "normal", "weight": 0.5, "location": 1, "scale": 0}, {"kind": "normal", "weight": 0.5, "location": 1, "scale": 2}""")]
    [InlineData("point_laplace",
        """{"kind": "laplace", "weight": 0.5, "location": 1, "scale": 0}, {"kind": "laplace", "weight": 0.5, "location": 1, "scale": 2}""")]
    [InlineData("unimodal",
        """{"kind": "uniform", "weight": 0.5, "low": 1, "high": 1}, {"kind": "uniform", "weight": 0.5, "low": 0, "high": 1}""")]
    public void A_component_without_width_is_a_point_and_tells_the_mode(string family, string components)
    {
        using var document = JsonDocument.Parse($$"""{"family": "{{family}}", "components": [{{components}}]}""");
        var read = PriorJson.Read(document.RootElement, "prior.json");
        Assert.Equal(new PriorComponent(ComponentKind.Point, 0.5, 1, 0), read.Components[0]);
        Assert.NotEqual(ComponentKind.Point, read.Components[1].Kind);
        Assert.Equal(1, read.Mode);
    }
}
