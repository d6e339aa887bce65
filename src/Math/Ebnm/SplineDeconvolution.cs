using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// Efron's g-modelling (2016, Biometrika 103): weights g_k(a) proportional to exp((Q a)_k) on a grid of points, Q the natural splines of
/// <see cref="NaturalSplineBasis"/>, a maximizing log-likelihood - c0 |a|. Newton's method with the exact Hessian where it is positive
/// definite, otherwise with that of Fisher, and step halving.
/// </summary>
internal sealed class SplineDeconvolution
{
    public const int DegreesOfFreedom = 5;
    public const double Penalty = 1;
    private const double Sufficient = 1e-4;

    // Of the length of coefficients: below it they may be on their way to 0, where the penalty has a kink.
    private const double NearZero = 1e-2;

    // Of the gain a Newton step promises, relative to the objective: below it, the objective's own rounding decides.
    private const double GainTolerance = 1e-13;
    private readonly double[][] basis;
    private readonly int points;

    public SplineDeconvolution(double[] grid)
    {
        points = grid.Length;
        basis = points > DegreesOfFreedom ? NaturalSplineBasis.Columns(grid, DegreesOfFreedom) : [];
    }

    /// <summary>g(a).</summary>
    public double[] Weights(double[] a)
    {
        var log = new double[points];
        for (var j = 0; j < a.Length; j++)
        {
            for (var k = 0; k < points; k++)
            {
                log[k] += a[j] * basis[j][k];
            }
        }

        var most = log.Max();
        var sum = 0.0;
        for (var k = 0; k < points; k++)
        {
            log[k] = double.Exp(log[k] - most);
            sum += log[k];
        }

        return Array.ConvertAll(log, w => w / sum);
    }

    /// <summary>The a whose log g is nearest to that of given weights, in least squares.</summary>
    public double[] Coefficients(ReadOnlySpan<double> weights)
    {
        var p = basis.Length;
        var (h, b) = (new double[p * p], new double[p]);
        for (var j = 0; j < p; j++)
        {
            for (var k = 0; k < points; k++)
            {
                b[j] += basis[j][k] * double.Log(double.Max(weights[k], 1e-300));
            }

            for (var l = 0; l < p; l++)
            {
                h[(j * p) + l] = Dot(basis[j], basis[l]);
            }
        }

        return Cholesky.Solve(h, b) ?? new double[p];
    }

    /// <summary>Maximizes the penalized log-likelihood of rows from a = (1, ..., 1).</summary>
    public (double[] Weights, double LogLikelihood, bool Converged, int Iterations) Fit(LikelihoodRows rows, int maxIterations)
    {
        var start = new double[basis.Length];
        Array.Fill(start, 1);
        var gradient = new double[rows.Width];
        var inverse = new double[rows.Count];
        var (a, converged, iterations) = Maximize(
            start, maxIterations,
            g => rows.Gradient(Padded(g, rows.Width), inverse, gradient),
            (g, slope, hessian) => Derivatives(rows, g, gradient, inverse, slope, hessian));
        var weights = Weights(a);
        return (weights, rows.Gradient(Padded(weights, rows.Width), inverse, gradient) + rows.LogScale, converged, iterations);
    }

    /// <summary>The M-step: maximizes sum_k r_k log g_k(a) - c0 |a| for responsibilities r, from a given a.</summary>
    public double[] Maximize(double[] responsibilities, double[] start)
    {
        var total = responsibilities.Sum();
        var (a, _, _) = Maximize(
            start, 100,
            g =>
            {
                var sum = 0.0;
                for (var k = 0; k < points; k++)
                {
                    sum += responsibilities[k] > 0 ? responsibilities[k] * double.Log(g[k]) : 0;
                }

                return sum;
            },
            (g, slope, hessian) => Multinomial(g, responsibilities, total, slope, hessian));
        return a;
    }

    private static double[] Padded(double[] weights, int width)
    {
        var padded = new double[width];
        weights.CopyTo(padded, 0);
        return padded;
    }

    private static double Dot(double[] x, double[] y)
    {
        var sum = 0.0;
        for (var k = 0; k < x.Length; k++)
        {
            sum += x[k] * y[k];
        }

        return sum;
    }

    // derivatives fills the gradient and minus the Hessian of the log-likelihood, and (second half) a positive definite stand-in.
    private (double[] A, bool Converged, int Iterations) Maximize(
        double[] start, int maxIterations, Func<double[], double> logLikelihood, Action<double[], double[], double[]> derivatives)
    {
        var p = basis.Length;
        var a = start;
        var value = logLikelihood(Weights(a)) - (Penalty * Norm(a));
        var (slope, hessian) = (new double[p], new double[2 * p * p]);
        for (var iteration = 0; iteration < maxIterations; iteration++)
        {
            if (Norm(a) < NearZero)
            {
                // All of 0 is the maximum where the likelihood rises less steeply from it than the penalty; Newton's method would only
                // go to and fro about it.
                var none = new double[p];
                var plain = logLikelihood(Weights(none));
                derivatives(Weights(none), slope, hessian);
                if (plain >= value && Norm(slope) <= Penalty)
                {
                    return (none, true, iteration);
                }

                logLikelihood(Weights(a));
            }

            derivatives(Weights(a), slope, hessian);
            AddPenalty(a, slope, hessian);
            var step = Cholesky.Solve(hessian[..(p * p)], slope) ?? Cholesky.Solve(hessian[(p * p)..], slope) ?? slope;
            var gain = Dot(step, slope);
            if (!(gain > GainTolerance * double.Max(1, double.Abs(value))))
            {
                return (a, true, iteration);
            }

            var accepted = false;
            for (var length = 1.0; length > 1e-12 && !accepted; length /= 2)
            {
                var next = new double[p];
                for (var j = 0; j < p; j++)
                {
                    next[j] = a[j] + (length * step[j]);
                }

                var trial = logLikelihood(Weights(next)) - (Penalty * Norm(next));
                if (trial >= value + (Sufficient * length * gain))
                {
                    (a, value, accepted) = (next, trial, true);
                }
            }

            if (!accepted)
            {
                // No further in double precision.
                logLikelihood(Weights(a));
                return (a, gain < 1e-8 * double.Max(1, double.Abs(value)), iteration);
            }
        }

        return (a, false, maxIterations);
    }

    private static double Norm(double[] a) => double.Sqrt(Dot(a, a));

    private static void AddPenalty(double[] a, double[] slope, double[] hessian)
    {
        var norm = Norm(a);
        if (norm == 0)
        {
            return;
        }

        var p = a.Length;
        for (var j = 0; j < p; j++)
        {
            slope[j] -= Penalty * a[j] / norm;
            for (var l = 0; l < p; l++)
            {
                var curvature = Penalty * ((j == l ? 1 : 0) - (a[j] * a[l] / (norm * norm))) / norm;
                hessian[(j * p) + l] += curvature;
                hessian[(p * p) + (j * p) + l] += curvature;
            }
        }
    }

    // With E_i the mean of Q's rows under the posterior of observation i, and E under g: gradient sum_i (E_i - E), Hessian
    // sum_i (Cov_i - Cov), and sum_i (E_i - E)(E_i - E)' as its positive semidefinite stand-in.
    private void Derivatives(LikelihoodRows rows, double[] g, double[] gradient, double[] inverse, double[] slope, double[] hessian)
    {
        var p = basis.Length;
        var responsibilities = new double[points];
        for (var k = 0; k < points; k++)
        {
            responsibilities[k] = g[k] * gradient[k];
        }

        var means = new double[p][];
        for (var j = 0; j < p; j++)
        {
            var column = new double[rows.Width];
            for (var k = 0; k < points; k++)
            {
                column[k] = g[k] * basis[j][k];
            }

            means[j] = new double[rows.Count];
            rows.Multiply(column, means[j]);
            for (var i = 0; i < rows.Count; i++)
            {
                means[j][i] *= inverse[i];
            }
        }

        Multinomial(g, responsibilities, rows.Count, slope, hessian);
        for (var j = 0; j < p; j++)
        {
            for (var l = 0; l < p; l++)
            {
                double second = 0, mean = Expectation(g, basis[j]), other = Expectation(g, basis[l]);
                for (var k = 0; k < points; k++)
                {
                    second += responsibilities[k] * basis[j][k] * basis[l][k];
                }

                double cross = 0, fisher = 0;
                for (var i = 0; i < rows.Count; i++)
                {
                    cross += means[j][i] * means[l][i];
                    fisher += (means[j][i] - mean) * (means[l][i] - other);
                }

                hessian[(j * p) + l] -= second - cross;
                hessian[(p * p) + (j * p) + l] = fisher;
            }
        }
    }

    private static double Expectation(double[] g, double[] column) => Dot(g, column);

    // Of sum_k r_k log g_k: gradient Q'(r - total g), minus the Hessian total Cov_g(Q), twice over.
    private void Multinomial(double[] g, double[] responsibilities, double total, double[] slope, double[] hessian)
    {
        var p = basis.Length;
        for (var j = 0; j < p; j++)
        {
            slope[j] = 0;
            for (var k = 0; k < points; k++)
            {
                slope[j] += basis[j][k] * (responsibilities[k] - (total * g[k]));
            }

            for (var l = 0; l < p; l++)
            {
                var second = 0.0;
                for (var k = 0; k < points; k++)
                {
                    second += g[k] * basis[j][k] * basis[l][k];
                }

                var covariance = total * (second - (Expectation(g, basis[j]) * Expectation(g, basis[l])));
                hessian[(j * p) + l] = covariance;
                hessian[(p * p) + (j * p) + l] = covariance;
            }
        }
    }
}
