using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Empirical-Bayes matrix factorization, Y = L F' + E with E_ij ~ N(0, 1 / tau_ij), l_ik ~ g_k^(l), f_jk ~ g_k^(f), all priors and
/// precisions estimated by maximizing the ELBO over q(L) q(F) (Wang and Stephens 2021, JMLR 22(133)). Rows are sharded: loadings live on the shards,
/// factors, priors and precisions at the coordinator. Greedy, backfit and nullcheck as in docs/ebmf.md, with blocked updates.
/// </summary>
public sealed class EbmfModel : IFitModel
{
    private readonly EbmfOptions _options;
    private readonly EbmfNoise _noise;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is out of range or contradicts another; the message lists every problem.</exception>
    public EbmfModel(EbmfOptions options)
    {
        var problems = EbmfOptionsCheck.Problems(options);
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        }

        _options = options;
        _noise = new EbmfNoise(options);
    }

    /// <inheritdoc/>
    public string Name => "ebmf";

    /// <summary>The tolerance in force: the given one, or rows x columns x sqrt(machine epsilon).</summary>
    public double Tolerance => ToleranceOf(_options);

    internal static double ToleranceOf(EbmfOptions options) =>
        options.Tolerance ?? options.Rows * (double)options.Columns * double.Sqrt(double.BitIncrement(1) - 1);

    /// <inheritdoc/>
    public ArraySet InitialGlobal() => new EbmfState { Step = EbmfStep.Describe, Elbo = double.NegativeInfinity, Candidate = -1 }.Write();

    /// <inheritdoc/>
    public ArraySet InitialShard(ShardData data)
    {
        var shard = new ArraySet();
        EbmfShard.New(data.Block.Rows).Write(shard);
        return shard;
    }

    /// <inheritdoc/>
    public ArraySet Broadcast(ArraySet global) => new EbmfUpdate(_options, _noise, EbmfState.Read(global)).Broadcast().Write();

    /// <inheritdoc/>
    public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var order = EbmfBroadcast.Read(broadcast);
        var state = EbmfShard.Read(shard);
        state.Apply(order, data);
        var partial = order.Step switch
        {
            EbmfStep.Describe => LocalSteps.Describe(data, state, _options, _noise),
            EbmfStep.Subspace => LocalStart.Subspace(order, data, state),
            EbmfStep.Power => LocalStart.Power(order, data, state),
            EbmfStep.Project => LocalStart.Project(order, data, state),
            EbmfStep.Prepare => LocalSweep.Prepare(order, data, state, _options, _noise),
            EbmfStep.Prior => LocalSteps.Prior(order, state),
            EbmfStep.Sweep => LocalSweep.Run(order, data, state, _options, _noise),
            EbmfStep.Evaluate => LocalEvaluate.Run(order, data, state, _options, _noise),
            _ => new ArraySet(),
        };
        data.Block.KeepAlive();
        state.Write(shard);
        return partial;
    }

    /// <inheritdoc/>
    public ArraySet Update(ArraySet global, ArraySet partial)
    {
        var update = new EbmfUpdate(_options, _noise, EbmfState.Read(global));
        update.Apply(partial);
        return update.State.Write();
    }

    /// <inheritdoc/>
    public RoundReport Report(ArraySet global) => EbmfReport.Of(EbmfState.Read(global), _options);

    /// <inheritdoc/>
    public ArraySet EndEarly(ArraySet global)
    {
        var state = EbmfState.Read(global);
        state.EndedEarly = true;
        return state.Write();
    }

    /// <inheritdoc/>
    public ArraySet ShardResult(ShardData data, ArraySet shard)
    {
        var state = EbmfShard.Read(shard);
        var (n, k) = (state.Rows, state.K);

        // The final sweep's proposals are accepted without a further round: they are the result.
        var (mean, sd, lfsr) = (new double[n * k], new double[n * k], new double[n * k]);
        for (var t = 0; t < k; t++)
        {
            var (m, s) = state.Proposed[t].Length == n && state.FalseSignRate[t].Length == n
                ? (state.Proposed[t], state.ProposedSecond[t])
                : (state.Mean[t], state.Second[t]);
            for (var i = 0; i < n; i++)
            {
                mean[(i * k) + t] = m[i];
                sd[(i * k) + t] = double.Sqrt(double.Max(0, s[i] - (m[i] * m[i])));
                lfsr[(i * k) + t] = state.FalseSignRate[t].Length == n ? state.FalseSignRate[t][i] : double.NaN;
            }
        }

        var result = new ArraySet()
            .Set("loadings_mean", mean, [n, k])
            .Set("loadings_sd", sd, [n, k])
            .Set("loadings_lfsr", lfsr, [n, k]);
        var rowNoise = state.ProposedRowNoise.Length == n ? state.ProposedRowNoise : state.RowNoise;
        if (_noise.HasRowPrecision)
        {
            result.Set("residual_sd", [.. rowNoise.Select(u => 1 / double.Sqrt(u))], [n]);
        }
        else if (_noise.ByEntry && _noise.Variance == VarianceStructure.Row)
        {
            result.Set("residual_sd", [.. rowNoise.Select(double.Sqrt)], [n]);
        }

        return result;
    }

    /// <inheritdoc/>
    public ArraySet GlobalResult(ArraySet global) => EbmfReport.Results(EbmfState.Read(global), _options, _noise);
}
