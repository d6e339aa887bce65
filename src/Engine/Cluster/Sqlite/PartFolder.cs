using System.Globalization;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// The arrays of a store in a file: FILE.parts/job/round-000123.part-00004.a7.UNIQUE.npz, which np.load opens, and results.UNIQUE.NAME.
/// Which of them count is in the tables alone, which know their checksums; a file is written before its row and deleted after it, and
/// never written twice, so that one without a row is no harm.
/// </summary>
/// <remarks>
/// Measured beside chunks of 4 MB in the tables, 30 parts of 8 MB, each made durable: 9 to 26 ms against 45 to 61 ms a part (what is in the
/// tables is written twice, to the log and from it), and other processes wait for 0.3 ms of it instead of all.
/// </remarks>
internal sealed class PartFolder
{
    /// <summary>A file that no row names, and nobody will any more.</summary>
    private static readonly TimeSpan StaleAge = TimeSpan.FromHours(1);

    /// <summary>What a file is that is not there.</summary>
    public const string Missing = "missing";

    private readonly string _root;

    private PartFolder(string root) => _root = root;

    public static PartFolder Of(string store) => new(store + ".parts");

    /// <summary>The path of a file of a job.</summary>
    public string FileOf(JobName job, string name) => Path.Combine(_root, job.Value, name);

    /// <summary>Holds a lock between processes, which ends with this one.</summary>
    public Task<IDisposable> Lock(string name, CancellationToken cancellation, TimeSpan? patience = null)
    {
        // Names of jobs do not begin with a dot.
        DurableFile.MakeFolder(_root);
        return JobLock.Take(Path.Combine(_root, name), cancellation, patience);
    }

    /// <summary>Writes a part, durably, under a name of its own.</summary>
    public (string Name, string Checksum, long Bytes) Write(SavePart save) => Write(
        save.Job,
        string.Create(CultureInfo.InvariantCulture, $"round-{save.Round.Value:D6}.{NameOf(save)}.a{save.Attempt.Value}.{Unique()}.npz"),
        to => PartFile.Write(to, save));

    /// <summary>Copies a file of the results, durably.</summary>
    public (string Name, string Checksum, long Bytes) Copy(JobName job, string name, string path) => Write(
        job, $"results.{Unique()}.{Path.GetFileName(name)}", to =>
        {
            using var from = File.OpenRead(path);
            from.CopyTo(to, 1 << 20);
        });

    /// <summary>Does something with a file whose content is as the tables say; otherwise says in a word or two what it is.</summary>
    public (string? Fault, T? Done) WhenWhole<T>(
        JobName job, string name, string checksum, Func<string, T> work, CancellationToken cancellation)
    {
        var path = FileOf(job, name);
        try
        {
            return DurableFile.Checksum(path, cancellation) == checksum ? (null, work(path)) : ("damaged (SHA-256 differs)", default);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return (Missing, default);
        }
    }

    /// <summary>Deletes files that no row names any more; what cannot be is left to <see cref="Sweep"/>.</summary>
    public void Delete(JobName job, IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            TryDelete(FileOf(job, name));
        }
    }

    /// <summary>Deletes what was left by processes that died between a file and its row.</summary>
    public void Sweep(JobName job, IReadOnlySet<string> named)
    {
        try
        {
            foreach (var file in new DirectoryInfo(Path.Combine(_root, job.Value)).GetFiles())
            {
                if (!named.Contains(file.Name) && DateTime.UtcNow - file.LastWriteTimeUtc > StaleAge)
                {
                    TryDelete(file.FullName);
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Another day.
        }
    }

    private (string Name, string Checksum, long Bytes) Write(JobName job, string name, Action<Stream> write)
    {
        DurableFile.MakeFolder(Path.Combine(_root, job.Value));
        var (checksum, bytes, _) = DurableFile.Write(FileOf(job, name), write, _ => true);
        return (name, checksum, bytes);
    }

    private static string NameOf(SavePart save) =>
        save.Kind == PartKind.Result ? string.Create(CultureInfo.InvariantCulture, $"result-{save.Shard.Value:D5}")
        : save.Shard.Value == CheckpointRules.CoordinatorShard ? "global"
        : string.Create(CultureInfo.InvariantCulture, $"part-{save.Shard.Value:D5}");

    private static string Unique() => Guid.NewGuid().ToString("N")[..16];

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is no harm.
        }
    }
}
