using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// min over y &gt;= 0 of 1/2 y'Hy - b'y by a primal active-set method (after Lawson and Hanson 1974, chapter 23): H symmetric positive
/// semidefinite, k x k. A ridge of 1e-12 of each diagonal entry keeps nearly collinear components apart; as the caller takes
/// Newton steps from exact gradients, it slows convergence only in directions in which the objective is flat.
/// </summary>
internal static class NonnegativeQuadratic
{
    private const double Ridge = 1e-12;
    private const double DualTolerance = 1e-13;

    /// <summary>
    /// Minimizes. Reads the upper triangle of H (row-major with the given stride); y is the start, and gets the solution.
    /// </summary>
    public static void Minimize(ReadOnlySpan<double> h, int stride, ReadOnlySpan<double> b, Span<double> y)
    {
        var k = y.Length;
        var passive = new List<int>(k);
        var banned = new bool[k];
        for (var i = 0; i < k; i++)
        {
            if (y[i] > 0)
            {
                passive.Add(i);
            }
        }

        var factor = new double[k * k];
        var z = new double[k];
        for (var round = 0; round < (3 * k) + 10; round++)
        {
            Descend(h, stride, b, y, passive, factor, z);
            var entering = -1;
            var largest = DualTolerance;
            for (var i = 0; i < k; i++)
            {
                if (banned[i] || y[i] > 0)
                {
                    continue;
                }

                var w = b[i];
                foreach (var j in passive)
                {
                    w -= (i <= j ? h[(i * stride) + j] : h[(j * stride) + i]) * y[j];
                }

                if (w > largest)
                {
                    (largest, entering) = (w, i);
                }
            }

            if (entering < 0)
            {
                return;
            }

            // A component that enters twice would cycle on rounding errors.
            banned[entering] = true;
            passive.Add(entering);
        }
    }

    // Moves to the minimum over the passive set, dropping what would become negative.
    private static void Descend(
        ReadOnlySpan<double> h, int stride, ReadOnlySpan<double> b, Span<double> y, List<int> passive, double[] factor, double[] z)
    {
        while (passive.Count > 0)
        {
            Solve(h, stride, b, passive, factor, z);
            var step = 1.0;
            var blocking = -1;
            for (var a = 0; a < passive.Count; a++)
            {
                if (z[a] <= 0)
                {
                    var current = y[passive[a]];
                    var limit = current > 0 ? current / (current - z[a]) : 0;
                    if (limit < step || blocking < 0)
                    {
                        (step, blocking) = (double.Min(step, limit), a);
                    }
                }
            }

            for (var a = 0; a < passive.Count; a++)
            {
                y[passive[a]] += step * (z[a] - y[passive[a]]);
            }

            if (blocking < 0)
            {
                return;
            }

            for (var a = passive.Count - 1; a >= 0; a--)
            {
                if (a == blocking || y[passive[a]] <= 0)
                {
                    y[passive[a]] = 0;
                    passive.RemoveAt(a);
                }
            }
        }
    }

    // z = H_PP^-1 b_P; a pivot lost to rounding is replaced by one that holds its variable in place.
    private static void Solve(ReadOnlySpan<double> h, int stride, ReadOnlySpan<double> b, List<int> passive, double[] factor, double[] z)
    {
        var k = passive.Count;
        for (var i = 0; i < k; i++)
        {
            var p = passive[i];
            z[i] = b[p];
            for (var j = 0; j <= i; j++)
            {
                var q = passive[j];
                factor[(i * k) + j] = p <= q ? h[(p * stride) + q] : h[(q * stride) + p];
            }
        }

        Cholesky.SolveHeld(factor, k, Ridge, z);
    }
}
