using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The residual variances that maximize the ELBO at given moments, and the ELBO's data term: from sums at hand, or by asking the shards.
/// </summary>
internal static class NoiseStep
{
    // The alternations of a rank-one structure that settle a model before its first sweep.
    private const int Alternations = 4;

    private static readonly double LogTwoPi = double.Log(2 * double.Pi);

    /// <summary>Asks the shards for expected squared residuals.</summary>
    public static EbmfAnswer Begin(EbmfState state)
    {
        state.Passes = 0;
        state.ProposedNoise = state.Noise;
        (state.SearchBest, state.SearchNoise) = ([], []);
        return EbmfAnswer.NeedsResiduals;
    }

    /// <summary>Takes the shards' squared residuals.</summary>
    public static EbmfAnswer Run(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        state.Passes++;
        if (!problem.Noise.NeedsEvaluation)
        {
            Take(problem, state, partial.Get(PartialKeys.Residuals));
            return EbmfAnswer.HasResiduals;
        }

        if (problem.Noise.NeedsSearch)
        {
            return NoiseSearch.Step(problem, state, partial) ? EbmfAnswer.HasResiduals : EbmfAnswer.Again;
        }

        Evaluate(problem, state, partial);

        // The two sides of a rank-one structure alternate; a few rounds settle the model without factors, or the one with all of them.
        if (problem.Noise.Variance == VarianceStructure.Kronecker && state.Passes < Alternations
            && state.Stage is EbmfStage.Null or EbmfStage.Together or EbmfStage.Restore)
        {
            state.Noise = state.ProposedNoise;
            return EbmfAnswer.Again;
        }

        return EbmfAnswer.HasResiduals;
    }

    /// <summary>Proposes what follows from expected squared residuals by column.</summary>
    public static void Take(EbmfProblem problem, EbmfState state, double[] residuals) =>
        (state.ProposedNoise, state.ProposedDataTerm, state.ProposedTotalVariance) = Of(problem, state, residuals);

    /// <summary>
    /// The same of residuals that were made of sums; where those have lost their digits the shards are asked for them, formed one by one.
    /// </summary>
    public static EbmfAnswer TakeOfSums(EbmfProblem problem, EbmfState state, double[] residuals)
    {
        Take(problem, state, residuals);
        var (squares, residual) = (0.0, 0.0);
        for (var j = 0; j < residuals.Length; j++)
        {
            squares += state.ProposedNoise[j] * state.ColumnSquares[j];
            residual += state.ProposedNoise[j] * residuals[j];
        }

        // Where precisions are estimated, weighted residuals are about one for each entry.
        return Cancellation.LosesDigits(squares, double.Min(residual, state.Observed)) ? Begin(state) : EbmfAnswer.HasResiduals;
    }

    /// <summary>
    /// Proposes the variances of the accepted state, without one factor where asked: from its sums, or by asking the shards.
    /// </summary>
    public static EbmfAnswer OfAccepted(EbmfProblem problem, EbmfState state, int? leftOut = null) => problem.Noise.NeedsEvaluation
        ? Begin(state) : TakeOfSums(problem, state, LoadingsSums.AcceptedResiduals(problem, state, leftOut));

    /// <summary>Makes the proposed variances the accepted ones, here and (before the next round) on the shards.</summary>
    public static void Accept(EbmfProblem problem, EbmfState state)
    {
        state.Noise = state.ProposedNoise;
        state.TotalVariance = state.ProposedTotalVariance;
        state.LeastShare = double.Min(state.LeastShare, state.ProposedLeastShare);
        state.PromotesNoise = problem.Noise.NeedsEvaluation
            && problem.Noise.Variance is VarianceStructure.Row or VarianceStructure.Kronecker;
    }

    /// <summary>The ELBO's data term of an objective sum_ij log variance + E r^2 / variance.</summary>
    public static double DataTerm(EbmfState state, double objective) => -0.5 * ((state.Observed * LogTwoPi) + objective);

    // Precisions that maximize the ELBO given expected squared residuals by column, the ELBO's data term
    // -1/2 sum_g N_g (log 2 pi - log tau_g) - 1/2 sum_g tau_g R_g^2, and the total variance sum N_g / tau_g.
    private static (double[] Noise, double DataTerm, double Variance) Of(EbmfProblem problem, EbmfState state, double[] residuals)
    {
        var (counts, squares) = (state.ColumnCounts, state.ColumnSquares);
        var v = (double[])state.Noise.Clone();
        if (problem.Noise.Variance == VarianceStructure.Constant)
        {
            v.AsSpan().Fill(AtMostKnown(
                problem, state.Observed / double.Max(residuals.Sum(), LeastVariance.OfAll(state.Observed, squares.Sum())), 0));
        }
        else if (problem.Noise.Variance == VarianceStructure.Column)
        {
            Limit(state, squares, state.ColumnCentred);
            for (var j = 0; j < v.Length; j++)
            {
                v[j] = counts[j] == 0 ? 1
                    : AtMostKnown(problem, double.Min(counts[j] / double.Max(0, residuals[j]), state.NoiseLimits[j]), j);
            }

            state.ProposedLeastShare = Share(counts, v, state.ColumnCentred);
        }

        var (sum, variance) = (-state.SumLogWeight, 0.0);
        for (var j = 0; j < v.Length; j++)
        {
            sum += (counts[j] * (LogTwoPi - double.Log(v[j]))) + (v[j] * double.Max(0, residuals[j]));
            variance += counts[j] / v[j];
        }

        // Known errors that differ by row or entry are no precisions by column.
        var isKnownByRow = problem.Noise.Variance == VarianceStructure.Known && (problem.Noise.ByEntry || problem.Noise.HasRowPrecision);
        return (v, -0.5 * sum, isKnownByRow ? state.SumKnownVariance : variance);
    }

    // With a known error of the same shape, the precision is at most its.
    private static double AtMostKnown(EbmfProblem problem, double precision, int column)
    {
        if (problem.Noise.Known is KnownErrors.None)
        {
            return precision;
        }

        var known = problem.Options.StandardErrors[problem.Noise.Known == KnownErrors.Scalar ? 0 : column];
        return double.Min(precision, 1 / (known * known));
    }

    // The largest precisions that columns may have.
    private static void Limit(EbmfState state, double[] squares, double[] centred) =>
        state.NoiseLimits =
        [
            .. state.ColumnCounts.Select((count, j) =>
                count == 0 ? 0 : count / LeastVariance.OfGroup(count, squares[j], centred[j], state.LeastShare, state.MeanSquare)),
        ];

    // The least share that follows from precisions by column.
    private static double Share(double[] counts, double[] v, double[] centred)
    {
        var (sum, count) = (0.0, 0.0);
        for (var j = 0; j < v.Length; j++)
        {
            if (centred[j] > 0)
            {
                sum += counts[j] * double.Log(counts[j] / (v[j] * centred[j]));
                count += counts[j];
            }
        }

        return LeastVariance.Share(sum, count);
    }

    // Row variances, and variances added by row, were found on the shards; a rank-one structure's columns follow here.
    private static void Evaluate(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        var totals = partial.Get(PartialKeys.Totals);
        state.ProposedNoise = state.Noise;
        if (problem.Noise.ByEntry)
        {
            (state.ProposedDataTerm, state.ProposedTotalVariance) = (DataTerm(state, totals[0]), totals[1]);
            return;
        }

        if (problem.Noise.Variance == VarianceStructure.Row)
        {
            state.ProposedDataTerm = -0.5 * ((state.Observed * LogTwoPi) - totals[0] + totals[1]);
            state.ProposedTotalVariance = totals[2];
            state.ProposedLeastShare = LeastVariance.Share(totals[3], totals[4]);
            return;
        }

        var (residuals, squares, counts) =
            (partial.Get(PartialKeys.Residuals), partial.Get(PartialKeys.ResidualSquares), state.ColumnCounts);
        double[] centred =
        [
            .. squares.Zip(partial.Get(PartialKeys.ResidualSums), partial.Get(PartialKeys.ResidualWeights))
                .Select(c => LeastVariance.Centred(c.First, c.Second, c.Third)),
        ];
        state.ProposedLeastShare = LeastVariance.Share(totals[3], totals[4]);

        // With rows' precisions in it, an entry's square is of the size of the data's.
        Limit(state, squares, centred);
        var v = new double[residuals.Length];
        var (sum, inverse) = ((state.Observed * LogTwoPi) - totals[0], 0.0);
        for (var j = 0; j < v.Length; j++)
        {
            v[j] = counts[j] == 0 ? 1 : double.Min(counts[j] / double.Max(0, residuals[j]), state.NoiseLimits[j]);
            sum += (v[j] * residuals[j]) - (counts[j] * double.Log(v[j]));
            inverse += counts[j] / v[j];
        }

        (state.ProposedNoise, state.ProposedDataTerm) = (v, -0.5 * sum);
        state.ProposedTotalVariance = totals[2] * inverse / double.Max(1, state.Observed);
    }
}
