using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models;
using FitCluster.Models.Results;

namespace FitCluster.Node;

/// <summary>
/// Ends jobs in the store: makes the files of their results, in a temporary folder, and stores them with the state in one transaction.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="node">This node's name.</param>
/// <param name="jobs">Opens jobs.</param>
internal sealed class ResultRecorder(IClusterStore store, string node, ClusterJobs jobs)
{
    /// <summary>Ends a job as its outcome says.</summary>
    /// <exception cref="ResultsNotWrittenException">The files could not be made on this machine.</exception>
    /// <exception cref="ClusterStoreException">The store could not be reached, or refused.</exception>
    public async Task End(JobName job, JobProgress progress, FitOutcome outcome, CancellationToken cancellation)
    {
        var (state, reason) = outcome.Status switch
        {
            FitStatus.Converged => (JobState.Converged, ""),
            FitStatus.Stopped => (JobState.Stopped, outcome.Reason),
            FitStatus.Interrupted => (JobState.Cancelled, outcome.Reason),
            _ => (
                JobState.Failed,
                outcome.Reason + await SilentNodes.OfShard(store, job, outcome.Culprit, cancellation).ConfigureAwait(false)),
        };
        if (outcome.GlobalResult is null)
        {
            await store.End(job, progress, state, reason, [], null, cancellation).ConfigureAwait(false);
            return;
        }

        if (await store.Job(job, cancellation).ConfigureAwait(false) is not { } entry)
        {
            // There is no such job any more: nobody waits for its results.
            return;
        }

        var folder = Path.Combine(Path.GetTempPath(), $"fitcluster-results-{node}-{job}");
        try
        {
            var files = await WriteFiles(entry.Submission, progress, outcome, folder, cancellation).ConfigureAwait(false);
            await store.End(job, progress, state, reason, files, outcome.Resume?.Round, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (
            error is not ResultPartException && (OutputFiles.IsFailure(error) || error is ProblemException))
        {
            throw new ResultsNotWrittenException(
                $"node {node} could not write the results in '{Path.GetTempPath()}' ({OutputFiles.Reason(error)}): " +
                "they are kept in memory, and it is tried again",
                error);
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

    private async Task<IReadOnlyList<(string Name, string Path)>> WriteFiles(
        JobSubmission submission, JobProgress progress, FitOutcome outcome, string path, CancellationToken cancellation)
    {
        var job = submission.Job;
        using var span = Telemetry.Source.StartActivity("results.write")?.SetTag("fitcluster.job", job.Value);
        var prepared = jobs.Prepare(submission.Spec);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        using var folder = FitFolder.Look(path);
        folder.Take();
        using (var log = new RunLog(folder.Log))
        {
            foreach (var round in await store.Rounds(job, cancellation).ConfigureAwait(false))
            {
                log.Round(round.Round.Value, round.Seconds);
            }

            foreach (var happened in await store.Events(job, 0, cancellation).ConfigureAwait(false))
            {
                log.Event($"{happened.Time:u} {happened.Node}: {happened.Words}");
            }

            for (var checkpoint = 0; checkpoint < progress.Checkpoints; checkpoint++)
            {
                log.Checkpoint(outcome.Rounds.Value, 0);
            }

            new ResultWriter(prepared, folder, outcome, log).Write(new FitReport(prepared, job.Value, outcome, log).ToBytes());
        }

        folder.ClearRun();
        return
        [
            .. Directory.GetFiles(path).Where(file => Path.GetFileName(file)[0] != '.').Order(StringComparer.Ordinal)
                .Select(file => (Path.GetFileName(file), file)),
        ];
    }
}
