using FitCluster.Math.Ebmf;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

public sealed class ResidualKernelTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 17, 2)]
    [InlineData(4, 16, 3)]
    [InlineData(13, 45, 5)]
    public void The_residual_kernel_equals_its_scalar_twin(int rows, int columns, int factors)
    {
        double Draw(ulong stream, int i) => Philox.Normal(7, stream, (ulong)i);
        double[] y = [.. Enumerable.Range(0, rows * columns).Select(i => Draw(1, i))];
        double[] l = [.. Enumerable.Range(0, rows * factors).Select(i => Draw(2, i))];
        double[] f = [.. Enumerable.Range(0, columns * factors).Select(i => Draw(3, i))];
        var expected = y.Select((v, at) =>
        {
            for (var k = 0; k < factors; k++)
            {
                v = double.FusedMultiplyAdd(-l[(k * rows) + (at / columns)], f[(k * columns) + (at % columns)], v);
            }

            return v;
        }).ToArray();
        ResidualKernel.Subtract(y, rows, columns, l, f, factors);
        Assert.Equal(expected, y);
    }
}
