using FitCluster.Models.Spec;
using Xunit;

namespace FitCluster.Models.Tests.Spec;

public sealed class NearestTests
{
    [Theory]
    [InlineData("maxFactor", "maxFactors")]
    [InlineData("max_factors", "maxFactors")]
    [InlineData("MAXFACTORS", "maxFactors")]
    [InlineData("maxFcators", "maxFactors")]
    [InlineData("init ", "init")]
    public void A_near_name_is_found(string given, string expected) =>
    Assert.Equal(expected, Nearest.Find(given, ["init", "maxFactors", "backfit"]));

    [Fact]
    public void A_far_name_is_not_suggested_but_what_there_is_is_said()
    {
        Assert.Null(Nearest.Find("zebra", ["init", "maxFactors"]));
        Assert.Equal(" (there are: init, maxFactors)", Nearest.Suggest("zebra", ["init", "maxFactors"]));
    }

    [Fact]
    public void A_swap_of_neighbours_counts_as_one() => Assert.Equal(1, Nearest.Distance("nromal", "normal"));
}
