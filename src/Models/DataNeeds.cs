namespace FitCluster.Models;

/// <summary>What data must be for a model and its options.</summary>
public sealed record DataNeeds
{
    /// <summary>Nothing: any numbers, missing ones too.</summary>
    public static DataNeeds None { get; } = new();

    /// <summary>Whole numbers from 0: who needs them, as in "the poisson likelihood of twineb"; null: no counts are needed.</summary>
    public string? Counts { get; init; }

    /// <summary>With <see cref="Counts"/>: what else to do with data that are no counts.</summary>
    public string CountsHint { get; init; } = "";

    /// <summary>
    /// That some entry differs from 0, as of counts that are all 0 there is nothing to fit: who needs it; null: all may be 0.
    /// </summary>
    public string? NonZero { get; init; }

    /// <summary>
    /// That every observed entry is stored: who would have to store the zeros of sparse data, as in "the gaussian
    /// likelihood of twineb"; null: zeros may be implied.
    /// </summary>
    public string? StoredZeros { get; init; }
}
