using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Node;

/// <summary>
/// What is noted of a job and not written down yet. <see cref="JobNotebook"/>'s, and read and written under its lock only.
/// </summary>
internal sealed class JobNotes
{
    public JobProgress Progress { get; set; } = new();

    public List<JobRound> Rounds { get; } = [];

    public Queue<string> Events { get; } = new();

    /// <summary>How the job ended; null while it has not.</summary>
    public FitOutcome? Outcome { get; set; }

    /// <summary>The outcome whose results are written.</summary>
    public FitOutcome? Ended { get; set; }

    /// <summary>The writing of results that is under way, or waits for its turn.</summary>
    public (Attempt Attempt, Task Task)? Ending { get; set; }

    /// <summary>That the results cannot be written was noted: once is enough.</summary>
    public bool IsDiskTold { get; set; }

    public bool IsDirty { get; set; }

    public bool IsBusy { get; set; }
}

/// <summary>What is to be written of a job at one moment.</summary>
internal sealed record JobDraft(IReadOnlyList<JobRound> Rounds, IReadOnlyList<string> Events, JobProgress Progress, FitOutcome? Outcome);
