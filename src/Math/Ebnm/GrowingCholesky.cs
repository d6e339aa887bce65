using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// The Cholesky factor G of H_PP, G G' = H_PP, for a set P of variables that come and go one at a time, at O(|P|^2) each: a variable that
/// comes is a row more, and where one goes the rows below are turned back to a triangle (Golub and Van Loan 2013, section 6.5). Each
/// diagonal entry of H is taken (1 + ridge) times, and a pivot that rounding leaves below ridge times its diagonal entry counts as that: it
/// holds its variable in place.
/// </summary>
internal sealed class GrowingCholesky(int capacity, double ridge)
{
    private const double LeastPivot = 1e-300;
    private readonly double[] factor = new double[capacity * capacity];

    /// <summary>P, in the order of the rows.</summary>
    public List<int> Variables { get; } = new(capacity);

    /// <summary>Variable p comes into P; H is read in its upper triangle, row-major with the given stride.</summary>
    public void Add(ReadOnlySpan<double> h, int stride, int p)
    {
        var size = Variables.Count;
        var row = factor.AsSpan(size * capacity, size + 1);
        for (var j = 0; j < size; j++)
        {
            var q = Variables[j];
            row[j] = p <= q ? h[(p * stride) + q] : h[(q * stride) + p];
        }

        Cholesky.SolveLower(factor, capacity, row[..size]);
        var diagonal = h[(p * stride) + p] * (1 + ridge);
        var pivot = diagonal - FactorKernel.Dot(row[..size], row[..size]);
        row[size] = double.Sqrt(double.Max(pivot, double.Max(ridge * diagonal, LeastPivot)));
        Variables.Add(p);
    }

    /// <summary>The variable of row a leaves P.</summary>
    public void RemoveAt(int a)
    {
        var size = Variables.Count - 1;
        for (var i = a; i < size; i++)
        {
            factor.AsSpan((i + 1) * capacity, i + 2).CopyTo(factor.AsSpan(i * capacity));
        }

        // Row i >= a now has an entry right of the diagonal: columns j and j + 1 are turned so that row j loses it.
        for (var j = a; j < size; j++)
        {
            var (x, y) = (factor[(j * capacity) + j], factor[(j * capacity) + j + 1]);
            var length = double.Hypot(x, y);
            var (cosine, sine) = (x / length, y / length);
            for (var i = j; i < size; i++)
            {
                var at = (i * capacity) + j;
                (x, y) = (factor[at], factor[at + 1]);
                factor[at] = (cosine * x) + (sine * y);
                factor[at + 1] = (cosine * y) - (sine * x);
            }
        }

        Variables.RemoveAt(a);
    }

    /// <summary>z = H_PP^-1 b_P, in the order of the rows.</summary>
    public void Solve(ReadOnlySpan<double> b, Span<double> z)
    {
        var solution = z[..Variables.Count];
        for (var i = 0; i < solution.Length; i++)
        {
            solution[i] = b[Variables[i]];
        }

        Cholesky.SolveLower(factor, capacity, solution);
        Cholesky.SolveUpper(factor, capacity, solution);
    }
}
