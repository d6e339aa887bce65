using MathNet.Numerics.LinearAlgebra;

namespace FitCluster.Math.Ebmf;

/// <summary>Least squares of one row on factors, for a start.</summary>
internal static class RidgedLeastSquares
{
    // Beside the factors' sums of squares: of fewer observed entries than factors, the shortest solution.
    private const double Ridge = 1e-8;

    /// <summary>Solves (F'F + ridge) l = F'y; of <paramref name="gram"/>, K x K, the lower triangle is read.</summary>
    public static void Solve(ReadOnlySpan<double> gram, ReadOnlySpan<double> cross, Span<double> loadings)
    {
        var k = cross.Length;
        if (!cross.ContainsAnyExcept(0))
        {
            loadings.Clear();
            return;
        }

        var a = Matrix<double>.Build.Dense(k, k);
        for (var i = 0; i < k; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                a[i, j] = a[j, i] = gram[(i * k) + j];
            }
        }

        // Where there is something to regress on, the trace is above 0.
        var ridge = Ridge * a.Trace();
        for (var i = 0; i < k; i++)
        {
            a[i, i] += ridge;
        }

        a.Cholesky().Solve(Vector<double>.Build.DenseOfArray(cross.ToArray())).AsArray().CopyTo(loadings);
    }
}
