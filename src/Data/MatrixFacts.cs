using System.Text.Json.Serialization;

namespace FitCluster.Data;

/// <summary>An entry of a matrix, for messages.</summary>
/// <param name="Row">The row, 0-based, after selection.</param>
/// <param name="Column">The column, 0-based, after selection.</param>
/// <param name="Value">The value, after the transform.</param>
public sealed record MatrixEntry(long Row, int Column, double Value);

/// <summary>What is worth telling about a matrix as read, after selection and transform.</summary>
public sealed record MatrixFacts
{
    /// <summary>The format it was read from.</summary>
    public required MatrixFormat Format { get; init; }

    /// <summary>How it was read, in words: "2000 features x 1000 barcodes read as 1000 rows (cells) x 2000 columns".</summary>
    public required string Orientation { get; init; }

    /// <summary>Rows with observed entries, none of which differs from zero.</summary>
    public long ZeroRows { get; init; }

    /// <summary>Columns with observed entries, none of which differs from zero.</summary>
    public long ZeroColumns { get; init; }

    /// <summary>Rows without any observed entry; 0 of stores ingested before this was noted, which have them among the zero rows.</summary>
    public long UnobservedRows { get; init; }

    /// <summary>Columns without any observed entry.</summary>
    public long UnobservedColumns { get; init; }

    /// <summary>Entries below zero.</summary>
    public long NegativeCount { get; init; }

    /// <summary>The first entry below zero, or null.</summary>
    public MatrixEntry? FirstNegative { get; init; }

    /// <summary>Entries that are not whole numbers.</summary>
    public long NonIntegerCount { get; init; }

    /// <summary>The first entry that is not a whole number, or null.</summary>
    public MatrixEntry? FirstNonInteger { get; init; }

    /// <summary>Entries that differ from zero; null of stores ingested before this was noted.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? NonZeroCount { get; init; }

    /// <summary>The transform applied to the values.</summary>
    public Transform Transform { get; init; }

    /// <summary>Other things to tell, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether every entry is a count: a whole number, not below zero.</summary>
    public bool AreCounts => NegativeCount == 0 && NonIntegerCount == 0;

    /// <summary>Rows and columns that tell a fit nothing, or little: a sentence each.</summary>
    public IEnumerable<string> Warnings()
    {
        (long Count, string What, string Have)[] all =
        [
            (UnobservedRows, "row", "no observed entry"), (UnobservedColumns, "column", "no observed entry"),
            (ZeroRows, "row", "no entry other than zero"), (ZeroColumns, "column", "no entry other than zero"),
        ];
        return all.Where(one => one.Count > 0)
            .Select(one => one.Count == 1 ? $"1 {one.What} has {one.Have}" : $"{one.Count} {one.What}s have {one.Have}");
    }

    /// <summary>Everything above that a user should see, a line each.</summary>
    public IEnumerable<string> Lines()
    {
        yield return Orientation;
        foreach (var warning in Warnings())
        {
            yield return warning;
        }

        if (NegativeCount > 0)
        {
            yield return $"{NegativeCount} entries are negative";
        }

        foreach (var note in Notes)
        {
            yield return note;
        }
    }
}
