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

    /// <summary>Rows in which no entry differs from zero.</summary>
    public long ZeroRows { get; init; }

    /// <summary>Columns in which no entry differs from zero.</summary>
    public long ZeroColumns { get; init; }

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

    /// <summary>Everything above that a user should see, a line each.</summary>
    public IEnumerable<string> Lines()
    {
        yield return Orientation;
        if (ZeroRows > 0)
        {
            yield return $"{ZeroRows} rows have no entry other than zero";
        }

        if (ZeroColumns > 0)
        {
            yield return $"{ZeroColumns} columns have no entry other than zero";
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
