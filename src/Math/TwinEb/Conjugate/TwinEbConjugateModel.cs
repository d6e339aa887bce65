using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// TwinEB's default optimizer: conjugate coordinate ascent of the ELBO, penalized on the mixtures' components (docs/twineb-default.md).
/// Rows live on the shards, columns and both priors at the coordinator; a sweep is two rounds: rows and priors, then columns, of which each
/// shard updates a part. Rounds (<see cref="ConjugateTransitions"/>): sums over the data; for each restart sweeps with one component a
/// side, sweeps with the mixtures, now and then a score of the validation cells, by which the best state is kept and the restart stopped;
/// their score; at last held-out rows, under columns and priors of the best restart.
/// </summary>
public sealed class TwinEbConjugateModel : IFitModel
{
    private readonly TwinEbOptions _options;
    private readonly IConjugateLikelihood _likelihood;
    private readonly ConjugateSchedule _schedule;
    private readonly ConjugateLocal _local;
    private readonly ConjugateUpdate _update;
    private readonly ConjugateReport _report;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is out of range or contradicts another; the message lists every problem.</exception>
    public TwinEbConjugateModel(TwinEbOptions options)
    {
        var problems = TwinEbOptionsCheck.Problems(options);
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        }

        (_options, _schedule) = (options, new ConjugateSchedule(options));
        _likelihood = ConjugateLikelihoods.Of(options);
        _local = new ConjugateLocal(options, _likelihood, _schedule, new HeldOutScorer(options));
        _update = new ConjugateUpdate(options, _likelihood, _schedule);
        _report = new ConjugateReport(options, _likelihood, _schedule);
    }

    /// <inheritdoc/>
    public string Name => "twineb";

    /// <inheritdoc/>
    public StateFormat GlobalFormat => ConjugateFormats.Global;

    /// <inheritdoc/>
    public StateFormat ShardFormat => ConjugateFormats.Shard;

    /// <inheritdoc/>
    public ArraySet InitialGlobal()
    {
        var state = ConjugateFormats.Global.New();
        state[ConjugateField.Phase] = (int)ConjugatePhase.Describe;
        state[ConjugateField.Objective] = ConjugateSettings.NoObjective;
        state[ConjugateField.BestCriterion] = ConjugateSettings.NoObjective;
        state[ConjugateField.BestObjective] = ConjugateSettings.NoObjective;
        state.Put(ConjugateField.AllConverged, true);
        state[ConjugateKeys.Divergence] = [];
        state[ConjugateKeys.Validation] = new double[HeldOutScore.Length];
        state[ConjugateKeys.Test] = new double[HeldOutScore.Length];
        state[ConjugateKeys.Misfit] = [];
        state[ConjugateKeys.ColumnAverages] = [];
        state[ConjugateKeys.ColumnErrors] = [];
        state[ConjugateKeys.RestartScores] = [];
        state[ConjugateKeys.RestartElbos] = [];
        return state.Arrays;
    }

    /// <inheritdoc/>
    public ArraySet InitialShard(ShardData data) => ConjugateFormats.Shard.New().Arrays;

    /// <inheritdoc/>
    public ArraySet Broadcast(ArraySet global)
    {
        var state = ConjugateFormats.Global.View(global);
        var phase = (ConjugatePhase)state.Whole(ConjugateField.Phase);
        var broadcast = new ArraySet()
            .Set(ConjugateKeys.Phase, (int)phase)
            .Set(ConjugateKeys.Restart, state[ConjugateField.Restart])
            .Set(ConjugateKeys.Sweep, state[ConjugateField.Sweep])
            .Set(ConjugateKeys.Slice, state[ConjugateField.Slice])
            .Set(ConjugateKeys.Promote, state[ConjugateField.Promote])
            .Set(ConjugateKeys.KeepRows, state[ConjugateField.KeepRows])
            .Set(ConjugateKeys.TakeKept, phase is ConjugatePhase.Spread or ConjugatePhase.Validate ? state[ConjugateField.HasKept] : 0)
            .Set(ConjugateKeys.IsColumnMeans, state[ConjugateField.IsColumnMeans])
            .Set(ConjugateKeys.GoesOn, _options.Start is not null && state[ConjugateField.Restart] == 0 ? 1 : 0)
            .Set(ConjugateKeys.Candidates, _schedule.Candidates(state));
        var isScored = phase is ConjugatePhase.Validate or ConjugatePhase.Check or ConjugatePhase.Spread;
        if (phase == ConjugatePhase.Validate)
        {
            broadcast.Set(ConjugateKeys.ColumnAverages, state[ConjugateKeys.ColumnAverages]);
        }

        if (phase == ConjugatePhase.Sweep || isScored)
        {
            _likelihood.Broadcast(state, "", isScored, broadcast);
        }
        else if (phase == ConjugatePhase.Columns)
        {
            _likelihood.BroadcastColumns(global, broadcast);
        }
        else if (phase == ConjugatePhase.Project)
        {
            _likelihood.Broadcast(state, ConjugateKeys.Best, true, broadcast);
        }

        return phase switch
        {
            ConjugatePhase.Validate or ConjugatePhase.Check or ConjugatePhase.Spread => broadcast.Set(
                ConjugateKeys.ZeroShare,
                HeldOutScorer.ZeroShare(_options, state[ConjugateField.ValidationZeros], state[ConjugateField.ValidationOthers])),
            ConjugatePhase.Project => broadcast.Set(
                ConjugateKeys.ZeroShare,
                HeldOutScorer.ZeroShare(_options, state[ConjugateField.TestZeros], state[ConjugateField.TestOthers])),
            _ => broadcast,
        };
    }

    /// <inheritdoc/>
    public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var partial = _local.Round(broadcast, data, shard);
        data.Block.KeepAlive();
        return partial;
    }

    /// <inheritdoc/>
    public ArraySet Update(ArraySet global, ArraySet partial) => _update.After(global, partial).Arrays;

    /// <inheritdoc/>
    public RoundReport Report(ArraySet global) => _report.Of(ConjugateFormats.Global.View(global));

    /// <inheritdoc/>
    public ArraySet EndEarly(ArraySet global)
    {
        var state = ConjugateFormats.Global.Next(global);
        state.Put(ConjugateField.EndEarly, true);
        return state.Arrays;
    }

    /// <inheritdoc/>
    public ArraySet ShardResult(ShardData data, ArraySet shard)
    {
        int[] shape = [data.Block.Rows, _options.Factors];
        var rows = ConjugateFormats.Shard.View(shard);
        var isFitted = rows.Is(ConjugateShardField.HasBest);
        double[] Unknown() => [.. Enumerable.Repeat(double.NaN, data.Block.Rows * _options.Factors)];
        return new ArraySet()
            .Set("rows_mean", isFitted ? rows[ConjugateKeys.BestMean] : Unknown(), shape)
            .Set("rows_sd", isFitted ? rows[ConjugateKeys.BestSd] : Unknown(), shape);
    }

    /// <inheritdoc/>
    public ArraySet GlobalResult(ArraySet global) => _report.Results(ConjugateFormats.Global.View(global));
}
