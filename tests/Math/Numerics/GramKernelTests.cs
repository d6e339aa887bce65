using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Numerics;

public sealed class GramKernelTests
{
    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(3, 3, 1)]
    [InlineData(8, 5, 7)]
    [InlineData(10, 10, 40)]
    [InlineData(19, 2, 33)]
    [InlineData(33, 33, 12)]
    public void Sums_are_those_of_plain_loops(int factors, int active, int listed)
    {
        const int Vectors = 50;
        var pad = SparseKernel.Pad(factors);
        double Draw(ulong stream, int i) => Philox.Normal(11, stream, (ulong)i);
        var v = new double[Vectors * pad];
        for (var i = 0; i < Vectors * factors; i++)
        {
            v[((i / factors) * pad) + (i % factors)] = Draw(1, i);
        }

        int[] rows = [.. Enumerable.Range(0, active).Select(t => (t * 3) % factors)];
        int[] entries = [.. Enumerable.Range(0, listed).Select(e => (e * 7) % Vectors)];
        double[] weights = [.. Enumerable.Range(0, listed).Select(e => Draw(2, e))];
        var (sums, vectors) = (new double[active * pad], new double[pad]);
        sums.AsSpan().Fill(0.5);
        GramKernel.Add(entries, weights, v, pad, rows, sums);
        GramKernel.AddVectors(entries, weights, v, pad, vectors);
        for (var k = 0; k < pad; k++)
        {
            Assert.Equal(entries.Select((i, e) => weights[e] * v[(i * pad) + k]).Sum(), vectors[k], 1e-12);
            for (var t = 0; t < active; t++)
            {
                var sum = 0.5 + entries.Select((i, e) => weights[e] * v[(i * pad) + rows[t]] * v[(i * pad) + k]).Sum();
                Assert.Equal(sum, sums[(t * pad) + k], 1e-11);
            }
        }
    }
}
