using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Numerics;

public sealed class VarimaxTests
{
    [Fact]
    public void Sparse_columns_that_were_mixed_are_found_again_and_the_rotation_is_orthogonal()
    {
        const int N = 5000, K = 4;
        double[][] sparse = [.. Enumerable.Range(0, K).Select(t => Enumerable.Range(0, N)
            .Select(i => Philox.Uniform(3, (ulong)t, (ulong)i) < 0.15 ? Philox.Normal(4, (ulong)t, (ulong)i) : 0).ToArray())];

        // A rotation of every pair of columns.
        var mixed = sparse.Select(c => (double[])c.Clone()).ToArray();
        for (var a = 0; a < K; a++)
        {
            for (var b = a + 1; b < K; b++)
            {
                for (var i = 0; i < N; i++)
                {
                    (mixed[a][i], mixed[b][i]) = ((0.8 * mixed[a][i]) - (0.6 * mixed[b][i]), (0.6 * mixed[a][i]) + (0.8 * mixed[b][i]));
                }
            }
        }

        var rotation = Varimax.Of(mixed);
        for (var a = 0; a < K; a++)
        {
            for (var b = 0; b < K; b++)
            {
                var dot = Enumerable.Range(0, K).Sum(r => rotation[(r * K) + a] * rotation[(r * K) + b]);
                Assert.Equal(a == b ? 1 : 0, dot, 1e-12);
            }
        }

        var found = Varimax.Turn(mixed, rotation);
        Assert.All(sparse, truth => Assert.True(found.Max(f => double.Abs(Correlation(truth, f))) > 0.99));
        Assert.Equal(Varimax.Identity(1), Varimax.Of([sparse[0]]).Select(double.Abs));
    }

    private static double Correlation(double[] a, double[] b) =>
        a.Zip(b, (x, y) => x * y).Sum() / double.Sqrt(a.Sum(x => x * x) * b.Sum(x => x * x));
}
