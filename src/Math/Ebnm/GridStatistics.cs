namespace FitCluster.Math.Ebnm;

/// <summary>
/// What a grid family sums over observations, at a prior with M components and weights pi; S_k = L_k / (L pi):
/// [count, log-likelihood, log-likelihood of the point at the mode, the M sums of S_k, and, for M &lt;= 64, the sums of S_k S_l, l &gt;=
/// k]; and the steps of the weights that they allow.
/// </summary>
internal static class GridStatistics
{
    public const int Count = 0;
    public const int LogLikelihood = 1;
    public const int NullLogLikelihood = 2;
    public const int Sums = 3;

    /// <summary>With more components the second-order sums would be a larger message than they are worth.</summary>
    public const int MostQuadratic = 64;

    // Over-relaxation of EM where there are no second-order sums: converges for exponents in (0, 2).
    private const double Relaxation = 1.8;
    private const double Revived = 1e-6;
    private const double Vastly = 100;

    /// <summary>The number of sums for M components.</summary>
    public static int Length(int m) => Sums + m + (m <= MostQuadratic ? m * (m + 1) / 2 : 0);

    /// <summary>
    /// One EM step for log-likelihood + penalty log pi_0: pi_k sum S_k (+ penalty for k = 0), scaled to sum 1. Never lowers it.
    /// </summary>
    public static double[] Expectation(ReadOnlySpan<double> pi, ReadOnlySpan<double> statistics, double penalty)
    {
        var next = new double[pi.Length];
        for (var k = 0; k < next.Length; k++)
        {
            next[k] = (pi[k] * statistics[Sums + k]) + (k == 0 ? penalty : 0);
        }

        return Normalized(next);
    }

    /// <summary>pi_k (sum S_k / n)^1.8, where a component without weight and with sum S_k &gt; n gets a little of it.</summary>
    public static double[] Relaxed(ReadOnlySpan<double> pi, ReadOnlySpan<double> statistics, double penalty)
    {
        var total = statistics[Count] + penalty;
        var next = new double[pi.Length];
        if (Revive(pi, statistics, total) is { } revived)
        {
            return revived;
        }

        for (var k = 0; k < next.Length; k++)
        {
            var gradient = (statistics[Sums + k] + (k == 0 && penalty > 0 ? penalty / pi[0] : 0)) / total;
            next[k] = pi[k] > 0 ? pi[k] * double.Pow(gradient, Relaxation) : gradient > 1 + 1e-6 ? Revived : 0;
        }

        return Normalized(next);
    }

    /// <summary>
    /// A damped step of sequential quadratic programming (the model of <see cref="MixtureWeights"/>): the whole step near the optimum,
    /// shorter the further it goes; weights at 0 may come back.
    /// </summary>
    public static double[] Newton(ReadOnlySpan<double> pi, ReadOnlySpan<double> statistics, double penalty)
    {
        var m = pi.Length;
        var total = statistics[Count] + penalty;
        var stride = m;
        if (Revive(pi, statistics, total) is { } revived)
        {
            return revived;
        }

        var h = new double[m * m];
        var b = new double[m];
        var y = pi.ToArray();
        for (int k = 0, at = Sums + m; k < m; k++)
        {
            b[k] = (2 * (statistics[Sums + k] + (k == 0 && penalty > 0 ? penalty / pi[0] : 0)) / total) - 1;
            for (var l = k; l < m; l++)
            {
                h[(k * stride) + l] = statistics[at++] / total;
            }
        }

        if (penalty > 0)
        {
            h[0] += penalty / (pi[0] * pi[0] * total);
        }

        NonnegativeQuadratic.Minimize(h, stride, b, y);
        Normalized(y);
        var decrement = 0.0;
        for (var k = 0; k < m; k++)
        {
            for (var l = k; l < m; l++)
            {
                decrement += (k == l ? 1 : 2) * h[(k * stride) + l] * (y[k] - pi[k]) * (y[l] - pi[l]);
            }
        }

        // decrement is the mean square of the relative change of (L pi)_i.
        var length = 1 / (1 + double.Sqrt(double.Max(decrement, 0)));
        for (var k = 0; k < m; k++)
        {
            y[k] = pi[k] + (length * (y[k] - pi[k]));
            y[k] = y[k] < MixtureWeights.LeastWeight ? 0 : y[k];
        }

        return Normalized(y);
    }

    // Where a component without weight fits some observations vastly better than all others, the second-order model has no reach: a tenth
    // of the weight goes to all such components.
    private static double[]? Revive(ReadOnlySpan<double> pi, ReadOnlySpan<double> statistics, double total)
    {
        var next = pi.ToArray();
        var count = 0;
        for (var k = 0; k < next.Length; k++)
        {
            count += pi[k] == 0 && statistics[Sums + k] > Vastly * total ? 1 : 0;
        }

        for (var k = 0; k < next.Length && count > 0; k++)
        {
            next[k] = (0.9 * next[k]) + (pi[k] == 0 && statistics[Sums + k] > Vastly * total ? 0.1 / count : 0);
        }

        return count > 0 ? Normalized(next) : null;
    }

    private static double[] Normalized(double[] weights)
    {
        var sum = weights.Sum();
        for (var k = 0; k < weights.Length; k++)
        {
            weights[k] /= sum;
        }

        return weights;
    }
}
