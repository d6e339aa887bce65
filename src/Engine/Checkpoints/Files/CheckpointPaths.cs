using System.Globalization;
using System.Text.RegularExpressions;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// Where things lie: root/job/attempt.json, root/job/attempt.lock, root/job/round-000123/manifest.json, and beside the manifest
/// part-00004.a7.npz (shard 4 of attempt 7), global.a7.npz (the coordinator's part) and, at the end, result-00004.a7.npz (its rows of the
/// results). A file that is being written has ".tmp-" and a unique text behind its name.
/// </summary>
internal sealed partial class CheckpointPaths(string root)
{
    public const string ManifestName = "manifest.json";
    public const string TemporaryMark = ".tmp-";

    public string Root { get; } = Path.GetFullPath(root);

    public string Job(JobName job) => Path.Combine(Root, job.Value);

    public string Attempt(JobName job) => Path.Combine(Job(job), "attempt.json");

    public string Lock(JobName job) => Path.Combine(Job(job), "attempt.lock");

    public string Round(JobName job, Round round) =>
        Path.Combine(Job(job), string.Create(CultureInfo.InvariantCulture, $"round-{round.Value:D6}"));

    public string Manifest(JobName job, Round round) => Path.Combine(Round(job, round), ManifestName);

    public string Part(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind = PartKind.State) =>
        Path.Combine(Round(job, round), kind == PartKind.Result
            ? string.Create(CultureInfo.InvariantCulture, $"{ResultPrefix(shard)}{attempt.Value}.npz")
            : shard.Value == CheckpointRules.CoordinatorShard
                ? string.Create(CultureInfo.InvariantCulture, $"global.a{attempt.Value}.npz")
                : string.Create(CultureInfo.InvariantCulture, $"part-{shard.Value:D5}.a{attempt.Value}.npz"));

    /// <summary>How the names of a shard's parts of the results begin, whatever their attempts.</summary>
    public static string ResultPrefix(ShardId shard) => string.Create(CultureInfo.InvariantCulture, $"result-{shard.Value:D5}.a");

    /// <summary>The rounds that have a folder, newest first.</summary>
    public List<Round> Rounds(JobName job)
    {
        try
        {
            return [.. new DirectoryInfo(Job(job)).EnumerateDirectories("round-*").Select(d => RoundName().Match(d.Name))
                .Where(m => m.Success).Select(m => new Round(long.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture))).Distinct()
                .OrderDescending()];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>The attempt in the name of a part, or of a part's temporary file; null for other files.</summary>
    public static Attempt? AttemptOf(string fileName)
    {
        var match = PartName().Match(fileName);
        return match.Success && long.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var attempt)
            ? new Attempt(attempt)
            : null;
    }

    [GeneratedRegex(@"^round-([0-9]{6,18})$")]
    private static partial Regex RoundName();

    [GeneratedRegex(@"^(?:(?:part|result)-[0-9]{5,}|global)\.a([0-9]+)\.npz(?:\.tmp-.*)?$")]
    private static partial Regex PartName();
}
