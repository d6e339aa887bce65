using FitCluster.Math.Ebmf;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

public sealed class KullbackLeiblerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(83)]
    public void The_gaussian_part_equals_its_scalar_twin(int count)
    {
        // Runs of equal standard deviations, single ones, and infinite ones.
        var s = Enumerable.Range(0, count)
            .Select(i => i % 29 == 28 ? double.PositiveInfinity : i < 40 ? 0.7 : 0.5 + Philox.Uniform(1, 1, (ulong)i)).ToArray();
        var (x, mean, variance) = (new double[count], new double[count], new double[count]);
        var expected = 0.0;
        for (var i = 0; i < count; i++)
        {
            (x[i], mean[i]) = (Philox.Normal(1, 2, (ulong)i), Philox.Normal(1, 3, (ulong)i));
            variance[i] = Philox.Uniform(1, 4, (ulong)i);
            if (double.IsFinite(s[i]))
            {
                var square = s[i] * s[i];
                expected += 0.5 * (double.Log(2 * double.Pi * square) + ((((mean[i] - x[i]) * (mean[i] - x[i])) + variance[i]) / square));
            }
        }

        Assert.Equal(expected, KullbackLeibler.GaussianPart(x, s, mean, variance), 1e-12 * double.Max(1, double.Abs(expected)));
    }
}
