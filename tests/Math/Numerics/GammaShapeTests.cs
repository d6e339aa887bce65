using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Numerics;

public class GammaShapeTests
{
    [Theory]
    [InlineData(0.02)]
    [InlineData(0.5)]
    [InlineData(3)]
    [InlineData(500)]
    public void The_shape_of_a_gap_is_found(double shape)
    {
        var gap = double.Log(shape) - GammaFunctions.Digamma(shape);
        Assert.Equal(shape, GammaShape.OfGap(gap, 1e-3, 1e4), 1e-8 * shape);
    }

    [Fact]
    public void A_shape_outside_its_bounds_is_held_at_the_bound()
    {
        Assert.Equal(1e4, GammaShape.OfGap(0, 0.01, 1e4));
        Assert.Equal(1e4, GammaShape.OfGap(1e-9, 0.01, 1e4));
        Assert.Equal(0.01, GammaShape.OfGap(1e6, 0.01, 1e4));
    }

    [Fact]
    public void Shapes_of_gaps_side_by_side_are_those_of_the_scalar_way()
    {
        var gaps = new double[403];
        for (var i = 0; i < gaps.Length; i++)
        {
            gaps[i] = i == 7 ? 0 : i == 9 ? -1 : i == 11 ? double.NaN : double.Exp(-14 + (20 * Philox.Uniform(12, 1, (ulong)i)));
        }

        var shapes = new double[401];
        GammaShape.OfGaps([.. gaps, 0], shapes, 0.01, 1e4);
        for (var i = 0; i < shapes.Length; i++)
        {
            var expected = GammaShape.OfGap(gaps[i], 0.01, 1e4);

            if (!(gaps[i] > 0))
            {
                Assert.Equal(1e4, shapes[i]);
                continue;
            }

            // log a - digamma(a) has an error of 3e-14 of max(1, |digamma a|) (the scalar functions), and a shape's of gap is that over
            // gap.
            Assert.Equal(expected, shapes[i], expected * double.Max(1e-12, 2e-13 / gaps[i]));
        }
    }
}
