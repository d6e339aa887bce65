using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The negative-binomial family with hierarchical priors, fitted by deterministic coordinate ascent of the ELBO (docs/nb.md): cells'
/// posteriors on the shards, genes', scalars' and weights' at the coordinator.
/// </summary>
public sealed class NbModel : IFitModel
{
    private readonly NbOptions _options;
    private readonly NbStructure _structure;
    private readonly NbFitBroadcast _broadcast;
    private readonly NbFitUpdate _update;

    /// <summary>A model of options.</summary>
    /// <exception cref="ArgumentException">Options contradict each other; the message lists every problem.</exception>
    public NbModel(NbOptions options)
    {
        var problems = NbOptionsCheck.Problems(options);
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        }

        (_options, _structure) = (options, new NbStructure(options));
        var cubature = new NbCubature(_structure);
        (_broadcast, _update) = (new NbFitBroadcast(_structure, cubature), new NbFitUpdate(_structure, cubature));
    }

    /// <inheritdoc/>
    public string Name => "nb";

    /// <inheritdoc/>
    public StateFormat GlobalFormat => NbFitState.Format;

    /// <inheritdoc/>
    public StateFormat ShardFormat => NbCells.Format;

    /// <inheritdoc/>
    public ArraySet InitialGlobal()
    {
        var state = NbFitState.Format.New();
        state[NbField.Elbo] = double.NegativeInfinity;
        state[NbField.PassElbo] = double.NegativeInfinity;
        state[NbField.BestElbo] = double.NegativeInfinity;
        return state.Arrays;
    }

    /// <inheritdoc/>
    public ArraySet InitialShard(ShardData data) => NbCells.InitialShard(_options, data);

    /// <inheritdoc/>
    public ArraySet Broadcast(ArraySet global) => _broadcast.Of(NbFitState.Format.View(global));

    /// <inheritdoc/>
    public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var partial = NbCells.Local(_options, broadcast, data, shard);
        data.Block.KeepAlive();
        return partial;
    }

    /// <inheritdoc/>
    public ArraySet Update(ArraySet global, ArraySet partial) => _update.After(global, partial).Arrays;

    /// <inheritdoc/>
    public RoundReport Report(ArraySet global) => NbReport.Of(_structure, _update, NbFitState.Format.View(global));

    /// <inheritdoc/>
    public ArraySet EndEarly(ArraySet global)
    {
        var state = NbFitState.Format.Next(global);
        state.Put(NbField.EndEarly, true);
        return state.Arrays;
    }

    /// <inheritdoc/>
    public ArraySet ShardResult(ShardData data, ArraySet shard) => NbCells.Results(_options, data, shard);

    /// <inheritdoc/>
    public ArraySet GlobalResult(ArraySet global) => NbReport.Results(_structure, NbFitState.Format.View(global));
}
