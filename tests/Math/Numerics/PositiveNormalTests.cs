using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Numerics;

public sealed class PositiveNormalTests
{
    [Theory]
    [InlineData(-50)]
    [InlineData(-3)]
    [InlineData(0)]
    [InlineData(0.7)]
    [InlineData(40)]
    [InlineData(1e9)]
    [InlineData(1e140)]
    public void Quantiles_invert_probabilities_and_both_sides_add_up_to_1(double y)
    {
        foreach (var p in new[] { 1e-280, 1e-20, 1e-3, 0.5, 0.999, 1 - 1e-12 })
        {
            var t = PositiveNormal.UpperQuantile(y, p);
            var above = PositiveNormal.Above(y, t);
            Assert.Equal(p, above, 1e-9 * p);
            Assert.Equal(1 - above, PositiveNormal.Below(y, t), 1e-13);
        }
    }

    /// <summary>Where both sides of a difference of distribution functions are nearly 1; by 30 digits.</summary>
    [Theory]
    [InlineData(-20, 1, 8.52722392509e-81)]
    [InlineData(-20, 0.01, 6.11165899041e-90)]
    [InlineData(1e8, 1e-12, 9.99950001667e-5)]
    public void A_small_probability_near_0_keeps_its_digits(double y, double c, double expected) =>
        Assert.Equal(expected, PositiveNormal.Below(y, c), 1e-10 * expected);
}
