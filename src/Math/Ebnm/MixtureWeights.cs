namespace FitCluster.Math.Ebnm;

/// <summary>
/// Maximum-likelihood weights of a mixture with given components: the maximum over the simplex of
/// F(pi) = sum_i log (L pi)_i + c log pi_0, c &gt;= 0, which is concave.
/// As F changes by a known amount under scaling, the maximum of F - (n + c) sum_k pi_k over pi &gt;= 0 is on the simplex; each
/// iteration maximizes its second-order model over a set of active components (after the constrained Newton method of Wang 2007,
/// JRSS B 69: the support, and the local maxima of the gradient) while all others keep their proportions as one more column.
/// </summary>
internal static class MixtureWeights
{
    /// <summary>Weights below this are set to 0 at the end.</summary>
    public const double LeastWeight = 1e-10;

    /// <summary>The default bound on max_k (gradient_k / (n + c)) - 1; n + c times it bounds the log-likelihood yet to gain.</summary>
    public const double DefaultTolerance = 1e-10;

    // A gap that passes for an optimum where rounding errors forbid the tolerance.
    private const double Certain = 1e-8;

    private const int MostActive = 112;
    private const int FewActive = 28;
    private const int MostParts = 8;
    private const int Stalled = 4;
    private const int SampleRows = 1000;
    private const double Sufficient = 1e-4;

    // At an optimum pi_0 >= c / (n + c).
    private const double LeastNull = 1e-50;

    // Of a sum of n logarithms.
    private const double Rounding = 1e-11;

    /// <summary>The weights (length M, sum 1), the log-likelihood without the penalty, and how well the optimum was met.</summary>
    public readonly record struct Result(double[] Weights, double LogLikelihood, double Gap, int Iterations, bool Converged)
    {
        /// <summary>The fit: the prior with these weights.</summary>
        public EbnmFit Of(Prior prior) => new(GridFamily.Weighted(prior, Weights), LogLikelihood, Converged, Iterations) { Gap = Gap };
    }

    /// <summary>Solves from the given weights (of any positive sum; components with weight 0 may come in).</summary>
    public static Result Solve(
        LikelihoodRows rows, ReadOnlySpan<double> start, double nullPenalty = 0, double tolerance = DefaultTolerance,
        int maxIterations = 1000)
    {
        var pi = new double[rows.Width];
        start.CopyTo(pi);
        if (rows.Count == 0)
        {
            Normalize(pi);
            return new Result(pi[..rows.Components], 0, 0, 0, true);
        }

        // A solution on some of the rows gives a small support to start with; a little of the start stays, so that no row is without mass.
        var iterations = 0;
        if (rows.Count > 4 * SampleRows)
        {
            var sample = rows.Thin(rows.Count / SampleRows);
            var coarse = Newton(sample, pi, nullPenalty * sample.Count / rows.Count, 1e-6, maxIterations);
            Normalize(pi);
            for (var k = 0; k < coarse.Weights.Length; k++)
            {
                pi[k] = (0.999 * coarse.Weights[k]) + (0.001 * pi[k]);
            }

            iterations = coarse.Iterations;
        }

        var result = Newton(rows, pi, nullPenalty, tolerance, maxIterations);
        return result with { Iterations = iterations + result.Iterations };
    }

    private static Result Newton(LikelihoodRows rows, double[] start, double penalty, double tolerance, int maxIterations)
    {
        var state = new State(rows, (double[])start.Clone(), penalty);
        var trial = new State(rows, new double[rows.Width], penalty);
        var total = rows.Count + penalty;
        state.Evaluate();
        var hessian = Array.Empty<double>();
        var iteration = 0;
        var stalled = 0;
        var parts = 0;
        var gap = Gap(state, total);
        for (; gap > tolerance && iteration < maxIterations && stalled < Stalled; iteration++)
        {
            // Part of a large support will do at first, as it mostly shrinks; then all of it, however large.
            var support = Support(state);
            var isPart = support.Count > MostActive && parts < MostParts;
            parts += isPart ? 1 : 0;
            var active = Active(state, isPart ? Part(support, state.Pi) : support, total, out var rest);
            var k = active.Length + (rest > 0 ? 1 : 0);
            var stride = (k + 7) & ~7;
            if (hessian.Length < k * stride)
            {
                hessian = new double[k * stride];
            }

            rows.Hessian(active, rest > 0, state.Pi, state.Inverse, hessian.AsSpan(0, k * stride), stride);
            var y = Step(state, active, rest, hessian, stride, total);
            var direction = Direction(state, active, y, rest > 0);
            var slope = 0.0;
            for (var i = 0; i < rows.Components; i++)
            {
                slope += direction[i] * state.Gradient[i];
            }

            var noise = Rounding * double.Max(double.Abs(state.Objective), total);
            var accepted = false;
            for (var length = 1.0; length > 1e-4 && !accepted; length *= length == 1.0 ? 0.5 : 0.3)
            {
                for (var i = 0; i < rows.Components; i++)
                {
                    trial.Pi[i] = double.Max(state.Pi[i] + (length * direction[i]), 0);
                }

                Normalize(trial.Pi);
                trial.Evaluate();

                // Where the gain is less than the objective's rounding errors, the certificate decides.
                accepted = trial.Objective >= state.Objective + (Sufficient * length * slope)
                    || (slope < noise && trial.Objective >= state.Objective - noise && Gap(trial, total) < gap);
            }

            if (!accepted)
            {
                // Rounding, or a step too far from where its model holds.
                Expectation(state, trial, total);
            }

            var before = gap;
            gap = Gap(trial, total);
            stalled = gap > 0.5 * before && trial.Objective <= state.Objective + (1e-13 * double.Abs(state.Objective)) ? stalled + 1 : 0;
            (state, trial) = (trial, state);
        }

        return Finish(state, trial, total, gap, iteration, tolerance);
    }

    // An EM step: pi_k times gradient_k / total; it never lowers the objective.
    private static void Expectation(State state, State trial, double total)
    {
        for (var i = 0; i < state.Pi.Length; i++)
        {
            trial.Pi[i] = state.Pi[i] * state.Gradient[i] / total;
        }

        Normalize(trial.Pi);
        trial.Evaluate();
    }

    // The certificate is that of the weights that are returned.
    private static Result Finish(State state, State trial, double total, double gap, int iteration, double tolerance)
    {
        for (var i = 0; i < state.Pi.Length; i++)
        {
            trial.Pi[i] = state.Pi[i] < LeastWeight ? 0 : state.Pi[i];
        }

        Normalize(trial.Pi);
        trial.Evaluate();
        var trimmed = double.IsFinite(trial.Objective) ? Gap(trial, total) : double.PositiveInfinity;
        if (!(trimmed <= double.Max(gap, tolerance)))
        {
            (state, trial) = (trial, state);
            Normalize(trial.Pi);
            trial.Evaluate();
            trimmed = Gap(trial, total);
        }

        return new Result(
            trial.Pi[..trial.Components], trial.LogLikelihood, trimmed, iteration, trimmed <= double.Max(tolerance, Certain));
    }

    private static List<int> Support(State state)
    {
        var support = new List<int>();
        for (var i = 0; i < state.Components; i++)
        {
            if (state.Pi[i] > 0)
            {
                support.Add(i);
            }
        }

        return support;
    }

    // Those that stand out; where all are alike, every so many of them, so that the rest can follow.
    private static List<int> Part(List<int> support, double[] pi)
    {
        var median = support.Select(i => pi[i]).Order().ElementAt(support.Count / 2);
        var heavy = support.FindAll(i => pi[i] > 2 * median);
        var every = (support.Count + FewActive - 1) / FewActive;
        return heavy.Count is > 0 and <= MostActive ? heavy : [.. support.Where((_, index) => index % every == 0)];
    }

    // The given ones and the local maxima of the gradient above total; the weight of all others.
    private static int[] Active(State state, List<int> given, double total, out double rest)
    {
        var m = state.Components;
        var chosen = new bool[m];
        given.ForEach(i => chosen[i] = true);
        chosen[0] |= state.Penalty > 0;
        for (var i = 0; i < m; i++)
        {
            var d = state.Gradient[i];
            if (d > total && (i == 0 || d >= state.Gradient[i - 1]) && (i == m - 1 || d >= state.Gradient[i + 1]))
            {
                chosen[i] = true;
            }
        }

        rest = 0;
        var count = 0;
        for (var i = 0; i < m; i++)
        {
            rest += chosen[i] ? 0 : state.Pi[i];
            count += chosen[i] ? 1 : 0;
        }

        var active = new int[count];
        for (int i = 0, a = 0; i < m; i++)
        {
            if (chosen[i])
            {
                active[a++] = i;
            }
        }

        return active;
    }

    // With S pi = 1, the model is 1/2 y'(H/total)y - (2 gradient/total - 1)'y.
    private static double[] Step(State state, int[] active, double rest, double[] hessian, int stride, double total)
    {
        var k = active.Length + (rest > 0 ? 1 : 0);
        var b = new double[k];
        var y = new double[k];
        var others = (double)state.Rows.Count + state.Penalty;
        for (var a = 0; a < active.Length; a++)
        {
            y[a] = state.Pi[active[a]];
            b[a] = (2 * state.Gradient[active[a]] / total) - 1;
            others -= y[a] * state.Gradient[active[a]];
        }

        if (rest > 0)
        {
            // The variable of the rest is its whole weight's factor: 1 now; its cost in the sum of the weights is that weight.
            y[^1] = 1;
            b[^1] = (2 * double.Max(others, 0) / total) - rest;
        }

        for (var i = 0; i < k * stride; i++)
        {
            hessian[i] /= total;
        }

        if (state.Penalty > 0)
        {
            hessian[0] += state.Penalty / (state.Pi[0] * state.Pi[0] * total);
        }

        NonnegativeQuadratic.Minimize(hessian, stride, b, y);
        return y;
    }

    private static double[] Direction(State state, int[] active, double[] y, bool rest)
    {
        var direction = new double[state.Components];
        if (rest)
        {
            for (var i = 0; i < direction.Length; i++)
            {
                direction[i] = state.Pi[i] * (y[^1] - 1);
            }
        }

        for (var a = 0; a < active.Length; a++)
        {
            direction[active[a]] = y[a] - state.Pi[active[a]];
        }

        // On the simplex: y scaled to sum 1.
        var sum = 1.0;
        foreach (var d in direction)
        {
            sum += d;
        }

        for (var i = 0; i < direction.Length && sum > 0; i++)
        {
            direction[i] = ((state.Pi[i] + direction[i]) / sum) - state.Pi[i];
        }

        return direction;
    }

    private static double Gap(State state, double total)
    {
        var largest = 0.0;
        for (var i = 0; i < state.Components; i++)
        {
            largest = double.Max(largest, state.Gradient[i]);
        }

        return (largest / total) - 1;
    }

    private static void Normalize(Span<double> pi)
    {
        var sum = 0.0;
        foreach (var p in pi)
        {
            sum += p;
        }

        for (var i = 0; i < pi.Length; i++)
        {
            pi[i] /= sum;
        }
    }

    private sealed class State(LikelihoodRows rows, double[] pi, double penalty)
    {
        public LikelihoodRows Rows => rows;

        public double[] Pi { get; } = pi;

        public double[] Inverse { get; } = new double[rows.Count];

        public double[] Gradient { get; } = new double[rows.Width];

        public double Penalty => penalty;

        public int Components => rows.Components;

        public double LogLikelihood { get; private set; }

        public double Objective { get; private set; }

        public void Evaluate()
        {
            var log = rows.Gradient(Pi, Inverse, Gradient);
            LogLikelihood = log + rows.LogScale;
            Objective = log;
            if (penalty > 0)
            {
                Objective = Pi[0] > LeastNull ? log + (penalty * double.Log(Pi[0])) : double.NegativeInfinity;
                Gradient[0] += penalty / Pi[0];
            }
        }
    }
}
