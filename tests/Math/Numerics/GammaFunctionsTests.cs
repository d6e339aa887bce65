using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Numerics;

public class GammaFunctionsTests
{
    // Abramowitz and Stegun tables 6.1 and 6.3, and closed forms.
    [Theory]
    [InlineData(0.5, 0.57236494292470008707, -1.96351002602142347944)]
    [InlineData(1, 0, -0.57721566490153286061)]
    [InlineData(2, 0, 0.42278433509846713939)]
    [InlineData(10, 12.801827480081469611, 2.2517525890667211077)]
    [InlineData(1e-3, 6.9071788853838536825, -1000.5755719318103005)]
    [InlineData(1e5, 1051287.7089736568949, 11.512920464961896)]
    public void Log_gamma_and_digamma_have_their_known_values(double x, double logGamma, double digamma)
    {
        Assert.Equal(logGamma, GammaFunctions.LogGamma(x), 3e-14 * double.Max(1, double.Abs(logGamma)));
        Assert.Equal(digamma, GammaFunctions.Digamma(x), 3e-14 * double.Max(1, double.Abs(digamma)));
    }

    [Fact]
    public void Trigamma_at_one_is_pi_squared_over_six()
    {
        Assert.Equal(double.Pi * double.Pi / 6, GammaFunctions.Trigamma(1), 1e-13);
        Assert.Equal(double.Pi * double.Pi / 2, GammaFunctions.Trigamma(0.5), 1e-13);
    }

    [Fact]
    public void The_vector_kernel_agrees_with_its_scalar_twin()
    {
        for (var trial = 0; trial < 1000; trial++)
        {
            double[] x = [.. Enumerable.Range(0, Vector256<double>.Count).Select(
                i => double.Exp(-9 + (36 * Philox.Uniform(11, (ulong)trial, (ulong)i))))];
            var logGamma = VectorGamma.LogGamma(Vector256.Create<double>(x));
            for (var i = 0; i < x.Length; i++)
            {
                var scalar = GammaFunctions.LogGamma(x[i]);
                Assert.True(double.Abs(scalar - logGamma[i]) <= 3e-14 * double.Max(1, double.Abs(scalar)), $"log gamma of {x[i]}");
            }
        }
    }
}
