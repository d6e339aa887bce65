using FitCluster.Coordinator;
using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Cli.Cluster;

/// <summary>
/// Writes down, in the store, how the jobs go whose coordinators are on this node: reports, rounds, events, and at the end the results. What
/// coordinators say is only noted; it is written beside them, a few times a second, and kept while the store is away.
/// </summary>
internal sealed partial class JobRecorder(
    IClusterStore store, string node, ClusterJobs jobs, Action<string> say, Action<JobName> abandon, Action<CollectAgain> collectAgain)
    : IFitObserver, IAsyncDisposable
{
    private const int JobsAtOnce = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Dictionary<JobName, Notes> _jobs = [];
    private readonly Dictionary<JobName, string> _specs = [];
    private readonly CancellationTokenSource _end = new();
    private Task? _writing;
    private bool _isAway;

    /// <summary>Whether the last write succeeded.</summary>
    public bool IsStoreReachable => !Volatile.Read(ref _isAway);

    /// <summary>Remembers the text of a job's spec, by which its results are named.</summary>
    public void Know(JobName job, string spec)
    {
        lock (_lock)
        {
            _specs[job] = spec;
        }
    }

    /// <summary>Begins to write.</summary>
    public void Start() => _writing = Task.Run(WriteUntilEnd);

    /// <inheritdoc/>
    public void OnStarted(JobName job, Round? resumedFrom, Attempt attempt)
    {
        Note(job, notes =>
        {
            notes.Progress = notes.Progress with { Attempt = attempt, Node = node, Round = resumedFrom ?? default, CheckpointRound = resumedFrom ?? default };
            notes.Outcome = null;
        });
        OnEvent(job, resumedFrom is { } round
            ? $"attempt {attempt} goes on from the checkpoint of round {round}"
            : $"attempt {attempt} begins with round 1");
    }

    /// <inheritdoc/>
    public void OnRound(JobName job, RoundReport report, Round round, double secondsSinceStart)
    {
        Note(job, notes =>
        {
            notes.Rounds.Add(new JobRound(round, report.Phase, report.Objective, secondsSinceStart));
            notes.Progress = notes.Progress with
            {
                Round = round,
                Phase = report.Phase,
                Objective = double.IsFinite(report.Objective) ? report.Objective : notes.Progress.Objective,
                Share = report.Progress,
                Seconds = secondsSinceStart,
            };
        });
        if (report.Note is { } words)
        {
            OnEvent(job, words);
        }
    }

    /// <inheritdoc/>
    public void OnEvent(JobName job, string words)
    {
        say($"{job}: {words}");
        Note(job, notes => notes.Events.Enqueue(words));
    }

    /// <inheritdoc/>
    public void OnCheckpoint(JobName job, Round round, long bytes, double seconds) =>
        Note(job, notes => notes.Progress = notes.Progress with { CheckpointRound = round, Checkpoints = notes.Progress.Checkpoints + 1 });

    /// <inheritdoc/>
    public void OnShards(JobName job, Attempt attempt, IReadOnlyList<ShardStatus> shards) => Note(job, notes => notes.Progress = notes.Progress with
    {
        Attempt = attempt,
        Node = node,
        Shards = shards,
        Rows = shards.Sum(s => s.Rows),
    });

    /// <inheritdoc/>
    public void OnEnded(JobName job, FitOutcome outcome) => Note(job, notes =>
    {
        notes.Progress = notes.Progress with { Attempt = outcome.Attempt, Node = node, Round = outcome.Rounds, Seconds = outcome.Seconds };
        notes.Outcome = outcome;
    });

    /// <summary>Writes what is noted, or gives up after a while.</summary>
    public async Task Flush(TimeSpan limit)
    {
        for (var since = Environment.TickCount64; Environment.TickCount64 - since < limit.TotalMilliseconds; await Task.Delay(50).ConfigureAwait(false))
        {
            lock (_lock)
            {
                if (_ending.Count == 0 && _jobs.Values.All(notes => !notes.IsDirty && !notes.IsBusy))
                {
                    return;
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        if (_writing is { } writing)
        {
            await writing.ConfigureAwait(false);
        }

        Task[] ending;
        lock (_lock)
        {
            ending = [.. _ending.Values.Select(e => e.Task)];
        }

        await Task.WhenAll(ending).ConfigureAwait(false);
        _ends.Dispose();

        _end.Dispose();
    }

    private void Note(JobName job, Action<Notes> note)
    {
        lock (_lock)
        {
            if (!_jobs.TryGetValue(job, out var notes))
            {
                _jobs.Add(job, notes = new Notes());
            }

            note(notes);
            notes.IsDirty = true;
        }
    }

    private async Task WriteUntilEnd()
    {
        while (!_end.IsCancellationRequested)
        {
            List<KeyValuePair<JobName, Notes>> dirty;
            lock (_lock)
            {
                dirty = [.. _jobs.Where(job => job.Value.IsDirty)];
            }

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
                    SayAway(job.Key, error);
                }
            }).ConfigureAwait(false);
            try
            {
                await BeatIfDue().ConfigureAwait(false);
            }
            catch (Exception error) when (error is ClusterStoreException or OperationCanceledException)
            {
                failures++;
            }

            if (failures == 0 && dirty.Count > 0)
            {
                Volatile.Write(ref _isAway, false);
            }

            try
            {
                await Task.Delay(failures > 0 ? PauseAfterFailure : Pause, _end.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void SayAway(JobName job, Exception error)
    {
        if (!Volatile.Read(ref _isAway))
        {
            say($"{job}: how it goes cannot be written down at the moment ({error.Message.ReplaceLineEndings(" ")}): it is kept, and tried again");
            Volatile.Write(ref _isAway, true);
        }
    }

    private async Task Write(JobName job, Notes notes)
    {
        List<JobRound> rounds;
        List<string> events;
        JobProgress progress;
        FitOutcome? outcome;
        lock (_lock)
        {
            (rounds, events, progress, outcome) = ([.. notes.Rounds], [.. notes.Events], notes.Progress, notes.Outcome);
            (notes.IsDirty, notes.IsBusy) = (false, true);
        }

        try
        {
            foreach (var words in events)
            {
                await store.AddEvent(job, node, words, _end.Token).ConfigureAwait(false);
                lock (_lock)
                {
                    notes.Events.Dequeue();
                }
            }

            var isOurs = progress.Attempt.Value > 0 && (rounds.Count == 0 || await store.AddRounds(job, progress.Attempt, rounds, _end.Token).ConfigureAwait(false));
            lock (_lock)
            {
                notes.Rounds.RemoveRange(0, rounds.Count);
            }

            if (outcome is not null)
            {
                lock (_lock)
                {
                    if (notes.Ended != outcome)
                    {
                        BeginEnding(job, notes, progress, outcome);
                    }
                }
            }
            else if (progress.Attempt.Value > 0 && !(isOurs && await store.Report(job, progress, _end.Token).ConfigureAwait(false)) &&
                await store.Job(job, _end.Token).ConfigureAwait(false) is { State: not (JobState.Queued or JobState.Running) })
            {
                // It has ended, or there is no such job any more: nobody waits for this.
                abandon(job);
            }
        }
        catch
        {
            lock (_lock)
            {
                notes.IsDirty = true;
            }

            throw;
        }
        finally
        {
            lock (_lock)
            {
                notes.IsBusy = false;
            }
        }
    }

    /// <summary>What is noted of a job and not written down yet.</summary>
    private sealed class Notes
    {
        public JobProgress Progress { get; set; } = new();

        public List<JobRound> Rounds { get; } = [];

        public Queue<string> Events { get; } = new();

        public FitOutcome? Outcome { get; set; }

        public FitOutcome? Ended { get; set; }

        /// <summary>That the results cannot be written was noted: once is enough.</summary>
        public bool IsDiskTold { get; set; }

        public bool IsDirty { get; set; }

        public bool IsBusy { get; set; }
    }
}
