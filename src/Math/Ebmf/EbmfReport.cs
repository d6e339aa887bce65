using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>Where a fit stands, and what it yields at the end.</summary>
internal static class EbmfReport
{
    public static RoundReport Of(EbmfState state, EbmfOptions options)
    {
        var (stage, factor) = state.HasNewElbo ? (state.ElboStage, state.ElboFactor) : (state.Stage, state.Stage == EbmfStage.Greedy ? state.GreedyAccepted : state.Candidate);
        var phase = stage switch
        {
            EbmfStage.Null => "describe",
            EbmfStage.Fixed => $"fixed factor {factor + 1}",
            EbmfStage.Greedy => $"greedy {factor + 1}",
            EbmfStage.Backfit => "backfit",
            EbmfStage.Nullcheck => "nullcheck",
            EbmfStage.Final => "final",
            _ => "done",
        };
        return new RoundReport(
            phase,
            state.HasNewElbo ? state.Elbo : double.NaN,
            state.Step == EbmfStep.Done,
            state.Step == EbmfStep.Done && !state.HitLimit && !state.EndedEarly,
            Progress(state, options),
            null,
            state.HasNewElbo && !double.IsFinite(state.Elbo) ? $"the ELBO became {state.Elbo} in {phase}" : null);
    }

    public static ArraySet Results(EbmfState state, EbmfOptions options, EbmfNoise noise)
    {
        var (p, k) = (options.Columns, state.K);
        var (mean, sd, lfsr) = (new double[p * k], new double[p * k], new double[p * k]);
        for (var t = 0; t < k; t++)
        {
            var factor = state.Factors[t];
            for (var j = 0; j < p; j++)
            {
                var m = factor.Mean[j];
                mean[(j * k) + t] = m;
                sd[(j * k) + t] = double.Sqrt(double.Max(0, factor.Second[j] - (m * m)));
                lfsr[(j * k) + t] = factor.FalseSignRate?[j] ?? double.NaN;
            }
        }

        var result = new ArraySet()
            .Set("factors_mean", mean, [p, k])
            .Set("factors_sd", sd, [p, k])
            .Set("factors_lfsr", lfsr, [p, k])
            .Set("pve", Explained(state))
            .Set("klLoadings", [.. state.Factors.Select(f => f.KlLoadings)])
            .Set("klFactors", [.. state.Factors.Select(f => f.KlFactors)])
            .Set("elbo", state.Elbo)
            .Set("tolerance", EbmfModel.ToleranceOf(options))
            .Set("sweeps", state.TotalSweeps);
        if (ResidualSd(state, options, noise) is { } residual)
        {
            result.Set("residual_sd", residual, residual.Length == 1 ? [] : [p]);
        }

        for (var t = 0; t < k; t++)
        {
            result.Set($"loadingsPrior.{t}", PriorCodec.Encode(state.Factors[t].AcceptedLoadingsPrior!));
            result.Set($"factorsPrior.{t}", PriorCodec.Encode(state.Factors[t].FactorsPrior!));
        }

        return result;
    }

    // Of a rank-one structure the columns' part; rows' parts come from the shards. By entry: the estimated part alone.
    private static double[]? ResidualSd(EbmfState state, EbmfOptions options, EbmfNoise noise) => (noise.ByEntry, noise.Variance) switch
    {
        (_, VarianceStructure.Row) => null,
        (true, VarianceStructure.Known) => null,
        (false, VarianceStructure.Known) when noise.Known == KnownErrors.Row => null,
        (true, _) => [.. state.Noise.Select(double.Sqrt)],
        (false, VarianceStructure.Constant) => [1 / double.Sqrt(state.Noise[0])],
        (false, VarianceStructure.Known) when noise.Known == KnownErrors.Scalar => [options.StandardErrors[0]],
        _ => [.. state.Noise.Select(v => 1 / double.Sqrt(v))],
    };

    // Proportion of variance explained, from second moments (docs/ebmf.md, "Residual variances").
    private static double[] Explained(EbmfState state)
    {
        var parts = state.Factors.Select(f => f.PlainSumSecond * f.Second.Sum()).ToArray();
        var total = parts.Sum() + state.TotalVariance;
        return [.. parts.Select(part => total > 0 ? part / total : 0)];
    }

    private static double Progress(EbmfState state, EbmfOptions options)
    {
        var (start, end) = state.Stage switch
        {
            EbmfStage.Null or EbmfStage.Fixed => (0.0, 0.02),
            EbmfStage.Greedy => (0.02, options.Backfit ? 0.4 : 0.95),
            EbmfStage.Backfit => (0.4, 0.97),
            EbmfStage.Nullcheck or EbmfStage.Final => (0.97, 0.99),
            _ => (1.0, 1.0),
        };
        var share = state.Stage switch
        {
            EbmfStage.Greedy => (double)state.GreedyAccepted / int.Max(1, options.MaxFactors),
            EbmfStage.Backfit when state.LastGain > 0 && state.FirstGain > state.LastGain =>
                double.Log(state.FirstGain / state.LastGain) / double.Log(double.Max(1.0001, state.FirstGain / EbmfModel.ToleranceOf(options))),
            _ => 0,
        };
        return start + ((end - start) * double.Clamp(share, 0, 1));
    }
}
