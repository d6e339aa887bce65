using FitCluster.Cli.Output;
using FitCluster.Cli.Running;
using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Cli.Cluster;

/// <summary>The ends of jobs: results are written a few at a time, and meanwhile the store is told that their coordinators are not silent.</summary>
internal sealed partial class JobRecorder
{
    private const int EndsAtOnce = 2;

    /// <summary>A node that has not reported for so long has ended.</summary>
    private const double NodeGoneSeconds = 3;

    private static readonly TimeSpan BeatPause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _ends = new(EndsAtOnce);
    private readonly Dictionary<JobName, (Attempt Attempt, Task Task)> _ending = [];
    private long _beaten;

    /// <summary>Begins to end a job, unless that is being done. Called under the lock.</summary>
    private void BeginEnding(JobName job, Notes notes, JobProgress progress, FitOutcome outcome)
    {
        if (!_ending.ContainsKey(job))
        {
            _ending.Add(job, (progress.Attempt, Task.Run(() => EndInTurn(job, notes, progress, outcome))));
        }
    }

    private async Task EndInTurn(JobName job, Notes notes, JobProgress progress, FitOutcome outcome)
    {
        var isDone = false;
        try
        {
            await _ends.WaitAsync(_end.Token).ConfigureAwait(false);
            try
            {
                await End(job, progress, outcome, notes).ConfigureAwait(false);
                isDone = true;
            }
            finally
            {
                _ends.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The node ends: another goes on from the last checkpoint.
        }
        catch (ResultPartException damaged) when (damaged.IsDamaged)
        {
            // These results will never be whole: the next outcome brings others.
            lock (_lock)
            {
                notes.Outcome = notes.Outcome == outcome ? null : notes.Outcome;
            }

            collectAgain(new CollectAgain(job, outcome.Attempt, damaged.Message));
        }
        catch (Exception error)
        {
            SayAway(job, error);
            await Task.Delay(PauseAfterFailure).ConfigureAwait(false);
        }

        lock (_lock)
        {
            _ending.Remove(job);
            if (!isDone)
            {
                notes.IsDirty = true;
                return;
            }

            notes.Ended = outcome;
            if (!notes.IsDirty && _jobs.TryGetValue(job, out var known) && known == notes)
            {
                _jobs.Remove(job);
                _specs.Remove(job);
            }
        }
    }

    /// <summary>Who waits for the turn to write results is not silent: nobody is to begin the job again meanwhile.</summary>
    private async Task BeatIfDue()
    {
        if (Environment.TickCount64 - _beaten < BeatPause.TotalMilliseconds)
        {
            return;
        }

        _beaten = Environment.TickCount64;
        List<(JobName, Attempt)> ending;
        lock (_lock)
        {
            ending = [.. _ending.Select(e => (e.Key, e.Value.Attempt))];
        }

        if (ending.Count > 0)
        {
            await store.Beat(ending, _end.Token).ConfigureAwait(false);
        }
    }

    private async Task End(JobName job, JobProgress progress, FitOutcome outcome, Notes notes)
    {
        var (state, reason) = outcome.Status switch
        {
            FitStatus.Converged => (JobState.Converged, ""),
            FitStatus.Stopped => (JobState.Stopped, outcome.Reason),
            FitStatus.Interrupted => (JobState.Cancelled, outcome.Reason),
            _ => (JobState.Failed, outcome.Reason + await WhatIsKnown(job, outcome.Culprit).ConfigureAwait(false)),
        };
        if (outcome.GlobalResult is null)
        {
            await store.End(job, progress, state, reason, [], null, _end.Token).ConfigureAwait(false);
            return;
        }

        var folder = Path.Combine(Path.GetTempPath(), $"fitcluster-results-{node}-{job}");
        try
        {
            var files = await WriteFiles(job, outcome, folder).ConfigureAwait(false);
            await store.End(job, progress, state, reason, files, outcome.Resume?.Round, _end.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not ResultPartException && (OutputFiles.IsFailure(error) || error is CliException))
        {
            var words = $"node {node} could not write the results in '{Path.GetTempPath()}' ({OutputFiles.Reason(error)}): they are kept in memory, and it is tried again";
            if (!notes.IsDiskTold)
            {
                notes.IsDiskTold = true;
                await store.AddEvent(job, node, words, _end.Token).ConfigureAwait(false);
            }

            throw new IOException(words, error);
        }
        finally
        {
            DeleteIfThere(folder);
        }
    }

    private static void DeleteIfThere(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception error) when (OutputFiles.IsFailure(error))
        {
            // Never made, or a leftover that the next try replaces.
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

        // The last of them may just have died, and its supervisor have a word to say.
        await Task.Delay(TimeSpan.FromSeconds(NodeGoneSeconds), _end.Token).ConfigureAwait(false);
        var address = ShardAddress.Of(job, shard).ToString();
        var known = new List<string>();
        foreach (var gone in (await store.Nodes(_end.Token).ConfigureAwait(false)).Where(n => n.Actors.Contains(address) && (n.SeenSecondsAgo > NodeGoneSeconds || n.State is not ("up" or "draining"))))
        {
            var how = gone.State is "up" or "draining" ? "ended without a word (its exit code is known to 'node --supervise' only)" : $"ended: {gone.State}";
            var last = gone.LastLines.Count > 0 ? $"; its last lines: {string.Join(" | ", gone.LastLines.TakeLast(3))}" : "";
            known.Add(FormattableString.Invariant($"node {gone.Name} {how}, with {gone.MemoryBytes / 1e6:F0} MB of {gone.MemoryLimitBytes / 1e6:F0} MB in use{last}"));
        }

        return known.Count > 0 ? $"; {string.Join("; ", known)}" : "";
    }
}
