using Xunit;

namespace FitCluster.Messages.Tests;

public sealed class ArraySetTests
{
    [Fact]
    public void Partials_combine_by_sum_and_by_maximum()
    {
        var first = new ArraySet().Set("a", [1.0, 2]).Set("m", [3.0], reduction: Reduction.Max);
        first.Combine(new ArraySet().Set("a", [10.0, 20]).Set("m", [-1.0], reduction: Reduction.Max));
        Assert.Equal([11, 22], first["a"]);
        Assert.Equal([3], first["m"]);
    }

    [Fact]
    public void Partials_of_different_shape_are_refused()
    {
        var first = new ArraySet().Set("a", [1.0, 2]);
        Assert.Throws<ArgumentException>(() => first.Combine(new ArraySet().Set("a", [1.0])));
        Assert.Throws<ArgumentException>(() => first.Combine(new ArraySet().Set("b", [1.0, 2])));
    }

    [Fact]
    public void The_first_array_that_is_not_finite_is_named()
    {
        Assert.Null(new ArraySet().Set("a", [1.0]).Set("m", [double.NegativeInfinity], reduction: Reduction.Max).FirstNonFinite());
        Assert.Equal("b", new ArraySet().Set("a", [1.0]).Set("b", [double.NaN]).FirstNonFinite());
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_value_that_is_not_finite_is_found_wherever_it_is(double value)
    {
        for (var length = 1; length <= 20; length++)
        {
            for (var at = 0; at < length; at++)
            {
                var values = Enumerable.Range(0, length).Select(i => i * 1e300).ToArray();
                Assert.Null(new ArraySet().Set("a", values).FirstNonFinite());
                values[at] = value;
                Assert.Equal("a", new ArraySet().Set("a", values).FirstNonFinite());
            }
        }
    }
}
