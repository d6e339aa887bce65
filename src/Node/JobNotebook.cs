using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Node;

/// <summary>
/// The notes of the jobs whose coordinators are on this node: coordinators note, a writer takes drafts and says what of them is written.
/// Nothing leaves it before it is. Thread-safe; does no I/O.
/// </summary>
internal sealed class JobNotebook
{
    private readonly Lock _lock = new();
    private readonly Dictionary<JobName, JobNotes> _jobs = [];

    /// <summary>Whether there is nothing that is not written.</summary>
    public bool IsWritten
    {
        get
        {
            lock (_lock)
            {
                return _jobs.Values.All(notes => notes is { IsDirty: false, IsBusy: false, Ending: null });
            }
        }
    }

    /// <summary>The jobs with something to write.</summary>
    public IReadOnlyList<KeyValuePair<JobName, JobNotes>> Dirty
    {
        get
        {
            lock (_lock)
            {
                return [.. _jobs.Where(job => job.Value.IsDirty)];
            }
        }
    }

    /// <summary>The jobs whose results are being written, or wait for their turn.</summary>
    public IReadOnlyList<(JobName Job, Attempt Attempt, Task Task)> Ending
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. from job in _jobs
                       where job.Value.Ending is not null
                       let ending = job.Value.Ending!.Value
                       select (job.Key, ending.Attempt, ending.Task),
                ];
            }
        }
    }

    /// <summary>Notes something of a job.</summary>
    public void Note(JobName job, Action<JobNotes> note)
    {
        lock (_lock)
        {
            if (!_jobs.TryGetValue(job, out var notes))
            {
                _jobs.Add(job, notes = new JobNotes());
            }

            note(notes);
            notes.IsDirty = true;
        }
    }

    /// <summary>Takes what is to be written; <see cref="Return"/> says that this is over.</summary>
    public JobDraft Take(JobNotes notes)
    {
        lock (_lock)
        {
            (notes.IsDirty, notes.IsBusy) = (false, true);
            return new JobDraft([.. notes.Rounds], [.. notes.Events], notes.Progress, notes.Outcome);
        }
    }

    /// <summary>The oldest event is written.</summary>
    public void EventWritten(JobNotes notes)
    {
        lock (_lock)
        {
            notes.Events.Dequeue();
        }
    }

    /// <summary>So many of the oldest rounds are written.</summary>
    public void RoundsWritten(JobNotes notes, int count)
    {
        lock (_lock)
        {
            notes.Rounds.RemoveRange(0, count);
        }
    }

    /// <summary>A draft is dealt with: written, or to be written again.</summary>
    public void Return(JobNotes notes, bool isWritten)
    {
        lock (_lock)
        {
            notes.IsBusy = false;
            notes.IsDirty |= !isWritten;
        }
    }

    /// <summary>Begins to write the results of an outcome, unless they are written, or some of the job are being written.</summary>
    public void BeginEnd(JobNotes notes, FitOutcome outcome, Attempt attempt, Func<Task> end)
    {
        lock (_lock)
        {
            if (notes.Ended != outcome && notes.Ending is null)
            {
                notes.Ending = (attempt, Task.Run(end));
            }
        }
    }

    /// <summary>An outcome whose results will never be whole is no outcome; a newer one stays.</summary>
    public void Withdraw(JobNotes notes, FitOutcome outcome)
    {
        lock (_lock)
        {
            notes.Outcome = notes.Outcome == outcome ? null : notes.Outcome;
        }
    }

    /// <summary>Whether it is the first time that this is asked of these notes: that the results cannot be written is told once.</summary>
    public bool TellsOfDisk(JobNotes notes)
    {
        lock (_lock)
        {
            var isFirst = !notes.IsDiskTold;
            notes.IsDiskTold = true;
            return isFirst;
        }
    }

    /// <summary>
    /// The results are written, and the job is forgotten unless something was noted meanwhile; or they are to be written again.
    /// </summary>
    public void EndedEnd(JobName job, JobNotes notes, FitOutcome outcome, bool isWritten)
    {
        lock (_lock)
        {
            notes.Ending = null;
            if (!isWritten)
            {
                notes.IsDirty = true;
                return;
            }

            notes.Ended = outcome;
            if (!notes.IsDirty && _jobs.TryGetValue(job, out var known) && known == notes)
            {
                _jobs.Remove(job);
            }
        }
    }
}
