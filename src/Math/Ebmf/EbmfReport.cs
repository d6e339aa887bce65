using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>Where a fit stands, and what it yields at the end.</summary>
internal static class EbmfReport
{
    /// <summary>Where the fit stands.</summary>
    public static RoundReport Of(EbmfState state, EbmfProblem problem)
    {
        var (stage, factor) = state.HasNewElbo ? (state.ElboStage, state.ElboFactor) : (state.Stage, FactorOf(state));
        var phase = stage switch
        {
            EbmfStage.Null => "describe",
            not (EbmfStage.Final or EbmfStage.Done) when state.Best is not null => $"look {state.Looks}",
            EbmfStage.Fixed => $"fixed factor {factor + 1}",
            EbmfStage.Resume or EbmfStage.Together when problem.StartsWithBlock => "block",
            EbmfStage.Resume => "resume",
            EbmfStage.Greedy or EbmfStage.Restore => $"greedy {factor + 1}",
            EbmfStage.Together or EbmfStage.Backfit => "backfit",
            EbmfStage.Nullcheck => "nullcheck",
            EbmfStage.Final => "final",
            _ => "done",
        };
        return new RoundReport(
            phase,
            state.HasNewElbo ? Elbo(state, problem) : double.NaN,
            state.Step == EbmfStep.Done,
            state.Step == EbmfStep.Done && !state.HitLimit && !state.EndedEarly,
            Progress(state, problem),
            null,
            state.HasNewElbo && !double.IsFinite(state.Elbo) ? $"the ELBO became {Elbo(state, problem)} in {phase}" : null);
    }

    /// <summary>The factor that the pending step is about, where there is one: the one on trial, the fixed one, the one left out.</summary>
    public static int FactorOf(EbmfState state) =>
        state.Stage is EbmfStage.Greedy or EbmfStage.Restore ? state.GreedyAccepted : state.Candidate;

    /// <summary>The coordinator's part of the results.</summary>
    public static ArraySet Results(EbmfState state, EbmfProblem problem)
    {
        var (p, k, unit) = (problem.Columns, state.K, new EbmfUnit(state.Unit, problem.Options));
        var (mean, sd, lfsr) = (new double[p * k], new double[p * k], new double[p * k]);
        for (var t = 0; t < k; t++)
        {
            var factor = state.Factors[t];
            for (var j = 0; j < p; j++)
            {
                var m = factor.Mean[j];
                mean[(j * k) + t] = problem.FixedEntry(t, j) ?? (m * unit.Factors(t));
                sd[(j * k) + t] = double.Sqrt(factor.Variance[j]) * unit.Factors(t);
                lfsr[(j * k) + t] = factor.FalseSignRate?[j] ?? double.NaN;
            }
        }

        var result = new ArraySet()
            .Set(EbmfResults.FactorsMean, mean, [p, k])
            .Set(EbmfResults.FactorsSd, sd, [p, k])
            .Set(EbmfResults.FactorsLfsr, lfsr, [p, k])
            .Set(EbmfResults.Explained, Explained(state))
            .Set(EbmfResults.KlLoadings, [.. state.Factors.Select(f => f.KlLoadings)])
            .Set(EbmfResults.KlFactors, [.. state.Factors.Select(f => f.KlFactors)])
            .Set(EbmfResults.Elbo, Elbo(state, problem))
            .Set(EbmfResults.Tolerance, problem.Tolerance)
            .Set(EbmfResults.Sweeps, state.TotalSweeps);
        if (ResidualSd(state, problem, unit) is { } residual)
        {
            result.Set(EbmfResults.ResidualSd, residual, residual.Length == 1 ? [] : [p]);
        }

        if (state.FarEntry is [var row, var column, var value, var typical, var count])
        {
            result.Set(EbmfResults.FarEntry, [row, column, unit.Residual(value), unit.Residual(typical), count], [5]);
        }

        if (LeastVariance.IsExact(state))
        {
            result.Set(EbmfResults.IsExact, 1);
        }

        if (state.NoiseLimits.Length == p)
        {
            // All-zero columns are at theirs as a matter of course.
            result.Set(
                EbmfResults.AtBound,
                [.. state.Noise.Select((v, j) => state.ColumnSquares[j] > 0 && v >= state.NoiseLimits[j] ? 1.0 : 0)],
                [p]);
        }

        for (var t = 0; t < k; t++)
        {
            result.Set(EbmfResults.LoadingsPrior.At(t), Outside(state.Factors[t].AcceptedLoadingsPrior!, unit.Loadings(t)));
            result.Set(EbmfResults.FactorsPrior.At(t), Outside(state.Factors[t].FactorsPrior!, unit.Factors(t)));
        }

        return result;
    }

    private static double[] Outside(Prior prior, double factor) => PriorCodec.Encode(EbmfUnit.Times(prior, factor));

    // The ELBO of the data as they came.
    private static double Elbo(EbmfState state, EbmfProblem problem) =>
        new EbmfUnit(state.Unit, problem.Options).Elbo(state.Elbo, state.Observed);

    // Of a rank-one structure the columns' part; rows' parts come from the shards. By entry: the estimated part alone.
    private static double[]? ResidualSd(EbmfState state, EbmfProblem problem, EbmfUnit unit) =>
        (problem.Noise.ByEntry, problem.Noise.Variance) switch
        {
            (_, VarianceStructure.Row) => null,
            (true, VarianceStructure.Known) => null,
            (false, VarianceStructure.Known) when problem.Noise.Known == KnownErrors.Row => null,
            (true, _) => [.. state.Noise.Select(v => unit.Residual(double.Sqrt(v)))],
            (false, VarianceStructure.Constant) => [unit.Residual(1 / double.Sqrt(state.Noise[0]))],
            (false, VarianceStructure.Known) when problem.Noise.Known == KnownErrors.Scalar => [problem.Options.StandardErrors[0]],
            _ => [.. state.Noise.Select(v => unit.Residual(1 / double.Sqrt(v)))],
        };

    // Proportion of variance explained, from second moments (docs/ebmf.md, "Residual variances").
    private static double[] Explained(EbmfState state)
    {
        var parts = state.Factors.Select(f => f.Explained).ToArray();
        var total = parts.Sum() + state.TotalVariance;
        return [.. parts.Select(part => total > 0 ? part / total : 0)];
    }

    private static double Progress(EbmfState state, EbmfProblem problem)
    {
        var (start, end) = state.Stage switch
        {
            _ when state.Best is not null => (0.97, 0.98),
            EbmfStage.Null or EbmfStage.Fixed => (0.0, 0.02),
            EbmfStage.Resume => (0.02, 0.2),
            EbmfStage.Greedy or EbmfStage.Restore => (0.02, problem.Options.Backfit ? 0.4 : 0.95),
            EbmfStage.Together or EbmfStage.Backfit => (0.4, 0.97),
            EbmfStage.Nullcheck or EbmfStage.Final => (0.97, 0.99),
            _ => (1.0, 1.0),
        };
        var share = state.Stage switch
        {
            EbmfStage.Greedy or EbmfStage.Restore => (double)state.GreedyAccepted / int.Max(1, problem.Options.MaxFactors),
            EbmfStage.Backfit or EbmfStage.Resume when state.LastGain > 0 && state.FirstGain > state.LastGain =>
                double.Log(state.FirstGain / state.LastGain) / double.Log(double.Max(1.0001, state.FirstGain / problem.Tolerance)),
            _ => 0,
        };
        return start + ((end - start) * double.Clamp(share, 0, 1));
    }
}
