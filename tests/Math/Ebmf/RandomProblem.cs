using FitCluster.Math.Numerics;

namespace FitCluster.Math.Tests.Ebmf;

/// <summary>A seeded matrix of sparse factors and noise, with missing entries and zeros where asked.</summary>
internal static class RandomProblem
{
    public static double[][] Make(
        ulong seed, int n, int p, int k, double noise = 1, double missing = 0, double zeros = 0, bool nonnegative = false)
    {
        double Side(ulong stream, int i, int t)
        {
            var index = ((ulong)i * 64) + (ulong)t;
            var value = Philox.Uniform(seed, stream + 1, index) < 0.5 ? 2 * Philox.Normal(seed, stream, index) : 0;
            return nonnegative ? double.Abs(value) : value;
        }

        var y = new double[n][];
        for (var i = 0; i < n; i++)
        {
            y[i] = new double[p];
            for (var j = 0; j < p; j++)
            {
                var index = ((ulong)i * (ulong)p) + (ulong)j;
                var sum = noise * Philox.Normal(seed, 5, index);
                for (var t = 0; t < k; t++)
                {
                    sum += Side(1, i, t) * Side(3, j, t);
                }

                y[i][j] = Philox.Uniform(seed, 6, index) < missing ? double.NaN : Philox.Uniform(seed, 7, index) < zeros ? 0 : sum;
            }
        }

        return y;
    }
}
