using FitCluster.Coordinator;
using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Node;

/// <summary>
/// Writes down, in the store, how the jobs go whose coordinators are on this node: reports, rounds, events, and at the end the results.
/// What coordinators say is only noted (<see cref="JobNotebook"/>); it is written beside them (<see cref="JobWriter"/>,
/// <see cref="JobEnds"/>), a few times a second, and kept while the store is away.
/// </summary>
/// <param name="store">Where it is written.</param>
/// <param name="node">This node's name.</param>
/// <param name="results">Writes the results of a job that has ended.</param>
/// <param name="say">Told what a user may want to read.</param>
/// <param name="abandon">Told of a job that nobody waits for any more.</param>
/// <param name="collectAgain">Told of results that will never be whole: they are to be collected once more.</param>
internal sealed class JobRecorder(
    IClusterStore store,
    string node,
    ResultRecorder results,
    Action<string> say,
    Action<JobName> abandon,
    Action<CollectAgain> collectAgain) : IFitObserver, IAsyncDisposable
{
    private readonly JobNotebook _notebook = new();
    private readonly CancellationTokenSource _end = new();
    private JobEnds? _ends;
    private Task _writing = Task.CompletedTask;

    /// <summary>Begins to write.</summary>
    public void Start()
    {
        var away = new StoreAway(say);
        _ends = new JobEnds(store, node, results, _notebook, away, collectAgain, _end.Token);
        var writer = new JobWriter(store, node, _notebook, _ends, away, abandon, _end.Token);
        _writing = Task.Run(writer.WriteUntilEnd);
    }

    /// <inheritdoc/>
    public void OnStarted(JobName job, Round? resumedFrom, Attempt attempt)
    {
        _notebook.Note(job, notes =>
        {
            var from = resumedFrom ?? default;
            notes.Progress = notes.Progress with { Attempt = attempt, Node = node, Round = from, CheckpointRound = from };
            notes.Outcome = null;
        });
        OnEvent(job, resumedFrom is { } round
            ? $"attempt {attempt} goes on from the checkpoint of round {round}"
            : $"attempt {attempt} begins with round 1");
    }

    /// <inheritdoc/>
    public void OnRound(JobName job, RoundReport report, Round round, double secondsSinceStart)
    {
        _notebook.Note(job, notes =>
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
        _notebook.Note(job, notes => notes.Events.Enqueue(words));
    }

    /// <inheritdoc/>
    public void OnCheckpoint(JobName job, Round round, long bytes, double seconds) => _notebook.Note(
        job, notes => notes.Progress = notes.Progress with { CheckpointRound = round, Checkpoints = notes.Progress.Checkpoints + 1 });

    /// <inheritdoc/>
    public void OnShards(JobName job, Attempt attempt, IReadOnlyList<ShardStatus> shards) => _notebook.Note(
        job, notes => notes.Progress = notes.Progress with
        {
            Attempt = attempt,
            Node = node,
            Shards = shards,
            Rows = shards.Sum(s => s.Rows),
        });

    /// <inheritdoc/>
    public void OnEnded(JobName job, FitOutcome outcome) => _notebook.Note(job, notes =>
    {
        notes.Progress = notes.Progress with { Attempt = outcome.Attempt, Node = node, Round = outcome.Rounds, Seconds = outcome.Seconds };
        notes.Outcome = outcome;
    });

    /// <summary>Waits until what is noted is written, or gives up after a while.</summary>
    public async Task Flush(TimeSpan limit)
    {
        for (var since = Environment.TickCount64; Environment.TickCount64 - since < limit.TotalMilliseconds && !_notebook.IsWritten;)
        {
            await Task.Delay(50).ConfigureAwait(false);
        }
    }

    /// <summary>Ends writing; what is not written is lost.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _writing.ConfigureAwait(false);
        await Task.WhenAll(_notebook.Ending.Select(ending => ending.Task)).ConfigureAwait(false);
        _ends?.Dispose();
        _end.Dispose();
    }
}
