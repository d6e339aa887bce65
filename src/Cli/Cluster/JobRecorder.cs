using FitCluster.Cli.Output;
using FitCluster.Cli.Running;
using FitCluster.Coordinator;
using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Cli.Cluster;

/// <summary>
/// Writes down, in the store, how the jobs go whose coordinators are on this node: reports, rounds, events, and at the end the results. What
/// coordinators say is only noted; it is written beside them, a few times a second, and kept while the store is away.
/// </summary>
internal sealed class JobRecorder(IClusterStore store, string node, ClusterJobs jobs, Action<string> say, Action<JobName> abandon) : IFitObserver, IAsyncDisposable
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
                if (_jobs.Values.All(notes => !notes.IsDirty && !notes.IsBusy))
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
                    if (!Volatile.Read(ref _isAway))
                    {
                        say($"{job.Key}: how it goes cannot be written down at the moment ({error.Message.ReplaceLineEndings(" ")}): it is kept, and tried again");
                        Volatile.Write(ref _isAway, true);
                    }
                }
            }).ConfigureAwait(false);
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

            if (outcome is not null && notes.Ended != outcome)
            {
                await End(job, progress, outcome).ConfigureAwait(false);
                notes.Ended = outcome;
                lock (_lock)
                {
                    if (!notes.IsDirty)
                    {
                        _jobs.Remove(job);
                    }
                }
            }
            else if (outcome is null && progress.Attempt.Value > 0 && !(isOurs && await store.Report(job, progress, _end.Token).ConfigureAwait(false)) &&
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

    private async Task End(JobName job, JobProgress progress, FitOutcome outcome)
    {
        var (state, reason) = outcome.Status switch
        {
            FitStatus.Converged => (JobState.Converged, ""),
            FitStatus.Stopped => (JobState.Stopped, outcome.Reason),
            FitStatus.Interrupted => (JobState.Cancelled, outcome.Reason),
            _ => (JobState.Failed, outcome.Reason + await WhatIsKnown(job, outcome.Culprit).ConfigureAwait(false)),
        };
        if (state is not (JobState.Converged or JobState.Stopped))
        {
            await store.End(job, progress, state, reason, [], _end.Token).ConfigureAwait(false);
            return;
        }

        var folder = Path.Combine(Path.GetTempPath(), $"fitcluster-results-{node}-{job}");
        using var beating = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        var heart = Beat(job, progress, beating.Token);
        try
        {
            var files = await WriteFiles(job, outcome, folder).ConfigureAwait(false);
            await store.End(job, progress, state, reason, files, _end.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (OutputFiles.IsFailure(error))
        {
            await store.AddEvent(job, node, $"node {node} could not write the results ({error.Message}): they are kept in memory, and it is tried again", _end.Token).ConfigureAwait(false);
            throw;
        }
        finally
        {
            await beating.CancelAsync().ConfigureAwait(false);
            await heart.ConfigureAwait(false);
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    /// <summary>While results are written the coordinator is not silent.</summary>
    private async Task Beat(JobName job, JobProgress progress, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), cancellation).ConfigureAwait(false);
                await store.Report(job, progress, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or ClusterStoreException)
        {
            // The end itself says what is wrong with the store.
        }
    }

    private async Task<IReadOnlyList<(string Name, string Path)>> WriteFiles(JobName job, FitOutcome outcome, string path)
    {
        using var span = Telemetry.Source.StartActivity("results.write")?.SetTag("fitcluster.job", job.Value);
        string spec;
        lock (_lock)
        {
            spec = _specs[job];
        }

        var prepared = jobs.Prepare(spec);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        using var folder = FitFolder.Look(path);
        folder.Take();
        using (var log = new RunLog(folder.Log))
        {
            foreach (var round in await store.Rounds(job, _end.Token).ConfigureAwait(false))
            {
                log.Round(round.Round.Value, round.Seconds);
            }

            foreach (var happened in await store.Events(job, 0, _end.Token).ConfigureAwait(false))
            {
                log.Event($"{happened.Time:u} {happened.Node}: {happened.Words}");
            }

            for (var checkpoint = 0; checkpoint < ProgressOf(job).Checkpoints; checkpoint++)
            {
                log.Checkpoint(outcome.Rounds.Value, 0);
            }

            new ResultWriter(prepared, folder, outcome, log).Write(new FitReport(prepared, job.Value, outcome, log).ToBytes());
        }

        folder.ClearRun();
        return [.. Directory.GetFiles(path).Where(file => Path.GetFileName(file)[0] != '.').Order(StringComparer.Ordinal).Select(file => (Path.GetFileName(file), file))];
    }

    private JobProgress ProgressOf(JobName job)
    {
        lock (_lock)
        {
            return _jobs[job].Progress;
        }
    }

    /// <summary>What the nodes that had a shard, and are silent now, reported last.</summary>
    private async Task<string> WhatIsKnown(JobName job, ShardId? culprit)
    {
        if (culprit is not { } shard)
        {
            return "";
        }

        var address = Workers.ShardAddress.Of(job, shard).ToString();
        var known = new List<string>();
        foreach (var gone in (await store.Nodes(_end.Token).ConfigureAwait(false)).Where(n => n.Actors.Contains(address) && (n.SeenSecondsAgo > 3 || n.State is not ("up" or "draining"))))
        {
            var how = gone.State is "up" or "draining" ? "ended without a word" : $"ended: {gone.State}";
            var last = gone.LastLines.Count > 0 ? $"; its last lines: {string.Join(" | ", gone.LastLines.TakeLast(3))}" : "";
            known.Add(FormattableString.Invariant($"node {gone.Name} {how}, with {gone.MemoryBytes / 1e6:F0} MB of {gone.MemoryLimitBytes / 1e6:F0} MB in use{last}"));
        }

        return known.Count > 0 ? $"; {string.Join("; ", known)}" : "";
    }

    /// <summary>What is noted of a job and not written down yet.</summary>
    private sealed class Notes
    {
        public JobProgress Progress { get; set; } = new();

        public List<JobRound> Rounds { get; } = [];

        public Queue<string> Events { get; } = new();

        public FitOutcome? Outcome { get; set; }

        public FitOutcome? Ended { get; set; }

        public bool IsDirty { get; set; }

        public bool IsBusy { get; set; }
    }
}
