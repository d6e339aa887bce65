using System.Collections.Concurrent;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// TwinEB by the published algorithm: x_ij ~ Poisson(u_i . v_j) or N(u_i . v_j, noise sd squared), mixture priors on u_i and v_j, q
/// log-normal or normal, ascent of the ELBO by reparametrized gradients of minibatches of rows, clipped, with Adam (blei-lab/TwinEB at
/// 1421e9c; docs/twineb.md). One round is one step (or LocalSteps of them): rows and their moments stay on the shards, columns and priors
/// at the coordinator.
/// <para>
/// The gradient is clipped by its norm over rows, columns and priors together. A shard returns the squared norm of its rows' gradient and
/// keeps the gradient; the coordinator's next broadcast says by what it is multiplied, and the shard takes its step before it computes the
/// next one: the published update exactly.
/// </para>
/// </summary>
public sealed class TwinEbReferenceModel : IFitModel
{
    private readonly TwinEbOptions _options;

    // Scratch memory only: what is in it never reaches a result. As many as there are threads in Local at once.
    private readonly ConcurrentBag<ReferenceGradient> _scratch = [];

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is out of range or contradicts another; the message lists every problem.</exception>
    public TwinEbReferenceModel(TwinEbOptions options)
    {
        var problems = TwinEbOptionsCheck.Problems(options);
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        }

        _options = options;
    }

    /// <inheritdoc/>
    public string Name => "twineb";

    /// <inheritdoc/>
    public StateFormat GlobalFormat => ReferenceState.Format;

    /// <inheritdoc/>
    public StateFormat ShardFormat => ReferenceShard.Format;

    /// <inheritdoc/>
    public ArraySet InitialGlobal() => ReferenceState.Initial(_options.Start is not null).Arrays;

    /// <inheritdoc/>
    public ArraySet InitialShard(ShardData data) => ReferenceShard.New(data, _options);

    /// <inheritdoc/>
    public ArraySet Broadcast(ArraySet global)
    {
        var state = ReferenceState.View(global);
        return state.Broadcast(_options.LocalSteps > 1 && state.Phase == ReferencePhase.Train);
    }

    /// <inheritdoc/>
    public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        if (!_scratch.TryTake(out var gradient))
        {
            gradient = new ReferenceGradient(_options);
        }

        var partial = new ReferenceLocal(_options, gradient, broadcast, data, ReferenceShard.Read(shard, data, _options)).Run();
        data.Block.KeepAlive();

        // After a step that was not finite the scratch may hold numbers that are not: it is given up.
        if (!partial.Has(ReferenceKeys.Flags) || partial.Get(ReferenceKeys.Flags).All(flag => flag == 0))
        {
            _scratch.Add(gradient);
        }

        return partial;
    }

    /// <inheritdoc/>
    public ArraySet Update(ArraySet global, ArraySet partial)
    {
        var state = ReferenceState.Next(global);
        new ReferenceUpdate(_options, state).Apply(partial);
        return state.Arrays;
    }

    /// <inheritdoc/>
    public RoundReport Report(ArraySet global) => ReferenceReport.Of(ReferenceState.View(global), _options);

    /// <inheritdoc/>
    public ArraySet EndEarly(ArraySet global)
    {
        var state = ReferenceState.Next(global);
        state[ReferenceField.EndedEarly] = 1;
        return state.Arrays;
    }

    /// <inheritdoc/>
    public ArraySet ShardResult(ShardData data, ArraySet shard)
    {
        var (mean, sd) = ReferenceSampler.Moments(_options, ReferenceShard.Read(shard, data, _options).ResultParameters());
        int[] shape = [data.Block.Rows, _options.Factors];
        return new ArraySet().Set("rows_mean", mean, shape).Set("rows_sd", sd, shape);
    }

    /// <inheritdoc/>
    public ArraySet GlobalResult(ArraySet global) => ReferenceReport.Results(ReferenceState.View(global), _options);
}
