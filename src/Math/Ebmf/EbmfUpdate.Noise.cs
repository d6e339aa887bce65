using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

internal sealed partial class EbmfUpdate
{
    // The search for added variances: Newton steps over all shards until no group moves by more than this share, or so many rounds.
    private const double SearchTolerance = 1e-8;
    private const int MostSearchRounds = 12;

    private static readonly double LogTwoPi = double.Log(2 * double.Pi);

    private void AfterDescribe(ArraySet partial)
    {
        var sums = partial["sums"];
        (state.ColumnCounts, state.ColumnSquares) = (partial["counts"], partial["squares"]);
        TotalCount = state.ColumnCounts.Sum();
        (state.SumLogWeight, state.SumKnownVariance) = (sums[0], sums[2]);
        var meanSquare = sums[1] / double.Max(1, sums[3]);
        state.Noise = InitialNoise(meanSquare, sums[2] / double.Max(1, sums[3]));
        state.Purpose = EvaluationPurpose.NullModel;
        if (noise.NeedsEvaluation)
        {
            BeginEvaluation();
            return;
        }

        TakeNoise(state.ColumnSquares);
        Evaluated();
    }

    private double[] InitialNoise(double meanSquare, double meanKnown)
    {
        if (noise.NeedsSearch)
        {
            var start = double.Max(meanSquare - meanKnown, 0.01 * meanSquare);
            var groups = noise.Variance == VarianceStructure.Constant ? 1 : Columns;
            return [.. Enumerable.Repeat(start, groups)];
        }

        var v = new double[Columns];
        v.AsSpan().Fill(noise.Variance == VarianceStructure.Kronecker ? 1 / double.Max(meanSquare, double.Epsilon) : 1);
        if (noise.Variance == VarianceStructure.Known && noise.Known is KnownErrors.Scalar or KnownErrors.Column)
        {
            for (var j = 0; j < Columns; j++)
            {
                var s = options.StandardErrors[noise.Known == KnownErrors.Scalar ? 0 : j];
                v[j] = 1 / (s * s);
            }
        }

        return v;
    }

    /// <summary>
    /// Precisions that maximize the ELBO given expected squared residuals by column, the ELBO's data term
    /// -1/2 sum_g N_g (log 2 pi - log tau_g) - 1/2 sum_g tau_g R_g^2, and the total variance sum N_g / tau_g.
    /// </summary>
    private (double[] Noise, double DataTerm, double Variance) NoiseOf(double[] residuals)
    {
        var v = (double[])state.Noise.Clone();
        if (noise.Variance == VarianceStructure.Constant)
        {
            v.AsSpan().Fill(Precision(TotalCount, residuals.Sum(), state.ColumnSquares.Sum(), 0));
        }
        else if (noise.Variance == VarianceStructure.Column)
        {
            for (var j = 0; j < Columns; j++)
            {
                v[j] = state.ColumnCounts[j] == 0 ? 1 : Precision(state.ColumnCounts[j], residuals[j], state.ColumnSquares[j], j);
            }
        }

        var (sum, variance) = (-state.SumLogWeight, 0.0);
        for (var j = 0; j < Columns; j++)
        {
            sum += (state.ColumnCounts[j] * (LogTwoPi - double.Log(v[j]))) + (v[j] * double.Max(0, residuals[j]));
            variance += state.ColumnCounts[j] / v[j];
        }

        return (v, -0.5 * sum, variance);
    }

    // What follows from residuals by column, under judgement.
    private void TakeNoise(double[] residuals) =>
        (state.ProposedNoise, state.ProposedDataTerm, state.ProposedTotalVariance) = NoiseOf(residuals);

    private double Precision(double count, double residual, double squares, int column)
    {
        var estimated = LocalEvaluate.Precision(count, residual, squares);
        if (noise.Known is KnownErrors.None)
        {
            return estimated;
        }

        var known = options.StandardErrors[noise.Known == KnownErrors.Scalar ? 0 : column];
        return double.Min(estimated, 1 / (known * known));
    }

    private void BeginEvaluation()
    {
        state.Step = EbmfStep.Evaluate;
        state.Passes = 0;
        state.ProposedNoise = state.Noise;
        state.SearchBest = [];
        state.SearchNoise = [];
    }

    private void AfterEvaluate(ArraySet partial)
    {
        state.Passes++;
        if (!noise.NeedsEvaluation)
        {
            TakeNoise(partial["columns"]);
        }
        else if (noise.NeedsSearch)
        {
            if (!Search(partial))
            {
                return;
            }
        }
        else
        {
            Evaluate(partial);

            // The two sides of a rank-one structure alternate; a few rounds settle the model without factors.
            if (noise.Variance == VarianceStructure.Kronecker && state.Purpose is not (EvaluationPurpose.Judge or EvaluationPurpose.Nullcheck) && state.Passes < 4)
            {
                state.Noise = state.ProposedNoise;
                return;
            }
        }

        Evaluated();
    }

    private void Evaluate(ArraySet partial)
    {
        var sums = partial["sums"];
        if (noise.ByEntry)
        {
            state.ProposedDataTerm = -0.5 * ((TotalCount * LogTwoPi) + sums[0]);
            state.ProposedTotalVariance = sums[1];
            state.ProposedNoise = state.Noise;
            return;
        }

        state.ProposedNoise = state.Noise;
        if (noise.Variance == VarianceStructure.Row)
        {
            state.ProposedDataTerm = -0.5 * ((TotalCount * LogTwoPi) - sums[0] + sums[1]);
            state.ProposedTotalVariance = sums[2];
            return;
        }

        var (columns, columnSquares) = (partial["columns"], partial["columnSquares"]);
        var v = new double[Columns];
        var (sum, inverse) = ((TotalCount * LogTwoPi) - sums[0], 0.0);
        for (var j = 0; j < Columns; j++)
        {
            v[j] = state.ColumnCounts[j] == 0 ? 1 : LocalEvaluate.Precision(state.ColumnCounts[j], columns[j], columnSquares[j]);
            sum += (v[j] * columns[j]) - (state.ColumnCounts[j] * double.Log(v[j]));
            inverse += state.ColumnCounts[j] / v[j];
        }

        (state.ProposedNoise, state.ProposedDataTerm) = (v, -0.5 * sum);
        state.ProposedTotalVariance = sums[2] * inverse / double.Max(1, TotalCount);
    }

    // One Newton step for every group's added variance; true when the search is over.
    private bool Search(ArraySet partial)
    {
        var (objective, gradient, curvature, largest) = (partial["objective"], partial["gradient"], partial["curvature"], partial["largest"]);
        var trial = state.ProposedNoise;
        var (best, bestNoise) = ((double[])state.SearchBest.Clone(), (double[])state.SearchNoise.Clone());
        if (best.Length == 0)
        {
            (best, bestNoise) = ((double[])objective.Clone(), (double[])trial.Clone());
        }

        var next = new double[trial.Length];
        var largestMove = 0.0;
        for (var g = 0; g < trial.Length; g++)
        {
            if (objective[g] > best[g])
            {
                // Too far: half-way back.
                next[g] = 0.5 * (trial[g] + bestNoise[g]);
            }
            else
            {
                (best[g], bestNoise[g]) = (objective[g], trial[g]);
                var newton = curvature[g] > 0 ? trial[g] - (gradient[g] / curvature[g]) : gradient[g] > 0 ? 0.5 * trial[g] : 2 * trial[g];
                next[g] = double.Clamp(newton, 0, double.Max(0, largest[g]));
            }

            largestMove = double.Max(largestMove, double.Abs(next[g] - bestNoise[g]) / double.Max(bestNoise[g], 1e-12 * (1 + double.Abs(largest[g]))));
        }

        (state.SearchBest, state.SearchNoise, state.ProposedNoise) = (best, bestNoise, next);
        if (largestMove > SearchTolerance && state.Passes < MostSearchRounds)
        {
            return false;
        }

        state.ProposedNoise = bestNoise;
        state.ProposedDataTerm = -0.5 * ((TotalCount * LogTwoPi) + best.Sum());
        state.ProposedTotalVariance = state.SumKnownVariance;
        for (var j = 0; j < Columns; j++)
        {
            state.ProposedTotalVariance += state.ColumnCounts[j] * bestNoise[bestNoise.Length == 1 ? 0 : j];
        }

        return true;
    }

    private void AcceptNoise()
    {
        state.Noise = state.ProposedNoise;
        state.TotalVariance = state.ProposedTotalVariance;
        state.PromoteNoise = noise.NeedsEvaluation && noise.Variance is VarianceStructure.Row or VarianceStructure.Kronecker;
    }

    private void Evaluated()
    {
        switch (state.Purpose)
        {
            case EvaluationPurpose.Judge:
                Judge(null);
                break;
            case EvaluationPurpose.NullModel:
                AcceptNoise();
                state.Elbo = state.ProposedDataTerm;
                (state.HasNewElbo, state.ElboIsValid) = (true, true);
                BeginStages();
                break;
            case EvaluationPurpose.Start:
                AcceptNoise();
                BeginIteration(All(), prepare: true);
                break;
            case EvaluationPurpose.AfterDrop:
                AcceptNoise();
                state.Elbo = state.ProposedDataTerm + KullbackLeiblerSum();
                BeginBackfit();
                break;
            default:
                NullcheckEvaluated();
                break;
        }
    }

    private double KullbackLeiblerSum(int leftOut = -1)
    {
        var sum = 0.0;
        for (var k = 0; k < state.K; k++)
        {
            sum += k == leftOut ? 0 : state.Factors[k].KlLoadings + state.Factors[k].KlFactors;
        }

        return sum;
    }
}
