using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Node;

/// <summary>
/// The ends of jobs: results are written a few at a time, and meanwhile the store is told that their coordinators are not silent.
/// </summary>
internal sealed class JobEnds(
    IClusterStore store,
    string node,
    ResultRecorder results,
    JobNotebook notebook,
    StoreAway away,
    Action<CollectAgain> collectAgain,
    CancellationToken end) : IDisposable
{
    private const int EndsAtOnce = 2;
    private static readonly TimeSpan BeatPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _turns = new(EndsAtOnce);
    private long _beaten;

    /// <summary>Begins to end a job, unless that is being done or done.</summary>
    public void Begin(JobName job, JobNotes notes, JobProgress progress, FitOutcome outcome) =>
        notebook.BeginEnd(notes, outcome, progress.Attempt, () => EndInTurn(job, notes, progress, outcome));

    /// <summary>Who waits for the turn to write results is not silent: nobody is to begin the job again meanwhile.</summary>
    public async Task BeatIfDue()
    {
        if (Environment.TickCount64 - _beaten < BeatPause.TotalMilliseconds)
        {
            return;
        }

        _beaten = Environment.TickCount64;
        var ending = notebook.Ending;
        if (ending.Count > 0)
        {
            await store.Beat([.. ending.Select(e => (e.Job, e.Attempt))], end).ConfigureAwait(false);
        }
    }

    public void Dispose() => _turns.Dispose();

    private async Task EndInTurn(JobName job, JobNotes notes, JobProgress progress, FitOutcome outcome)
    {
        var isWritten = false;
        try
        {
            await _turns.WaitAsync(end).ConfigureAwait(false);
            try
            {
                await End(job, notes, progress, outcome).ConfigureAwait(false);
                isWritten = true;
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The node ends: another goes on from the last checkpoint.
        }
        catch (ResultPartException damaged) when (damaged.IsDamaged)
        {
            // These results will never be whole: the next outcome brings others.
            notebook.Withdraw(notes, outcome);
            collectAgain(new CollectAgain(job, outcome.Attempt, damaged.Message));
        }
        catch (Exception error)
        {
            away.Failed(job, error);
            await Task.Delay(PauseAfterFailure).ConfigureAwait(false);
        }

        notebook.EndedEnd(job, notes, outcome, isWritten);
    }

    private async Task End(JobName job, JobNotes notes, JobProgress progress, FitOutcome outcome)
    {
        try
        {
            await results.End(job, progress, outcome, end).ConfigureAwait(false);
        }
        catch (ResultsNotWrittenException error)
        {
            if (notebook.TellsOfDisk(notes))
            {
                await store.AddEvent(job, node, error.Message, end).ConfigureAwait(false);
            }

            throw;
        }
    }
}

/// <summary>The files of a job's results could not be written on this machine: a sentence that says so.</summary>
/// <param name="message">The sentence.</param>
/// <param name="inner">The cause.</param>
internal sealed class ResultsNotWrittenException(string message, Exception inner) : IOException(message, inner);
