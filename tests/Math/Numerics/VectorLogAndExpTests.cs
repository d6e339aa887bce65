using System.Globalization;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Numerics;

public sealed class VectorLogAndExpTests
{
    [Fact]
    public void The_logarithm_is_that_of_the_library()
    {
        for (var trial = 0UL; trial < 20_000; trial++)
        {
            // Near 1, where the logarithm is small, and over the whole range of normal numbers.
            var x = trial % 2 == 0 ? 0.5 + Philox.Uniform(1, 2, trial) : double.Exp(-700 + (1400 * Philox.Uniform(1, 3, trial)));
            var (expected, log) = (double.Log(x), VectorLog.Of(Vector256.Create(x))[0]);
            Assert.True(double.Abs(log - expected) <= 2.3e-16 * double.Abs(expected), $"log {x:R} is {expected:R}, not {log:R}");
        }
    }

    [Fact]
    public void Exp_of_a_negative_number_is_within_two_units_in_the_last_place_and_0_far_below()
    {
        for (var i = 0; i < 20_000; i++)
        {
            var x = i < 10_000 ? -0.07 * i : -Philox.Uniform(1, 1, (ulong)i);
            var expected = x > -700 ? double.Exp(x) : 0;
            var actual = VectorExp.OfNegative(System.Runtime.Intrinsics.Vector256.Create(x))[2];
            Assert.True(double.Abs(actual - expected) <= 2 * (double.BitIncrement(expected) - expected),
                $"exp({x:R}) is {actual:R} where {expected:R} was expected");
        }

        Assert.Equal(1, VectorExp.OfNegative(default)[0]);
        Assert.Equal(0, VectorExp.OfNegative(System.Runtime.Intrinsics.Vector256.Create(-1e300))[0]);
    }

    [Fact]
    public void Exp_of_moderate_numbers_and_log_of_one_plus_are_within_two_units_in_the_last_place()
    {
        static bool IsClose(double expected, double actual) =>
            double.Abs(actual - expected) <= 2 * (double.BitIncrement(double.Abs(expected)) - double.Abs(expected));
        for (var i = 0; i < 20_000; i++)
        {
            var x = 690 * ((2 * Philox.Uniform(2, 1, (ulong)i)) - 1);
            Assert.True(IsClose(double.Exp(x), VectorExp.OfModerate(Vector256.Create(x))[1]), $"exp({x:R})");
            var e = double.Exp(-40 * Philox.Uniform(2, 2, (ulong)i));
            Assert.True(IsClose(LogOfOnePlus(e), VectorLog.OfOnePlus(Vector256.Create(e))[3]), $"log(1 + {e:R})");
        }

        Assert.Equal(0, VectorLog.OfOnePlus(default)[0]);
        Assert.Equal(double.Log(2), VectorLog.OfOnePlus(Vector256<double>.One)[0]);
    }

    // 2 atanh(e / (2 + e)) in 28 digits; the framework's LogP1 rounds 1 + e.
    private static double LogOfOnePlus(double e)
    {
        if (e < 1e-9)
        {
            return e - (e * e / 2);
        }

        // A conversion to decimal keeps 15 digits: by way of a whole number it keeps all.
        var exact = (decimal)(Int128)double.ScaleB(e, 82) / (decimal)(Int128.One << 82);
        var s = exact / (2 + exact);
        var (sum, power) = (0m, s);
        for (var n = 1; n < 60; n += 2)
        {
            sum += power / n;
            power *= s * s;
        }

        // The conversion from decimal rounds more than once; reading digits does not.
        return double.Parse((2 * sum).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }
}
