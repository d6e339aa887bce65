using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Nb.Tests.Reference;

public sealed class GammaGradientTests
{
    [Theory]
    [InlineData(0.05)]
    [InlineData(0.5)]
    [InlineData(1.0)]
    [InlineData(3.7)]
    [InlineData(40.0)]
    [InlineData(900.0)]
    public void Expectations_have_their_derivatives(double a)
    {
        // E x = a and E x^2 = a (a + 1): the expectations of dx/da and 2 x dx/da are 1 and 2 a + 1. Trapezoids in log x.
        var (first, second) = (0.0, 0.0);
        const double Step = 1.0 / 128;
        for (var y = -60.0; y < 8; y += Step)
        {
            var x = double.Exp(y);
            var density = double.Exp((a * y) - x - GammaFunctions.LogGamma(a)) * Step;
            if (density > 1e-22)
            {
                var slope = GammaGradient.ByShape(a, x);
                first += density * slope;
                second += density * 2 * x * slope;
            }
        }

        Assert.Equal(1, first, 1e-8);
        Assert.Equal((2 * a) + 1, second, 1e-8 * a);
    }

    [Theory]
    [InlineData(1.0, 8.9, 9.1)]
    [InlineData(4.0, 11.9, 12.1)]
    [InlineData(0.3, 8.2, 8.4)]
    public void The_two_ways_meet(double a, double below, double above)
    {
        // Smooth across the change from series to integral: the middle is the mean of the two sides, to second order.
        var middle = 0.5 * (below + above);
        var mean = 0.5 * (GammaGradient.ByShape(a, below) + GammaGradient.ByShape(a, above));
        Assert.Equal(mean, GammaGradient.ByShape(a, middle), 1e-3 * mean);
        Assert.Equal(GammaGradient.ByShape(a, a + 8 - 1e-9), GammaGradient.ByShape(a, a + 8 + 1e-9), 1e-8 * mean);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(2.5)]
    public void Draws_have_the_moments(double a)
    {
        var (sum, square, n) = (0.0, 0.0, 20000);
        for (var i = 0; i < n; i++)
        {
            var x = GammaGradient.Draw(a, 4, 9, (ulong)i);
            (sum, square) = (sum + x, square + (x * x));
        }

        Assert.Equal(a, sum / n, 6 * double.Sqrt(a / n));
        Assert.Equal(a * (a + 1), square / n, 0.08 * a * (a + 1));
    }
}
