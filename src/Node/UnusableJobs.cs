using System.Diagnostics;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Node;

/// <summary>
/// Opens jobs for the actors of a node, and sends those actors elsewhere whose job cannot be opened here. Thread-safe.
/// </summary>
/// <param name="open">Opens the job of a spec; throws <see cref="InvalidDataException"/> when it cannot be opened here.</param>
/// <param name="giveUp">Gives the actors of a kind and a job up, in favour of other nodes.</param>
internal sealed class UnusableJobs(JobOpener open, Action<string, JobName> giveUp)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<JobName, long> _failed = [];

    /// <summary>The jobs that could not be opened here in the last minutes.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            lock (_lock)
            {
                foreach (var (job, _) in _failed.Where(f => Stopwatch.GetElapsedTime(f.Value) > Remembered).ToList())
                {
                    _failed.Remove(job);
                }

                return [.. _failed.Keys.Select(job => job.Value).Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <exception cref="InvalidDataException">It cannot be opened; the job's shards go to other nodes.</exception>
    public IFitJob OpenShard(JobName job, string spec)
    {
        try
        {
            return Opened(job, spec);
        }
        catch (InvalidDataException)
        {
            Note(job);
            giveUp(ShardAddress.Kind, job);
            throw;
        }
    }

    /// <exception cref="JobNotHereException">It cannot be opened here; the coordinator goes to another node.</exception>
    public IFitJob OpenCoordinator(JobName job, string spec)
    {
        try
        {
            return Opened(job, spec);
        }
        catch (InvalidDataException error)
        {
            Note(job);
            giveUp(ShardAddress.CoordinatorKind, job);
            throw new JobNotHereException(error.Message, error);
        }
    }

    private IFitJob Opened(JobName job, string spec)
    {
        var opened = open(spec);
        lock (_lock)
        {
            _failed.Remove(job);
        }

        return opened;
    }

    private void Note(JobName job)
    {
        lock (_lock)
        {
            _failed[job] = Stopwatch.GetTimestamp();
        }
    }
}
