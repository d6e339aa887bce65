using FitCluster.Math.TwinEb;

namespace FitCluster.Models.TwinEb;

/// <summary>The options of the model twineb as they were asked for; null where the default depends on the data or on another option.</summary>
internal sealed record TwinEbSpec
{
    /// <summary>What the model itself knows; its rows, columns, components and seed are decided with the data.</summary>
    public TwinEbOptions Options { get; init; } = new() { Rows = 1, Columns = 1 };

    /// <summary>Components of the rows' mixture; null: 70, or as many as there are rows.</summary>
    public int? RowComponents { get; init; }

    /// <summary>Components of the columns' mixture; null: 100, or as many as there are columns.</summary>
    public int? ColumnComponents { get; init; }

    /// <summary>Poisson: entries above this become 1, others 0; null: counts as they are.</summary>
    public double? Binarize { get; init; }

    /// <summary>Gaussian: whether columns are standardized on their observed training entries (default yes).</summary>
    public bool Standardize { get; init; } = true;

    /// <summary>Whether rows are held out (the paper's strong generalization) instead of cells only.</summary>
    public bool IsStrong { get; init; }

    /// <summary>The draws of validation cells as a share of the training rows' cells; null: 0 with plain, 0.2 with strong.</summary>
    public double? ValidationShare { get; init; }

    /// <summary>Strong: the share of rows held out (default 0.2).</summary>
    public double HeldOutRows { get; init; } = 0.2;

    /// <summary>
    /// Strong: whether zeros are tested too: cells are drawn from all of a held-out row's, as validation cells are, and all others train its parameters (default no).
    /// </summary>
    public bool TestZeros { get; init; }

    /// <summary>Strong: the share of the held-out rows' non-zeros that are tested (with zeros: the draws as a share of their cells); null: 0.3 (0.2).</summary>
    public double? TestShare { get; init; }

    /// <summary>Strong, without zeros: the share of the other non-zeros that are ignored (default 0.6).</summary>
    public double IgnoredShare { get; init; } = 0.6;

    /// <summary>The seed of the split; null: the job's seed.</summary>
    public ulong? SplitSeed { get; init; }

    /// <summary>A folder with split_rows.tsv and split_cells.tsv, which take the place of the protocol; null: none.</summary>
    public string? SplitPath { get; init; }

    /// <summary>Whether the split is written with the results (default yes).</summary>
    public bool WriteSplit { get; init; } = true;

    /// <summary>The share of validation cells that holds.</summary>
    public double Validation => ValidationShare ?? (IsStrong ? 0.2 : 0);

    /// <summary>The share of test cells that holds.</summary>
    public double Tested => TestShare ?? (TestZeros ? 0.2 : 0.3);

    /// <summary>Whether any cell is held out.</summary>
    public bool HoldsOut => SplitPath is not null || IsStrong || Validation > 0;

    /// <summary>Whether rows may be held out.</summary>
    public bool HoldsOutRows => SplitPath is not null || IsStrong;
}
