using FitCluster.Messages;

namespace FitCluster.Math.Models;

/// <summary>
/// A model as three pure functions (docs/design/architecture.md, section 1). One round of a fit is
/// broadcast(global) -> local on every shard -> partials reduced in shard order -> update.
/// Every function is deterministic: no clock, no thread, no global randomness; the result depends on the arguments alone.
/// An instance is immutable once constructed and is used by many threads at once.
/// </summary>
public interface IFitModel
{
    /// <summary>The model's name in a spec, as in "ebmf".</summary>
    string Name { get; }

    /// <summary>The form of the coordinator's state, by which a checkpoint of another form is refused.</summary>
    StateFormat? GlobalFormat => null;

    /// <summary>The form of a shard's state.</summary>
    StateFormat? ShardFormat => null;

    /// <summary>The coordinator's state before the first round.</summary>
    ArraySet InitialGlobal();

    /// <summary>A shard's state before the first round. Owned by the shard's worker from then on.</summary>
    ArraySet InitialShard(ShardData data);

    /// <summary>What of the global state the shards need for the coming round. Nobody writes to its arrays afterwards.</summary>
    ArraySet Broadcast(ArraySet global);

    /// <summary>
    /// The local step of a round. <paramref name="shard"/> is the state after the round before and becomes, in place, the state
    /// after this round; if the function throws, the state is to be thrown away. Returns the partial result, whose size
    /// does not grow with the shard's rows.
    /// </summary>
    ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard);

    /// <summary>
    /// The coordinator's step: the state after this round, from the state before it and the reduced partial. Neither argument is
    /// written to; the result may share arrays with <paramref name="global"/> that did not change.
    /// A NaN anywhere in the result ends the fit as failed, naming the array; mark absent values otherwise (an infinity is allowed).
    /// </summary>
    ArraySet Update(ArraySet global, ArraySet partial);

    /// <summary>Where the fit stands, for progress, trace and the decision to stop.</summary>
    RoundReport Report(ArraySet global);

    /// <summary>
    /// The same state, told to end as soon as is sound (a limit of rounds or time was reached): the following rounds
    /// bring it to <see cref="RoundReport.IsDone"/> with results that are valid but not converged.
    /// </summary>
    ArraySet EndEarly(ArraySet global);

    /// <summary>A shard's rows of the results (each array rows x something), after the last round.</summary>
    ArraySet ShardResult(ShardData data, ArraySet shard);

    /// <summary>The coordinator's part of the results, after the last round.</summary>
    ArraySet GlobalResult(ArraySet global);
}

/// <summary>One line of a fit's trace.</summary>
/// <param name="Phase">Words for the phase, as in "greedy 3" or "backfit".</param>
/// <param name="Objective">The ELBO where this round yields one; NaN where it does not.</param>
/// <param name="IsDone">No further round is needed: results can be collected.</param>
/// <param name="Converged">With <see cref="IsDone"/>: whether the tolerance was reached.</param>
/// <param name="Progress">An estimate of the share of the work that is done, 0 to 1.</param>
/// <param name="Note">Something a user should be told once, or null.</param>
/// <param name="Failure">
/// Why the fit cannot go on (a diverged parameter by name); null while all is well. With <see cref="IsDone"/> there are results,
/// the best so far; without it there are none.
/// </param>
public sealed record RoundReport(
    string Phase, double Objective, bool IsDone, bool Converged, double Progress, string? Note = null, string? Failure = null);
