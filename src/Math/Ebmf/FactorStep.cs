using System.Numerics.Tensors;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>The update of one factor over all columns, at the loadings that the shards have just updated.</summary>
internal static class FactorStep
{
    /// <summary>A prior to stand in where no observation has any information.</summary>
    public static readonly ObservationSummary NothingObserved = new(1, 0, 1, 1, -1, 1, 1, 1);

    // In a new factor's first sweeps the scale still moves, and so do the grids of its prior.
    private const int ColdSweeps = 2;

    // From the prior of the sweep before, a few Newton steps are enough: the next sweep goes on from there.
    private const int WarmIterations = 4;

    /// <summary>
    /// Solves the EBNM problem of active factor t over all columns, and puts its new moments among those of all factors: x_j = (X'L - sum
    /// over k' != k of E f_k' A_k'k) / D_j,
    /// s_j^2 = 1 / (v_j D_j), with A = L'L and D = sum of E l^2 (weighted; by column where entries are missing).
    /// </summary>
    public static void Run(EbmfProblem problem, EbmfState state, int t, ArraySet partial, double[][] mean, double[][] variance)
    {
        var (a, at, p) = (state.Active.Length, state.Active[t], problem.Columns);
        var factor = state.Factors[at];
        var (x, s) = (new double[p], new double[p]);
        var isByColumn = problem.IsByColumn(state);
        var secondByColumn = isByColumn ? partial.Get(PartialKeys.SumSecondByColumn) : [];
        partial.Get(PartialKeys.Cross).AsSpan(t * p, p).CopyTo(x);
        TakeOutOthers(state.K, a, t, at, isByColumn, partial, mean, x);
        var sumSecond = partial.Get(PartialKeys.SumSecond)[t];

        // Sums from which missing entries were taken out leave rounding behind where nothing is left.
        var rounding = isByColumn && !problem.Noise.ByEntry ? 1e-12 * sumSecond : 0;
        var (noise, counts) = (state.Noise, state.ColumnCounts);
        for (var j = 0; j < p; j++)
        {
            var d = sumSecond + (isByColumn ? secondByColumn[(j * a) + t] : 0);
            var v = problem.Noise.ByEntry ? 1 : noise[j];
            if (d > double.Max(rounding, Uninformed.LeastInformation / v) && problem.FixedEntry(at, j) is null && counts[j] > 0)
            {
                x[j] /= d;
                s[j] = 1 / double.Sqrt(v * d);
            }
            else
            {
                (x[j], s[j]) = (0, double.PositiveInfinity);
            }
        }

        (mean[at], variance[at]) = Solve(problem, state, at, x, s);
        factor.ProposedIsZero = IsZero(mean[at], s)
            || (sumSecond < Uninformed.LeastInformation && (!isByColumn || ColumnsAreZero(secondByColumn, p, a, t)));
    }

    private static void TakeOutOthers(int k, int a, int t, int at, bool isByColumn, ArraySet partial, double[][] mean, double[] x)
    {
        var gram = partial.Get(PartialKeys.Gram);
        var byColumn = isByColumn ? partial.Get(PartialKeys.GramByColumn) : [];
        for (var other = 0; other < k; other++)
        {
            if (other == at)
            {
                continue;
            }

            var shared = gram[(other * a) + t];
            if (!isByColumn)
            {
                TensorPrimitives.MultiplyAdd(mean[other], -shared, x, x);
                continue;
            }

            for (var j = 0; j < x.Length; j++)
            {
                x[j] -= mean[other][j] * (shared + byColumn[(((j * a) + t) * k) + other]);
            }
        }
    }

    private static bool ColumnsAreZero(double[] secondByColumn, int columns, int active, int t)
    {
        for (var j = 0; j < columns; j++)
        {
            if (double.Abs(secondByColumn[(j * active) + t]) >= Uninformed.LeastInformation)
            {
                return false;
            }
        }

        return true;
    }

    // The factor's prior and posterior, as a proposal.
    private static (double[] Mean, double[] Variance) Solve(EbmfProblem problem, EbmfState state, int at, double[] x, double[] s)
    {
        var factor = state.Factors[at];
        var family = EbnmFamilies.Get(factor.FactorsFamily);
        var isCold = factor.FactorsPrior is null ||
            (state.Stage is EbmfStage.Greedy or EbmfStage.Fixed && (state.Sweeps < ColdSweeps || family.Traits.NeedsFullFits))
            || Iteration.RenewsGrids(state, family.Traits);
        var (prior, logLikelihood, mean, variance) = Posterior(problem, family, factor.FactorsPrior, isCold, x, s);
        factor.ProposedKlFactors = (double.IsNaN(logLikelihood) ? 0 : logLikelihood) + KullbackLeibler.GaussianPart(x, s, mean, variance);
        factor.ProposedFactorsPrior = prior;
        Uninformed.MakeFinite(family, variance);
        if (state.Stage == EbmfStage.Final)
        {
            factor.FalseSignRate = new double[x.Length];
            family.FalseSignRates(prior, x, s, factor.FalseSignRate);
        }

        for (var j = 0; j < x.Length; j++)
        {
            if (problem.FixedEntry(at, j) is { } value)
            {
                (mean[j], variance[j]) = (value, 0);
                if (factor.FalseSignRate is not null)
                {
                    factor.FalseSignRate[j] = value == 0 ? 1 : 0;
                }
            }
        }

        (factor.ProposedMean, factor.ProposedVariance) = (mean, variance);
        return (mean, variance);
    }

    private static (Prior Prior, double LogLikelihood, double[] Mean, double[] Variance) Posterior(
        EbmfProblem problem, IEbnmFamily family, Prior? start, bool isCold, double[] x, double[] s)
    {
        var (mean, variance) = (new double[x.Length], new double[x.Length]);
        if (s.All(double.IsPositiveInfinity))
        {
            // Nothing is observed of it (all entries fixed, or no loading left): the prior stays what it was.
            var kept = start ?? family.ColdStart(NothingObserved, problem.Ebnm);
            return (kept, family.Moments(kept, x, s, mean, variance), mean, variance);
        }

        var prior = family.Fit(x, s, isCold ? problem.Ebnm : problem.Ebnm with { Start = start, MaxIterations = WarmIterations }).Prior;
        var logLikelihood = family.Moments(prior, x, s, mean, variance);
        if (start is not null && (isCold || !family.Traits.ClimbsFromStart))
        {
            // A fit may end in another optimum than the one it comes from: never in a worse one.
            var (oldMean, oldVariance) = (new double[x.Length], new double[x.Length]);
            var oldLogLikelihood = family.Moments(start, x, s, oldMean, oldVariance);
            if (oldLogLikelihood > logLikelihood)
            {
                return (start, oldLogLikelihood, oldMean, oldVariance);
            }
        }

        return (prior, logLikelihood, mean, variance);
    }

    // |E f| below the machine epsilon of its standard error everywhere: the factor is gone (docs/ebmf.md, "One factor's update is a
    // normal-means problem").
    private static bool IsZero(double[] mean, double[] s)
    {
        for (var j = 0; j < mean.Length; j++)
        {
            if (double.Abs(mean[j]) >= 2.2e-16 * (double.IsFinite(s[j]) ? s[j] : 1))
            {
                return false;
            }
        }

        return true;
    }
}
