using System.Diagnostics;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Workers;

namespace FitCluster.Cli.Cluster;

/// <summary>
/// Opens jobs for the actors of a node, and sends those actors elsewhere whose job cannot be opened here. Thread-safe.
/// </summary>
/// <param name="jobs">Opens jobs.</param>
/// <param name="giveUp">Gives the actors of a kind and a job up, in favour of other nodes.</param>
internal sealed class UnusableJobs(ClusterJobs jobs, Action<string, JobName> giveUp)
{
    /// <summary>A coordinator that has come back so often to a node that cannot open its job has been everywhere.</summary>
    private const int CoordinatorTries = 3;

    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<JobName, (int Coordinators, long Since)> _failed = [];

    /// <summary>The jobs that could not be opened here in the last minutes.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            lock (_lock)
            {
                foreach (var (job, _) in _failed.Where(f => Stopwatch.GetElapsedTime(f.Value.Since) > Remembered).ToList())
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
            Note(job, isCoordinator: false);
            giveUp(ShardAddress.Kind, job);
            throw;
        }
    }

    /// <exception cref="JobNotHereException">It cannot be opened here; the coordinator goes to another node.</exception>
    /// <exception cref="InvalidDataException">It cannot be opened, and has come back here too often.</exception>
    public IFitJob OpenCoordinator(JobName job, string spec)
    {
        try
        {
            return Opened(job, spec);
        }
        catch (InvalidDataException error)
        {
            if (Note(job, isCoordinator: true) >= CoordinatorTries)
            {
                lock (_lock)
                {
                    // A job that is resumed begins anew.
                    _failed.Remove(job);
                }

                throw;
            }

            giveUp(ShardAddress.CoordinatorKind, job);
            throw new JobNotHereException(error.Message, error);
        }
    }

    private IFitJob Opened(JobName job, string spec)
    {
        var opened = jobs.Open(spec);
        lock (_lock)
        {
            _failed.Remove(job);
        }

        return opened;
    }

    private int Note(JobName job, bool isCoordinator)
    {
        lock (_lock)
        {
            var count = _failed.GetValueOrDefault(job).Coordinators + (isCoordinator ? 1 : 0);
            _failed[job] = (count, Stopwatch.GetTimestamp());
            return count;
        }
    }
}
