using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Empirical-Bayes matrix factorization, Y = L F' + E with E_ij ~ N(0, 1 / tau_ij), l_ik ~ g_k^(l), f_jk ~ g_k^(f), all priors and
/// precisions estimated by maximizing the ELBO over q(L) q(F) (Wang and Stephens 2021, JMLR 22(133)). Rows are sharded: loadings live on
/// the shards,
/// factors, priors and precisions at the coordinator. Greedy, backfit and nullcheck as in docs/ebmf.md, with blocked updates.
/// </summary>
public sealed class EbmfModel : IFitModel
{
    private readonly EbmfProblem _problem;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is out of range or contradicts another; the message lists every problem.</exception>
    public EbmfModel(EbmfOptions options)
    {
        var problems = EbmfOptionsCheck.Problems(options);
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        }

        _problem = new EbmfProblem(options);
    }

    /// <inheritdoc/>
    public string Name => "ebmf";

    /// <inheritdoc/>
    public StateFormat GlobalFormat => EbmfState.Format;

    /// <inheritdoc/>
    public StateFormat ShardFormat => EbmfShard.Format;

    /// <summary>The tolerance in force: the given one, or rows x columns x sqrt(machine epsilon).</summary>
    public double Tolerance => _problem.Tolerance;

    /// <inheritdoc/>
    public ArraySet InitialGlobal() => EbmfState.New().Write();

    /// <inheritdoc/>
    public ArraySet InitialShard(ShardData data)
    {
        var shard = new ArraySet();
        EbmfShard.New(data.Block.Rows).Write(shard);
        return shard;
    }

    /// <inheritdoc/>
    public ArraySet Broadcast(ArraySet global)
    {
        var state = EbmfState.Read(global);
        return EbmfOrders.Of(_problem.In(state.Unit), state).Write();
    }

    /// <inheritdoc/>
    public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var order = EbmfBroadcast.Read(broadcast);
        var state = EbmfShard.Read(shard);
        var (options, noise) = (_problem.In(order.Unit).Options, _problem.Noise);
        data = order.Unit == 0 ? data : new EbmfUnit(order.Unit, _problem.Options).In(data, order.Adopts);
        state.Apply(order, data);
        var partial = order.Step switch
        {
            EbmfStep.Describe => LocalSteps.Describe(order, data, state, options, noise),
            EbmfStep.Subspace => LocalStart.Subspace(order, data, state, options, noise),
            EbmfStep.Power => LocalStart.Power(order, data, state, options, noise),
            EbmfStep.Project => LocalStart.Project(order, data, state, options, noise),
            EbmfStep.Prepare => LocalSweep.Prepare(order, data, state, options, noise),
            EbmfStep.Prior => LocalSteps.Prior(order, state),
            EbmfStep.Sweep => LocalSweep.Run(order, data, state, options, noise),
            EbmfStep.Evaluate => LocalEvaluate.Run(order, data, state, options, noise),
            _ => new ArraySet(),
        };
        data.Block.KeepAlive();
        state.Write(shard);
        return partial;
    }

    /// <inheritdoc/>
    public ArraySet Update(ArraySet global, ArraySet partial)
    {
        var state = EbmfState.Read(global);
        EbmfUpdate.Apply(_problem.In(state.Unit), state, partial);
        return state.Write();
    }

    /// <inheritdoc/>
    public RoundReport Report(ArraySet global) => EbmfReport.Of(EbmfState.Read(global), _problem);

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
        var (n, k, unit) = (state.Rows, state.K, new EbmfUnit(state.Unit, _problem.Options));

        // The final sweep's proposals are accepted without a further round: they are the result.
        var (mean, sd, lfsr) = (new double[n * k], new double[n * k], new double[n * k]);
        for (var t = 0; t < k; t++)
        {
            var (m, v) = state.Proposed[t].Length == n && state.FalseSignRate[t].Length == n
                ? (state.Proposed[t], state.ProposedVariance[t])
                : (state.Mean[t], state.Variance[t]);
            var given = FixedLoadings.Column(data, _problem.Options, t);
            for (var i = 0; i < n; i++)
            {
                mean[(i * k) + t] = given is null || double.IsNaN(given[i]) ? m[i] * unit.Loadings(t) : given[i];
                sd[(i * k) + t] = double.Sqrt(v[i]) * unit.Loadings(t);
                lfsr[(i * k) + t] = state.FalseSignRate[t].Length == n ? state.FalseSignRate[t][i] : double.NaN;
            }
        }

        var result = new ArraySet()
            .Set(EbmfResults.LoadingsMean, mean, [n, k])
            .Set(EbmfResults.LoadingsSd, sd, [n, k])
            .Set(EbmfResults.LoadingsLfsr, lfsr, [n, k]);
        var rowNoise = state.ProposedRowNoise.Length == n ? state.ProposedRowNoise : state.RowNoise;
        if (_problem.Noise.HasRowPrecision)
        {
            result.Set(EbmfResults.ResidualSd, [.. rowNoise.Select(u => InUnit(1 / double.Sqrt(u)))], [n]);
        }
        else if (_problem.Noise.ByEntry && _problem.Noise.Variance == VarianceStructure.Row)
        {
            result.Set(EbmfResults.ResidualSd, [.. rowNoise.Select(v => InUnit(double.Sqrt(v)))], [n]);
        }

        if (state.RowLimits.Length == n && n > 0)
        {
            result.Set(EbmfResults.AtBound, [.. rowNoise.Zip(state.RowLimits, (u, most) => most > 0 && u >= most ? 1.0 : 0)], [n]);
        }

        return result;

        // Of a rank-one structure the columns' part has the unit.
        double InUnit(double sd) => _problem.Noise.Variance == VarianceStructure.Kronecker ? sd : unit.Residual(sd);
    }

    /// <inheritdoc/>
    public ArraySet GlobalResult(ArraySet global) => EbmfReport.Results(EbmfState.Read(global), _problem);
}
