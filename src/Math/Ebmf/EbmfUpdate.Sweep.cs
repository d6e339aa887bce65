using FitCluster.Math.Ebnm;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

internal sealed partial class EbmfUpdate
{
    // Extrapolation as in models/ebmf.md 5.6.
    private const double FirstBeta = 0.5;
    private const double BetaGrowth = 1.2;
    private const double MostBeta = 2;

    // A plain sweep cannot lower the ELBO but by rounding, of this share of its size.
    private const double RoundingShare = 1e-10;

    // In a new factor's first sweeps the scale still moves, and so do the grids of its prior.
    private const int ColdSweeps = 2;

    // From the prior of the sweep before, a few Newton steps are enough: the next sweep goes on from there.
    private const int WarmIterations = 4;

    private const int FewestSweeps = 10;
    private const int HopelessSweeps = 500;

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

        (state.ProposedNoise, state.ProposedDataTerm, state.ProposedTotalVariance) = NoiseOf(ColumnResiduals(sums, mean, second));
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
        var sumSecond = partial["sumSecond"][t];
        partial["cross"].AsSpan(t * Columns, Columns).CopyTo(x);
        for (var other = 0; other < k; other++)
        {
            if (other == at)
            {
                continue;
            }

            var shared = gram[(other * a) + t];
            for (var j = 0; j < Columns; j++)
            {
                x[j] -= mean[other][j] * (shared + (isByColumn ? byColumn[(((j * a) + t) * k) + other] : 0));
            }
        }

        for (var j = 0; j < Columns; j++)
        {
            var d = sumSecond + (isByColumn ? secondByColumn[(j * a) + t] : 0);
            var v = noise.ByEntry ? 1 : state.Noise[j];

            // Sums from which missing entries were taken out leave rounding behind where nothing is left.
            var least = double.Max(isByColumn && !noise.ByEntry ? 1e-12 * sumSecond : 0, Uninformed.LeastInformation / v);
            if (d > least && FixedEntry(factor, j) is null && state.ColumnCounts[j] > 0)
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
        factor.IsZero = IsZero(mean[at]) || (sumSecond < Uninformed.LeastInformation && (!isByColumn || ColumnsAreZero(secondByColumn, t)));
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
            prior = family.Fit(x, s, isCold ? _ebnm : _ebnm with { Start = factor.FactorsPrior, MaxIterations = WarmIterations }).Prior;
            logLikelihood = family.Moments(prior, x, s, mean, second);
            if (factor.FactorsPrior is { } old)
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

    // |E f| below the machine epsilon everywhere: the factor is gone (models/ebmf.md 5.1).
    private static bool IsZero(double[] mean) => mean.All(m => double.Abs(m) < 2.2e-16);

    // Accepts or refuses what the last sweep proposes, and goes on.
    private void Judge(Sums? sums)
    {
        var elbo = state.ProposedDataTerm;
        for (var k = 0; k < state.K; k++)
        {
            var factor = state.Factors[k];
            elbo += state.Iterating.Contains(k) ? factor.ProposedKlLoadings + factor.ProposedKlFactors : factor.KlLoadings + factor.KlFactors;
        }

        state.Sweeps++;
        var gain = elbo - state.Elbo;
        var isDone = false;
        if (state.Stage == EbmfStage.Final)
        {
            Accept(elbo, sums);
            (state.Stage, state.Step) = (EbmfStage.Done, EbmfStep.Done);
            return;
        }

        if (!state.ElboIsValid)
        {
            state.ElboIsValid = true;
            Accept(elbo, sums);
        }
        else if (state.IsProposal && !(gain >= _tolerance))
        {
            state.Beta /= 2;
            state.MustBePlain = true;
            foreach (var k in state.Iterating)
            {
                // A factor that is gone in a refused proposal is not gone.
                state.Factors[k].IsZero = IsZero(state.Factors[k].Mean);
            }
        }
        else if (!state.IsProposal && !(gain >= -RoundingShare * double.Abs(state.Elbo)))
        {
            // The ELBO fell, which only rounding or a prior that moved to another optimum can do: go back one step and stop.
            isDone = true;
        }
        else
        {
            if (state.IsProposal)
            {
                state.Beta = double.Min(BetaGrowth * state.Beta, MostBeta);
            }
            else
            {
                isDone = gain <= _tolerance;
            }

            state.MustBePlain = false;
            state.LastGain = gain;
            state.FirstGain = state.FirstGain == 0 ? gain : state.FirstGain;
            Accept(elbo, sums);
        }

        if (!isDone && state.Sweeps >= options.MaxSweeps)
        {
            // A new factor that is not settled yet is settled by the backfit.
            isDone = true;
            state.HitLimit |= state.Stage == EbmfStage.Backfit || !options.Backfit;
        }

        if (isDone || state.EndedEarly || (state.Stage == EbmfStage.Greedy && (state.Factors[^1].IsZero || IsHopeless)))
        {
            EndIteration();
            return;
        }

        ScheduleSweep(isProposal: options.Extrapolate && !state.MustBePlain && state.Sweeps > 0);
    }

    // A new factor that after a few sweeps is still so far below the fit without it that hundreds of sweeps like the last would not lift it above.
    private bool IsHopeless =>
        state.Sweeps >= FewestSweeps && state.LastGain > 0 && state.Elbo + (HopelessSweeps * state.LastGain) < state.ElboBefore;

    private void Accept(double elbo, Sums? sums)
    {
        foreach (var k in state.Iterating)
        {
            var factor = state.Factors[k];
            (factor.PreviousMean, factor.PreviousSecond) = (factor.Mean, factor.Second);
            (factor.Mean, factor.Second) = (factor.ProposedMean!, factor.ProposedSecond!);
            (factor.ProposedMean, factor.ProposedSecond) = (null, null);
            (factor.KlLoadings, factor.KlFactors) = (factor.ProposedKlLoadings, factor.ProposedKlFactors);
            (factor.FactorsPrior, factor.AcceptedLoadingsPrior) = (factor.ProposedFactorsPrior, factor.LoadingsPrior);
            (factor.LoadingsPriorEm, factor.LoadingsPriorNewton) = (factor.ProposedPriorEm, factor.ProposedPriorNewton);
            factor.PlainSumSecond = factor.ProposedPlainSumSecond;
        }

        if (sums is not null)
        {
            AcceptSums(sums);
        }

        AcceptNoise();
        (state.Promote, state.Pending) = (true, state.Iterating);
        state.Elbo = elbo;

        // A new factor counts from where the fit with it is better than the fit without: so the trace never falls.
        state.HasNewElbo = state.Stage != EbmfStage.Greedy || elbo >= state.ElboBefore;
    }

    private void EndIteration()
    {
        switch (state.Stage)
        {
            case EbmfStage.Fixed:
                BeginFixed(state.Candidate + 1);
                break;
            case EbmfStage.Greedy:
                EndGreedyFactor();
                break;
            default:
                BeginNullcheck();
                break;
        }
    }

    private void EndGreedyFactor()
    {
        if (state.Elbo > state.ElboBefore + _tolerance && !state.Factors[^1].IsZero)
        {
            state.GreedyAccepted++;
            BeginGreedy();
            return;
        }

        var last = state.K - 1;
        Drop(k => k == last);
        state.Elbo = state.ElboBefore;
        if (noise.NeedsEvaluation)
        {
            // The variances on the shards are those of the factor that was just dropped.
            (state.Iterating, state.Active) = ([], []);
            state.Purpose = EvaluationPurpose.AfterDrop;
            BeginEvaluation();
            return;
        }

        (state.Noise, state.DataTerm, state.TotalVariance) = NoiseOf(state.K == 0
            ? state.ColumnSquares
            : ColumnResiduals(AcceptedSums(), [.. state.Factors.Select(f => f.Mean)], [.. state.Factors.Select(f => f.Second)]));
        BeginBackfit();
    }
}
