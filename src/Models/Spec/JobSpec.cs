using FitCluster.Data;

namespace FitCluster.Models.Spec;

/// <summary>A job as it was asked for: validated by itself, not yet against its data. Paths are absolute.</summary>
public sealed record JobSpec
{
    /// <summary>The job's name; null: the name of the folder of results.</summary>
    public string? Name { get; init; }

    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>The data.</summary>
    public required DataSpec Data { get; init; }

    /// <summary>The folder of results; null only where nothing is to be written.</summary>
    public string? Out { get; init; }

    /// <summary>The seed of every random number (default 1).</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The number of shards; null: from the size of the data.</summary>
    public int? Shards { get; init; }

    /// <summary>The number of threads; null: all cores.</summary>
    public int? Threads { get; init; }

    /// <summary>Whether an earlier run in the folder is thrown away.</summary>
    public bool Fresh { get; init; }

    /// <summary>Whether results are written as .tsv with names as well.</summary>
    public bool Tables { get; init; }

    /// <summary>When to stop.</summary>
    public StopSpec Stop { get; init; } = new();

    /// <summary>When to save.</summary>
    public CheckpointSpec Checkpoint { get; init; } = new();

    /// <summary>The folder of a finished fit of the same model to start from; null: none.</summary>
    public string? From { get; init; }

    /// <summary>The model's own options, as they were asked for.</summary>
    public required SpecSection Section { get; init; }
}

/// <summary>What is read and how it is taken.</summary>
public sealed record DataSpec
{
    /// <summary>The file or folder; of several, all of them in words, for messages.</summary>
    public string Path { get; init; } = "";

    /// <summary>Several files that are read as one matrix; empty where it is one.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Everything that is read: one file or several.</summary>
    public IReadOnlyList<string> Files => Paths.Count > 0 ? Paths : [Path];

    /// <summary>Of several files: which columns the whole has.</summary>
    public ColumnJoin Join { get; init; }

    /// <summary>What says which dataset a row is of; null: the data are one.</summary>
    public DatasetsSpec? Datasets { get; init; }

    /// <summary>auto (by content), table, triplets, mtx, 10x, npy, npz or store.</summary>
    public string Format { get; init; } = "auto";

    /// <summary>Of a 10x folder, the types of features to keep; null: Gene Expression where there are several.</summary>
    public IReadOnlyList<string>? FeatureTypes { get; init; }

    /// <summary>none, log1p or log1p-cp10k.</summary>
    public string Transform { get; init; } = "none";

    /// <summary>none, zeros or unstored: which entries count as missing, besides NA.</summary>
    public string Missing { get; init; } = "none";

    /// <summary>The names of the rows to keep, their 1-based ranges, or a file with one name a line; null: all.</summary>
    public IReadOnlyList<string>? Rows { get; init; }

    /// <summary>The names of the columns to keep, their 1-based ranges, or a file with one name a line; null: all.</summary>
    public IReadOnlyList<string>? Columns { get; init; }
}

/// <summary>What says which dataset a row is of.</summary>
/// <param name="Table">A table of names of rows and their datasets; null: every file is a dataset.</param>
/// <param name="Column">The table's column; null: the one beside the names.</param>
public sealed record DatasetsSpec(string? Table, string? Column);

/// <summary>When a fit stops short of convergence.</summary>
public sealed record StopSpec
{
    /// <summary>The most rounds; null: no limit but the model's own.</summary>
    public long? MaxRounds { get; init; }

    /// <summary>The most seconds; null: no limit.</summary>
    public double? MaxSeconds { get; init; }

    /// <summary>Whether these limits leave more room than others: neither is smaller, and one is larger.</summary>
    public bool IsBeyond(StopSpec others)
    {
        var (rounds, otherRounds) = (MaxRounds ?? long.MaxValue, others.MaxRounds ?? long.MaxValue);
        var (seconds, otherSeconds) = (MaxSeconds ?? double.PositiveInfinity, others.MaxSeconds ?? double.PositiveInfinity);
        return rounds >= otherRounds && seconds >= otherSeconds && (rounds > otherRounds || seconds > otherSeconds);
    }
}

/// <summary>When checkpoints are written, and how many are kept.</summary>
public sealed record CheckpointSpec
{
    /// <summary>Seconds between checkpoints (default 30).</summary>
    public double EverySeconds { get; init; } = 30;

    /// <summary>Rounds between checkpoints, besides the seconds; null: no rule of rounds.</summary>
    public long? EveryRounds { get; init; }

    /// <summary>How many of the newest are kept (default 3).</summary>
    public int Keep { get; init; } = 3;
}
