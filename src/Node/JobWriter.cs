using FitCluster.Engine;
using FitCluster.Messages;

namespace FitCluster.Node;

/// <summary>Writes what is noted of jobs into the store, a few jobs at a time.</summary>
internal sealed class JobWriter(
    IClusterStore store, string node, JobNotebook notebook, JobEnds ends, StoreAway away, Action<JobName> abandon, CancellationToken end)
{
    private const int JobsAtOnce = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(2);

    /// <summary>Writes a few times a second, and seldomer while that fails, until the end.</summary>
    public async Task WriteUntilEnd()
    {
        while (!end.IsCancellationRequested)
        {
            var dirty = notebook.Dirty;
            var failures = 0;
            await Parallel.ForEachAsync(dirty, new ParallelOptions { MaxDegreeOfParallelism = JobsAtOnce }, async (job, _) =>
            {
                try
                {
                    await Write(job.Key, job.Value).ConfigureAwait(false);
                }
                catch (Exception error)
                {
                    Interlocked.Increment(ref failures);
                    away.Failed(job.Key, error);
                }
            }).ConfigureAwait(false);
            try
            {
                await ends.BeatIfDue().ConfigureAwait(false);
            }
            catch (Exception error) when (error is ClusterStoreException or OperationCanceledException)
            {
                failures++;
            }

            if (failures == 0 && dirty.Count > 0)
            {
                away.Succeeded();
            }

            try
            {
                await Task.Delay(failures > 0 ? PauseAfterFailure : Pause, end).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task Write(JobName job, JobNotes notes)
    {
        var draft = notebook.Take(notes);
        var isWritten = false;
        try
        {
            foreach (var words in draft.Events)
            {
                await store.AddEvent(job, node, words, end).ConfigureAwait(false);
                notebook.EventWritten(notes);
            }

            var attempt = draft.Progress.Attempt;
            var isOurs = attempt.Value > 0 &&
                (draft.Rounds.Count == 0 || await store.AddRounds(job, attempt, draft.Rounds, end).ConfigureAwait(false));
            notebook.RoundsWritten(notes, draft.Rounds.Count);
            if (draft.Outcome is { } outcome)
            {
                ends.Begin(job, notes, draft.Progress, outcome);
            }
            else if (attempt.Value > 0 && !(isOurs && await store.Report(job, draft.Progress, end).ConfigureAwait(false)) &&
                await store.Job(job, end).ConfigureAwait(false) is { State: not (JobState.Queued or JobState.Running) })
            {
                // It has ended, or there is no such job any more: nobody waits for this.
                abandon(job);
            }

            isWritten = true;
        }
        finally
        {
            notebook.Return(notes, isWritten);
        }
    }
}
