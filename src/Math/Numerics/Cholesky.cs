namespace FitCluster.Math.Numerics;

/// <summary>
/// Small positive definite matrices, n x n, row-major, of which the lower triangle is used. TwinEB's, of which a fit has millions, are
/// factorized by fused sums of 4 lanes (<see cref="Factor"/>); those of EBNM's splines by plain sums in order (<see cref="Solve"/>): the
/// results differ in the last bits, and fits keep theirs.
/// </summary>
internal static class Cholesky
{
    /// <summary>
    /// Replaces the lower triangle by its Cholesky factor G, A = G G'. Returns log det A. A pivot that rounding made non-positive counts as
    /// 1e-300.
    /// </summary>
    public static double Factor(Span<double> a, int n)
    {
        var logDeterminant = 0.0;
        for (var i = 0; i < n; i++)
        {
            var row = a.Slice(i * n, n);
            for (var j = 0; j < i; j++)
            {
                row[j] = (row[j] - FactorKernel.Dot(row[..j], a.Slice(j * n, j))) / a[(j * n) + j];
            }

            row[i] = double.Sqrt(double.Max(row[i] - FactorKernel.Dot(row[..i], row[..i]), 1e-300));
            logDeterminant += 2 * double.Log(row[i]);
        }

        return logDeterminant;
    }

    /// <summary>Solves G x = b in place, G with rows of length stride, of which those of b count.</summary>
    public static void SolveLower(ReadOnlySpan<double> g, int stride, Span<double> b)
    {
        for (var i = 0; i < b.Length; i++)
        {
            b[i] = (b[i] - FactorKernel.Dot(g.Slice(i * stride, i), b[..i])) / g[(i * stride) + i];
        }
    }

    /// <summary>Solves G' x = b in place, G as for <see cref="SolveLower"/>.</summary>
    public static void SolveUpper(ReadOnlySpan<double> g, int stride, Span<double> b)
    {
        for (var i = b.Length - 1; i >= 0; i--)
        {
            b[i] /= g[(i * stride) + i];
            FactorKernel.AddScaled(-b[i], g.Slice(i * stride, i), b[..i]);
        }
    }

    /// <summary>The packed lower triangle of (G G')^-1; G is destroyed: it becomes its own inverse.</summary>
    public static void Inverse(Span<double> g, int n, Span<double> packed)
    {
        // Row i of the inverse of G: -(1 / g_ii) sum_j g_ij (row j of the inverse), then 1 / g_ii on the diagonal.
        Span<double> sum = stackalloc double[n];
        for (var i = 0; i < n; i++)
        {
            var row = g.Slice(i * n, n);
            sum[..i].Clear();
            for (var j = 0; j < i; j++)
            {
                FactorKernel.AddScaled(row[j], g.Slice(j * n, j + 1), sum[..(j + 1)]);
            }

            var pivot = 1 / row[i];
            for (var j = 0; j < i; j++)
            {
                row[j] = -pivot * sum[j];
            }

            row[i] = pivot;
        }

        // (G G')^-1 = H' H with H = G^-1.
        packed.Clear();
        for (var k = 0; k < n; k++)
        {
            var row = g.Slice(k * n, k + 1);
            for (int i = 0, at = 0; i <= k; i++, at += i)
            {
                FactorKernel.AddScaled(row[i], row[..(i + 1)], packed.Slice(at, i + 1));
            }
        }
    }

    /// <summary>
    /// x with A x = b, by plain sums; null where a pivot is no more than 1e-12 of its diagonal element: A is not positive definite. Neither
    /// argument is changed.
    /// </summary>
    public static double[]? Solve(double[] matrix, double[] b)
    {
        var p = b.Length;
        var l = (double[])matrix.Clone();
        for (var i = 0; i < p; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var sum = l[(i * p) + j];
                for (var k = 0; k < j; k++)
                {
                    sum -= l[(i * p) + k] * l[(j * p) + k];
                }

                if (i == j && !(sum > 1e-12 * matrix[(i * p) + i]))
                {
                    return null;
                }

                l[(i * p) + j] = i == j ? double.Sqrt(sum) : sum / l[(j * p) + j];
            }
        }

        var z = (double[])b.Clone();
        for (var i = 0; i < p; i++)
        {
            for (var k = 0; k < i; k++)
            {
                z[i] -= l[(i * p) + k] * z[k];
            }

            z[i] /= l[(i * p) + i];
        }

        for (var i = p - 1; i >= 0; i--)
        {
            for (var k = i + 1; k < p; k++)
            {
                z[i] -= l[(k * p) + i] * z[k];
            }

            z[i] /= l[(i * p) + i];
        }

        return z;
    }
}
