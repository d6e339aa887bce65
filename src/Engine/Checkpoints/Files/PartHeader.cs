using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>What header.json inside a part's .npz says.</summary>
/// <param name="Format">The layout's version, 1.</param>
/// <param name="Job">The job.</param>
/// <param name="Attempt">The attempt that saved the part.</param>
/// <param name="Round">The state is the one after this round.</param>
/// <param name="Shard">The shard, or -1 for the coordinator.</param>
/// <param name="Arrays">The arrays in their order.</param>
internal sealed record PartHeader(int Format, string Job, long Attempt, long Round, int Shard, IReadOnlyList<PartArray> Arrays)
{
    public const int CurrentFormat = 1;
    public const string EntryName = "header.json";

    public static PartHeader Of(SavePart save) => new(
        CurrentFormat, save.Job.Value, save.Attempt.Value, save.Round.Value, save.Shard.Value,
        [.. save.State.Select(a => new PartArray(a.Name, NpzNames.Escape(a.Name) + ".npy", a.Shape, a.Reduction))]);
}

/// <summary>One array: its name, the zip entry that has its values, and what the .npy cannot say.</summary>
internal sealed record PartArray(string Name, string Entry, int[] Shape, Reduction Reduction);
