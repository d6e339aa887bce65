using System.Numerics.Tensors;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Modified Gram-Schmidt, twice, on vectors that lie one after the other; a vector that vanishes is replaced by a unit vector.
/// </summary>
internal static class Orthonormal
{
    /// <summary>Orthonormal vectors that span the same space.</summary>
    public static double[] Of(double[] block, int length)
    {
        var result = (double[])block.Clone();
        for (var t = 0; t < result.Length / length; t++)
        {
            var v = result.AsSpan(t * length, length);
            var original = Norm(v);
            for (var pass = 0; pass < 2; pass++)
            {
                for (var s = 0; s < t; s++)
                {
                    var u = result.AsSpan(s * length, length);
                    var dot = TensorPrimitives.Dot<double>(u, v);
                    for (var j = 0; j < length; j++)
                    {
                        v[j] -= dot * u[j];
                    }
                }
            }

            var norm = Norm(v);
            if (norm <= 1e-12 * original || norm == 0)
            {
                v.Clear();
                v[t % length] = 1;
                continue;
            }

            for (var j = 0; j < length; j++)
            {
                v[j] /= norm;
            }
        }

        return result;
    }

    private static double Norm(ReadOnlySpan<double> v) => double.Sqrt(TensorPrimitives.SumOfSquares(v));
}
