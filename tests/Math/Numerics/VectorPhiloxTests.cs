using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Numerics;

public class VectorPhiloxTests
{
    [Fact]
    public void Words_and_uniform_numbers_have_the_bits_of_the_scalar_generator()
    {
        for (var trial = 0UL; trial < 200; trial++)
        {
            var (key, high, low) = (trial * 0x9E3779B97F4A7C15, trial << 37, ulong.MaxValue - (trial * trial * 4_000_000_007));
            var highs = Vector256.Create(high, high + 1, high ^ 0xFFFF0000, ulong.MaxValue);
            var lows = Vector256.Create(low, low + 1, trial, 0);
            var (a, b, c, d) = VectorPhilox.Words(key, highs, lows);
            var (two, one) = (VectorPhilox.Unit(a, b), VectorPhilox.Unit(d));
            for (var lane = 0; lane < 4; lane++)
            {
                var expected = Philox.Words(key, highs[lane], lows[lane]);
                Assert.Equal(expected, ((uint)a[lane], (uint)b[lane], (uint)c[lane], (uint)d[lane]));
                Assert.Equal(Philox.Uniform(key, highs[lane], lows[lane]), two[lane]);
                Assert.Equal((expected.D + 0.5) / (1UL << 32), one[lane]);
            }
        }
    }

    [Fact]
    public void Sine_and_cosine_of_a_turn_are_those_of_the_angle()
    {
        for (var i = 0UL; i < 20_000; i++)
        {
            var f = i switch { 0 => 1e-16, 1 => 1 - 1.2e-16, 2 => 0.25, 3 => 0.5, 4 => 0.75, 5 => 0.125, _ => Philox.Uniform(1, 1, i) };
            var (sine, cosine) = VectorTurn.SinCos(Vector256.Create(f));
            var (expectedSine, expectedCosine) = double.SinCosPi(2 * f);
            Assert.Equal(expectedSine, sine[1], 4e-16);
            Assert.Equal(expectedCosine, cosine[2], 4e-16);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    public unsafe void An_aligned_array_begins_at_a_cache_line_and_with_zeros(int length)
    {
        var array = new AlignedArray(length);
        Assert.Equal(length, array.Length);
        Assert.Equal(new double[length], array.Span.ToArray());
        fixed (double* start = array.Span)
        {
            Assert.Equal(0, (nint)start % 64);
        }
    }
}
