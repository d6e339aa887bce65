using FitCluster.Engine;
using FitCluster.Math.Models;

namespace FitCluster.Coordinator;

/// <remarks>
/// A limit is no part of a job's identity: a fit that one has stopped can be gone on with under a larger one, and ends as if that had been
/// given from the beginning. So the state in which it is reached is saved as it is, and only then changed; no other checkpoint is made of
/// that round, and those that follow say where it was.
/// </remarks>
public sealed partial class FitCoordinator
{
    /// <summary>Where the limit was reached by which the present state was ended early; null when it was not.</summary>
    private ResumePoint? _limit;

    private bool _isPausing;

    /// <summary>Simulation only: false goes on from an end that a limit made early, to prove that the simulation would notice.</summary>
    internal bool GoesPastLimits { get; init; } = true;

    private bool IsAtLimit => _endedEarly && _limit!.Round == _round;

    /// <summary>
    /// Saves the state in which a limit was reached; the shards wait. Its status is "stopped": nobody but a user goes on from there.
    /// </summary>
    private void BeginPause(string reason, IActorContext context)
    {
        _isPausing = true;
        BeginFinishing((FitStatus.Stopped, reason), context);
    }

    /// <summary>The state in which the limit was reached is saved, or cannot be: the model is told to end.</summary>
    private void PassLimit(IActorContext context)
    {
        var reason = _ending!.Value.Reason;
        (_isPausing, _ending, _stage) = (false, null, Stage.Running);
        EndEarly(reason, context);
        Continue(context);
    }

    private void EndEarly(string reason, IActorContext context)
    {
        _limit ??= new ResumePoint(_round, Seconds(context));
        (_global, _endedEarly, _endedEarlyReason) = (_model.EndEarly(_global), true, reason);
        _report = _model.Report(_global);
    }

    /// <summary>
    /// Whether a found state was ended early by a limit that the present settings do not reach: then the newest checkpoint from before is
    /// asked for instead. What was found is superseded by the first checkpoint that is made from there.
    /// </summary>
    private bool GoesBack(CoordinatorPart part, IActorContext context)
    {
        if (!GoesPastLimits || !part.EndedEarly || part.Limit is not { } limit || _settings.LimitAt(limit.Round, limit.Seconds) is not null)
        {
            return false;
        }

        Say(
            $"job {_job} was ended early after round {limit.Round} ({part.EndedEarlyReason}), and has a larger limit now: " +
            "it goes on from before that");
        Ask(Find, new FindCheckpoint(_job, limit.Round), context);
        return true;
    }
}
