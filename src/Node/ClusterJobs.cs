using FitCluster.Data;
using FitCluster.Math.Models;
using FitCluster.Models;
using FitCluster.Models.Jobs;

namespace FitCluster.Node;

/// <summary>
/// Opens the jobs of a node: each once, however many of its shards are here, and only if the data are those it was submitted with.
/// Thread-safe.
/// </summary>
internal sealed class ClusterJobs(string node)
{
    private const int KeptWithoutUse = 2;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, WeakReference<Lazy<PreparedJob>>> _jobs = new(StringComparer.Ordinal);
    private readonly Queue<Lazy<PreparedJob>> _latest = new();

    /// <exception cref="InvalidDataException">The data are not there, are others, or the spec cannot be read.</exception>
    public IFitJob Open(string text) => new OpenedJob(Prepare(text), node);

    public PreparedJob Prepare(string text)
    {
        Lazy<PreparedJob> job;
        lock (_lock)
        {
            if (!_jobs.TryGetValue(text, out var known) || !known.TryGetTarget(out job!))
            {
                job = new Lazy<PreparedJob>(() => Read(text));
                _jobs[text] = new WeakReference<Lazy<PreparedJob>>(job);
                foreach (var gone in _jobs.Where(j => !j.Value.TryGetTarget(out _)).Select(j => j.Key).ToList())
                {
                    _jobs.Remove(gone);
                }

                _latest.Enqueue(job);
                if (_latest.Count > KeptWithoutUse)
                {
                    _latest.Dequeue();
                }
            }
        }

        try
        {
            return job.Value;
        }
        catch
        {
            // A Lazy that threw throws the same again: what was wrong may be mended next time.
            lock (_lock)
            {
                if (_jobs.TryGetValue(text, out var known) && known.TryGetTarget(out var same) && same == job)
                {
                    _jobs.Remove(text);
                }
            }

            throw;
        }
    }

    private PreparedJob Read(string text)
    {
        var (spec, specHash, dataHash) = ClusterSpec.Read(text);
        PreparedJob job;
        try
        {
            job = new PreparedJob(spec, DataOpener.Open(spec.Data, node));
        }
        catch (Exception e) when (e is DataException or ProblemException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"node {node} cannot use the data: {e.Message.ReplaceLineEndings(" ")}", e);
        }

        if (job.DataHash != dataHash)
        {
            throw new InvalidDataException(
                $"the data at '{DataUrl.Show(spec.Data.Path)}', as node {node} sees them, are not those the job was submitted with " +
                $"(hash {job.DataHash[..12]}, expected {dataHash[..12]}): make all nodes see the same files");
        }

        return job.SpecHash == specHash ? job
            : throw new InvalidDataException(
                $"node {node} reads the spec otherwise than the program that submitted it: use the same version of FitCluster everywhere");
    }

    /// <summary>Says of rows that cannot be read (of a URL, they are read only now) where that was.</summary>
    private sealed class OpenedJob(PreparedJob job, string node) : IFitJob
    {
        public IFitModel Model => job.Model;

        public int Shards => job.Shards;

        public ShardData Load(Messages.ShardId shard)
        {
            try
            {
                return job.Load(shard);
            }
            catch (DataException e)
            {
                throw new InvalidDataException($"node {node} cannot use the data: {e.Message}", e);
            }
        }
    }
}
