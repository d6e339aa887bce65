using System.Numerics.Tensors;
using FitCluster.Math.Ebnm;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

internal sealed partial class EbmfUpdate
{
    // In a new factor's first sweeps the scale still moves, and so do the grids of its prior.
    private const int ColdSweeps = 2;

    // From the prior of the sweep before, a few Newton steps are enough: the next sweep goes on from there.
    private const int WarmIterations = 4;

    private void AfterSweep(ArraySet partial)
    {
        var (mean, second) = StartingPoint();
        for (var t = 0; t < state.Active.Length; t++)
        {
            var factor = state.Factors[state.Active[t]];
            UpdateLoadingsPriors(factor, t, partial);
            UpdateFactor(t, partial, mean, second);
        }

        var sums = KeepsSums ? MergeSums(partial) : null;
        if (state.Updated.Length + state.Active.Length < state.Iterating.Length)
        {
            if (sums is not null)
            {
                KeepProposedSums(sums);
            }

            state.Updated = [.. state.Updated, .. state.Active];
            state.Active = [state.Iterating[state.Updated.Length]];
            BeginActive();
            return;
        }

        if (sums is null)
        {
            state.Purpose = EvaluationPurpose.Judge;
            BeginEvaluation();
            return;
        }

        TakeNoise(ColumnResiduals(sums, mean, second));
        Judge(sums);
    }

    private void UpdateLoadingsPriors(EbmfFactor factor, int t, ArraySet partial)
    {
        var statistics = partial[$"statistics.{t}"];
        var family = EbnmFamilies.Get(factor.LoadingsFamily);
        factor.ProposedKlLoadings = partial["kl"][t] + statistics[1];
        factor.ProposedPlainSumSecond = partial["plainSecond"][t];
        factor.ProposedPriorEm = family.Step(factor.LoadingsPrior!, statistics, PriorStep.Expectation, _ebnm);
        factor.ProposedPriorNewton = family.Step(factor.LoadingsPrior!, statistics, PriorStep.Newton, _ebnm);
    }

    // The EBNM problem of one factor over all columns: x_j = (X'L - sum over k' != k of E f_k' A_k'k) / D_j, s_j^2 = 1 / (v_j D_j), with A = L'L
    // and D = sum of E l^2 (weighted; by column where entries are missing).
    private void UpdateFactor(int t, ArraySet partial, double[][] mean, double[][] second)
    {
        var (k, a, at) = (state.K, state.Active.Length, state.Active[t]);
        var factor = state.Factors[at];
        var (x, s) = (new double[Columns], new double[Columns]);
        var gram = partial["gram"];
        var isByColumn = ByColumn;
        var (byColumn, secondByColumn) = isByColumn ? (partial["gramByColumn"], partial["sumSecondByColumn"]) : ([], []);
        partial["cross"].AsSpan(t * Columns, Columns).CopyTo(x);
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

            for (var j = 0; j < Columns; j++)
            {
                x[j] -= mean[other][j] * (shared + byColumn[(((j * a) + t) * k) + other]);
            }
        }

        var sumSecond = partial["sumSecond"][t];

        // Sums from which missing entries were taken out leave rounding behind where nothing is left.
        var rounding = isByColumn && !noise.ByEntry ? 1e-12 * sumSecond : 0;
        for (var j = 0; j < Columns; j++)
        {
            var d = sumSecond + (isByColumn ? secondByColumn[(j * a) + t] : 0);
            var v = noise.ByEntry ? 1 : state.Noise[j];
            if (d > double.Max(rounding, Uninformed.LeastInformation / v) && FixedEntry(factor, j) is null && state.ColumnCounts[j] > 0)
            {
                x[j] /= d;
                s[j] = 1 / double.Sqrt(v * d);
            }
            else
            {
                (x[j], s[j]) = (0, double.PositiveInfinity);
            }
        }

        SolveFactor(factor, x, s, out mean[at], out second[at]);
        factor.ProposedIsZero = IsZero(mean[at]) || (sumSecond < Uninformed.LeastInformation && (!isByColumn || ColumnsAreZero(secondByColumn, t)));
    }

    private bool ColumnsAreZero(double[] secondByColumn, int t)
    {
        for (var j = 0; j < Columns; j++)
        {
            if (double.Abs(secondByColumn[(j * state.Active.Length) + t]) >= Uninformed.LeastInformation)
            {
                return false;
            }
        }

        return true;
    }

    private void SolveFactor(EbmfFactor factor, double[] x, double[] s, out double[] mean, out double[] second)
    {
        var family = EbnmFamilies.Get(factor.FactorsFamily);
        (mean, second) = (new double[Columns], new double[Columns]);
        var isCold = factor.FactorsPrior is null ||
            (state.Stage is EbmfStage.Greedy or EbmfStage.Fixed && (state.Sweeps < ColdSweeps || IsGrid(factor.FactorsFamily)));
        Prior prior;
        double logLikelihood;
        if (s.All(double.IsPositiveInfinity))
        {
            // Nothing is observed of it (all entries fixed, or no loading left): the prior stays what it was.
            prior = factor.FactorsPrior ?? family.ColdStart(NothingObserved, _ebnm);
            logLikelihood = family.Moments(prior, x, s, mean, second);
        }
        else
        {
            var start = factor.FactorsPrior;
            prior = family.Fit(x, s, isCold ? _ebnm : _ebnm with { Start = start, MaxIterations = WarmIterations }).Prior;
            logLikelihood = family.Moments(prior, x, s, mean, second);
            if (start is { } old && (isCold || !NeverFalls(factor.FactorsFamily)))
            {
                // A fit may end in another optimum than the one it comes from: never in a worse one.
                var (oldMean, oldSecond) = (new double[Columns], new double[Columns]);
                var oldLogLikelihood = family.Moments(old, x, s, oldMean, oldSecond);
                if (oldLogLikelihood > logLikelihood)
                {
                    (prior, logLikelihood, mean, second) = (old, oldLogLikelihood, oldMean, oldSecond);
                }
            }
        }

        factor.ProposedKlFactors = (double.IsNaN(logLikelihood) ? 0 : logLikelihood) + KullbackLeibler.GaussianPart(x, s, mean, second);
        factor.ProposedFactorsPrior = prior;
        Uninformed.MakeFinite(factor.FactorsFamily, mean, second);
        if (state.Stage == EbmfStage.Final)
        {
            factor.FalseSignRate = new double[Columns];
            family.FalseSignRates(prior, x, s, factor.FalseSignRate);
        }

        for (var j = 0; j < Columns; j++)
        {
            KeepFixed(factor, j, ref mean[j], ref second[j]);
            if (factor.FalseSignRate is not null && FixedEntry(factor, j) is { } value)
            {
                factor.FalseSignRate[j] = value == 0 ? 1 : 0;
            }
        }

        (factor.ProposedMean, factor.ProposedSecond) = (mean, second);
    }

    // Families whose fit climbs from the prior it is given, in a range that does not move with the observations.
    private static bool NeverFalls(PriorFamily family) =>
        family is PriorFamily.Normal or PriorFamily.PointNormal or PriorFamily.PointLaplace or PriorFamily.PointExponential;

    // |E f| below the machine epsilon everywhere: the factor is gone (docs/ebmf.md, "One factor's update is a normal-means problem").
    private static bool IsZero(double[] mean) => mean.All(m => double.Abs(m) < 2.2e-16);
}
