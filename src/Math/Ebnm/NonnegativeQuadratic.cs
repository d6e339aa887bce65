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
    private const int Refinements = 3;

    /// <summary>
    /// Minimizes. Reads the upper triangle of H (row-major with the given stride); y is the start, and gets the solution.
    /// </summary>
    public static void Minimize(ReadOnlySpan<double> h, int stride, ReadOnlySpan<double> b, Span<double> y)
    {
        var k = y.Length;
        var passive = new GrowingCholesky(k, Ridge);
        var banned = new bool[k];
        for (var i = 0; i < k; i++)
        {
            if (y[i] > 0)
            {
                passive.Add(h, stride, i);
            }
        }

        var z = new double[k];
        for (var round = 0; round < (3 * k) + 10; round++)
        {
            Descend(h, stride, b, y, passive, z);
            var entering = -1;
            var largest = DualTolerance;
            for (var i = 0; i < k; i++)
            {
                if (banned[i] || y[i] > 0)
                {
                    continue;
                }

                var w = Slope(h, stride, b, y, passive.Variables, i);
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
            passive.Add(h, stride, entering);
        }
    }

    // Moves to the minimum over the passive set, dropping what would become negative.
    private static void Descend(
        ReadOnlySpan<double> h, int stride, ReadOnlySpan<double> b, Span<double> y, GrowingCholesky passive, double[] z)
    {
        var variables = passive.Variables;
        while (variables.Count > 0)
        {
            passive.Solve(b, z);
            var step = 1.0;
            var blocking = -1;
            for (var a = 0; a < variables.Count; a++)
            {
                if (z[a] <= 0)
                {
                    var current = y[variables[a]];
                    var limit = current > 0 ? current / (current - z[a]) : 0;
                    if (limit < step || blocking < 0)
                    {
                        (step, blocking) = (double.Min(step, limit), a);
                    }
                }
            }

            for (var a = 0; a < variables.Count; a++)
            {
                y[variables[a]] += step * (z[a] - y[variables[a]]);
            }

            if (blocking < 0)
            {
                Refine(h, stride, b, y, passive, z);
                return;
            }

            for (var a = variables.Count - 1; a >= 0; a--)
            {
                if (a == blocking || y[variables[a]] <= 0)
                {
                    y[variables[a]] = 0;
                    passive.RemoveAt(a);
                }
            }
        }
    }

    // What the ridge left undone, where that keeps all variables positive.
    private static void Refine(
        ReadOnlySpan<double> h, int stride, ReadOnlySpan<double> b, Span<double> y, GrowingCholesky passive, double[] z)
    {
        var residual = new double[b.Length];
        for (var round = 0; round < Refinements; round++)
        {
            foreach (var p in passive.Variables)
            {
                residual[p] = Slope(h, stride, b, y, passive.Variables, p);
            }

            passive.Solve(residual, z);
            for (var a = 0; a < passive.Variables.Count; a++)
            {
                if (!(y[passive.Variables[a]] + z[a] > 0))
                {
                    return;
                }
            }

            for (var a = 0; a < passive.Variables.Count; a++)
            {
                y[passive.Variables[a]] += z[a];
            }
        }
    }

    // b_i - (H y)_i.
    private static double Slope(ReadOnlySpan<double> h, int stride, ReadOnlySpan<double> b, Span<double> y, List<int> variables, int i)
    {
        var slope = b[i];
        foreach (var j in variables)
        {
            slope -= (i <= j ? h[(i * stride) + j] : h[(j * stride) + i]) * y[j];
        }

        return slope;
    }
}
