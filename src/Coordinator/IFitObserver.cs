using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Coordinator;

/// <summary>
/// Is told how a fit goes: progress, log, results. Called on the coordinator's turn, one call at a time: be quick, and do not throw.
/// </summary>
public interface IFitObserver
{
    /// <summary>An attempt begins its rounds, from a checkpoint or (null) from the beginning.</summary>
    void OnStarted(JobName job, Round? resumedFrom, Attempt attempt);

    /// <summary>A round is done.</summary>
    /// <param name="job">The job.</param>
    /// <param name="report">Where the fit stands.</param>
    /// <param name="round">The round.</param>
    /// <param name="secondsSinceStart">The seconds spent over all attempts, without what was lost.</param>
    void OnRound(JobName job, RoundReport report, Round round, double secondsSinceStart);

    /// <summary>Something happened that a user may want to read: who was lost, what was passed over, what is tried again.</summary>
    void OnEvent(JobName job, string words);

    /// <summary>How the shards do, twice a second while there is a job.</summary>
    void OnShards(JobName job, Attempt attempt, IReadOnlyList<Engine.ShardStatus> shards)
    {
    }

    /// <summary>A checkpoint exists.</summary>
    void OnCheckpoint(JobName job, Round round, long bytes, double seconds);

    /// <summary>The fit has ended. May come again, with the same results, when an ended job is started again.</summary>
    void OnEnded(JobName job, FitOutcome outcome);
}
