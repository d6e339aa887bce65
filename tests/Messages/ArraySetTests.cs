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
    public void Parts_are_put_one_after_the_other_and_may_be_empty()
    {
        static ArraySet Part(int rows, params double[] values) => new ArraySet().Set("v", values, [rows, 2], Reduction.Append);
        var all = Part(1, 1, 2);
        all.Combine(Part(0));
        all.Combine(Part(2, 3, 4, 5, 6));
        Assert.Equal([3, 2], all.Get("v").Shape);
        Assert.Equal([1, 2, 3, 4, 5, 6], all["v"]);
        Assert.Throws<ArgumentException>(() => all.Combine(new ArraySet().Set("v", [1.0], [1, 1], Reduction.Append)));
        Assert.Throws<ArgumentException>(() => all.Combine(new ArraySet().Set("v", [1.0, 2], [2], Reduction.Append)));
        Assert.Throws<ArgumentException>(
            () => new ArraySet().Set("s", 1, Reduction.Append).Combine(new ArraySet().Set("s", 1, Reduction.Append)));
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
