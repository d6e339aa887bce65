using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Numerics;

public sealed class CholeskyTests
{
    [Fact]
    public void Cholesky_inverse_and_solution_agree_with_the_matrix()
    {
        const int N = 11;
        var matrix = PositiveDefinite(3, 4, N);

        var g = (double[])matrix.Clone();
        Cholesky.Factor(g, N);
        var solved = Enumerable.Range(0, N).Select(i => (double)i).ToArray();
        Cholesky.SolveLower(g, N, solved);
        Cholesky.SolveUpper(g, N, solved);
        var inverse = new double[N * (N + 1) / 2];
        Cholesky.Inverse(g, N, inverse);
        double Inverse(int i, int j) => i >= j ? inverse[(i * (i + 1) / 2) + j] : inverse[(j * (j + 1) / 2) + i];
        for (var i = 0; i < N; i++)
        {
            Assert.Equal(i, Enumerable.Range(0, N).Sum(k => matrix[(i * N) + k] * solved[k]), 1e-9);
            for (var j = 0; j < N; j++)
            {
                Assert.Equal(i == j ? 1 : 0, Enumerable.Range(0, N).Sum(k => matrix[(i * N) + k] * Inverse(k, j)), 1e-9);
            }
        }
    }

    [Fact]
    public void Plain_sums_solve_what_fused_ones_solve_and_say_what_is_not_positive_definite()
    {
        const int N = 7;
        var matrix = PositiveDefinite(5, 6, N);

        double[] b = [.. Enumerable.Range(0, N).Select(i => i - 2.5)];
        var (g, fused, held) = ((double[])matrix.Clone(), (double[])b.Clone(), (double[])b.Clone());
        Cholesky.Factor(g, N);
        Cholesky.SolveLower(g, N, fused);
        Cholesky.SolveUpper(g, N, fused);
        var plain = Cholesky.Solve(matrix, b);
        var growing = new GrowingCholesky(N, 1e-12);
        for (var i = 0; i < N; i++)
        {
            growing.Add(matrix, N, i);
        }

        growing.Solve(b, held);
        for (var i = 0; i < N; i++)
        {
            Assert.Equal(fused[i], plain![i], 1e-12);
            Assert.Equal(fused[i], held[i], 1e-9);
        }

        // Rank 1: the second pivot is nothing, and its variable is held.
        double[] singular = [1, 1, 1, 1], two = [1, 1];
        Assert.Null(Cholesky.Solve(singular, two));
        var kept = new GrowingCholesky(2, 1e-12);
        kept.Add(singular, 2, 0);
        kept.Add(singular, 2, 1);
        kept.Solve([1, 1], two);
        Assert.Equal(1, two[0] + two[1], 1e-6);
    }

    [Fact]
    public void A_factor_whose_variables_come_and_go_is_that_of_those_that_stay()
    {
        const int N = 40;
        var matrix = PositiveDefinite(7, 6, N);

        var growing = new GrowingCholesky(N, 0);
        Array.ForEach([.. Enumerable.Range(0, N)], i => growing.Add(matrix, N, i));
        foreach (var a in new[] { 0, 38, 17, 5, 5, 20 })
        {
            growing.RemoveAt(a);
        }

        growing.Add(matrix, N, 0);
        double[] b = [.. Enumerable.Range(0, N).Select(i => i - 2.5)], z = new double[N];
        growing.Solve(b, z);
        var left = growing.Variables.ToArray();
        Assert.Equal(N - 5, left.Length);
        foreach (var p in left)
        {
            Assert.Equal(b[p], Enumerable.Range(0, left.Length).Sum(a => matrix[(p * N) + left[a]] * z[a]), 1e-9);
        }
    }

    private static double[] PositiveDefinite(ulong seed, ulong stream, int n)
    {
        var root = Enumerable.Range(0, n * n).Select(i => Philox.Normal(seed, stream, (ulong)i)).ToArray();
        return [.. Enumerable.Range(0, n * n).Select(i =>
            Enumerable.Range(0, n).Sum(k => root[(i / n * n) + k] * root[(i % n * n) + k]) + (i / n == i % n ? 1 : 0))];
    }
}
