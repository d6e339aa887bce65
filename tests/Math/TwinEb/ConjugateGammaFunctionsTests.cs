using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

public class ConjugateGammaFunctionsTests
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
        Assert.Equal(logGamma, ConjugateGammaFunctions.LogGamma(x), 3e-14 * double.Max(1, double.Abs(logGamma)));
        Assert.Equal(digamma, ConjugateGammaFunctions.Digamma(x), 3e-14 * double.Max(1, double.Abs(digamma)));
    }

    [Fact]
    public void Trigamma_at_one_is_pi_squared_over_six()
    {
        Assert.Equal(double.Pi * double.Pi / 6, ConjugateGammaFunctions.Trigamma(1), 1e-13);
        Assert.Equal(double.Pi * double.Pi / 2, ConjugateGammaFunctions.Trigamma(0.5), 1e-13);
    }

    [Fact]
    public void The_vector_kernel_agrees_with_its_scalar_twin()
    {
        for (var trial = 0; trial < 1000; trial++)
        {
            double[] x = [.. Enumerable.Range(0, Vector256<double>.Count).Select(
                i => double.Exp(-9 + (36 * Philox.Uniform(11, (ulong)trial, (ulong)i))))];
            var logGamma = ConjugateGammaFunctions.LogGamma(Vector256.Create<double>(x));
            for (var i = 0; i < x.Length; i++)
            {
                var scalar = ConjugateGammaFunctions.LogGamma(x[i]);
                Assert.True(double.Abs(scalar - logGamma[i]) <= 3e-14 * double.Max(1, double.Abs(scalar)), $"log gamma of {x[i]}");
            }
        }
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.5)]
    [InlineData(3)]
    [InlineData(500)]
    public void The_shape_of_a_gap_is_found(double shape)
    {
        var gap = double.Log(shape) - ConjugateGammaFunctions.Digamma(shape);
        Assert.Equal(shape, ConjugateGammaFunctions.ShapeOfGap(gap, 1e-3, 1e4), 1e-8 * shape);
    }

    [Fact]
    public void A_shape_outside_its_bounds_is_held_at_the_bound()
    {
        Assert.Equal(1e4, ConjugateGammaFunctions.ShapeOfGap(0, 0.01, 1e4));
        Assert.Equal(1e4, ConjugateGammaFunctions.ShapeOfGap(1e-9, 0.01, 1e4));
        Assert.Equal(0.01, ConjugateGammaFunctions.ShapeOfGap(1e6, 0.01, 1e4));
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
        ConjugateShapeOfGap.Of([.. gaps, 0], shapes, 0.01, 1e4);
        for (var i = 0; i < shapes.Length; i++)
        {
            var expected = ConjugateGammaFunctions.ShapeOfGap(gaps[i], 0.01, 1e4);

            if (!(gaps[i] > 0))
            {
                Assert.Equal(1e4, shapes[i]);
                continue;
            }

            // log a - digamma(a) has an error of 3e-14 of max(1, |digamma a|) (the scalar functions),
            // and a shape's of gap is that over gap.
            Assert.Equal(expected, shapes[i], expected * double.Max(1e-12, 2e-13 / gaps[i]));
        }
    }
}
