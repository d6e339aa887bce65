using System.Numerics.Tensors;
using MathNet.Numerics.LinearAlgebra;

namespace FitCluster.Math.Numerics;

/// <summary>
/// The orthogonal rotation R for which the columns of A R have the most varying squares, sum over columns of the variance of z^2 (Kaiser
/// 1958, without his normalization of rows), by the iteration R = polar factor of A'(Z^3 - Z mean Z^2), Z = A R.
/// </summary>
internal static class Varimax
{
    private const int MostIterations = 60;

    // A start needs no better rotation than this relative change of the criterion's gradient.
    private const double Tolerance = 1e-5;

    /// <summary>R, K x K row-major, of K columns of equal length. A local optimum, found from R = I.</summary>
    public static double[] Of(double[][] a)
    {
        var k = a.Length;
        var rotation = Identity(k);
        var before = 0.0;
        for (var iteration = 0; iteration < MostIterations; iteration++)
        {
            var target = Turn(a, rotation);
            foreach (var z in target)
            {
                var mean = TensorPrimitives.SumOfSquares<double>(z) / int.Max(1, z.Length);
                for (var i = 0; i < z.Length; i++)
                {
                    z[i] *= (z[i] * z[i]) - mean;
                }
            }

            var svd = Matrix<double>.Build.Dense(k, k, (r, c) => TensorPrimitives.Dot<double>(a[r], target[c])).Svd();
            var value = svd.S.Sum();
            if (!(value > before * (1 + Tolerance)))
            {
                break;
            }

            before = value;
            var polar = svd.U * svd.VT;
            for (var r = 0; r < k; r++)
            {
                for (var c = 0; c < k; c++)
                {
                    rotation[(r * k) + c] = polar[r, c];
                }
            }
        }

        return rotation;
    }

    /// <summary>A R, column by column.</summary>
    public static double[][] Turn(double[][] a, double[] rotation)
    {
        var k = a.Length;
        var result = new double[k][];
        for (var c = 0; c < k; c++)
        {
            result[c] = new double[a[0].Length];
            for (var r = 0; r < k; r++)
            {
                TensorPrimitives.MultiplyAdd(a[r], rotation[(r * k) + c], result[c], result[c]);
            }
        }

        return result;
    }

    /// <summary>The rotation that changes nothing.</summary>
    public static double[] Identity(int k)
    {
        var rotation = new double[k * k];
        for (var t = 0; t < k; t++)
        {
            rotation[(t * k) + t] = 1;
        }

        return rotation;
    }
}
