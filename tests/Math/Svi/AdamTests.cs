using FitCluster.Math.Numerics;
using FitCluster.Math.Svi;
using Xunit;

namespace FitCluster.Math.Tests.Svi;

public sealed class AdamTests
{
    [Fact]
    public void A_step_of_Adam_to_other_arrays_is_that_in_place_and_the_formula()
    {
        const int Length = 11;
        var adam = new Adam(0.01, 1e-5, 0.3, 7);
        var (p, m, g) = (Normals(6, 1, Length, 1), Normals(6, 2, Length, 1), Normals(6, 3, Length, 1));
        double[] v = [.. Normals(6, 4, Length, 1).Select(x => x * x)];
        var (nextP, nextM, nextV) = (new double[Length], new double[Length], new double[Length]);
        adam.Apply(p, m, v, g, nextP, nextM, nextV);
        for (var i = 0; i < Length; i++)
        {
            var gradient = (0.3 * g[i]) + (1e-5 * p[i]);
            var (first, second) = ((0.9 * m[i]) + (0.1 * gradient), (0.999 * v[i]) + (0.001 * gradient * gradient));
            var expected = p[i] - (0.01 / (1 - double.Pow(0.9, 7)) * first / (double.Sqrt(second / (1 - double.Pow(0.999, 7))) + 1e-8));
            Assert.Equal(expected, nextP[i], 1e-14);
            Assert.Equal(first, nextM[i], 1e-14);
            Assert.Equal(second, nextV[i], 1e-14);
        }

        adam.Apply(p, m, v, g);
        Assert.Equal(nextP, p);
        Assert.Equal(nextM, m);
        Assert.Equal(nextV, v);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(19)]
    public void Steps_of_Adam_are_those_of_the_scalar_twin(int length)
    {
        var (p, m, v) = (Normals(7, 1, length, 1), new double[length], new double[length]);
        var (slowP, slowM, slowV) = ((double[])p.Clone(), new double[length], new double[length]);
        for (var step = 1; step <= 30; step++)
        {
            // Every third step has no gradient: the moments and the decay move on.
            var adam = new Adam(0.02, 1e-3, 0.7, step);
            var gradient = step % 3 == 0 ? [] : Normals(7, (ulong)(1 + step), length, 2);
            adam.Apply(p, m, v, gradient);
            adam.ApplyScalar(slowP, slowM, slowV, gradient);
            for (var i = 0; i < length; i++)
            {
                Assert.Equal(slowP[i], p[i], 1e-13);
                Assert.Equal(slowM[i], m[i], 1e-14);
                Assert.Equal(slowV[i], v[i], 1e-14);
            }
        }
    }

    [Fact]
    public void A_long_gradient_is_clipped_to_the_norm_and_a_short_one_left_alone()
    {
        Assert.Equal(1, GradientClip.Factor(0, 2));
        Assert.Equal(1, GradientClip.Factor(1.9, 2));
        Assert.Equal(2 / 8.000001, GradientClip.Factor(8, 2), 1e-15);
    }

    // Numbers that stand for parameters.
    private static double[] Normals(ulong seed, ulong stream, int count, double scale) =>
        [.. Enumerable.Range(0, count).Select(p => scale * Philox.Normal(seed, stream, (ulong)p))];
}
