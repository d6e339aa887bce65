namespace FitCluster.Models.Nb;

/// <summary>What of the negative-binomial family is simulated.</summary>
internal sealed record NbSimulationOptions
{
    /// <summary>Cells (default 1000).</summary>
    public long Rows { get; init; } = 1000;

    /// <summary>Genes (default 200).</summary>
    public int Columns { get; init; } = 200;

    /// <summary>Types of cells, K (default 1); type k, from 1, is drawn in proportion to K + 1 - k.</summary>
    public int Components { get; init; } = 1;

    /// <summary>Datasets, D (default 1): runs of rows of about the same length.</summary>
    public int Datasets { get; init; } = 1;

    /// <summary>Donors; with conditions, datasets are their combinations (default 0: none).</summary>
    public int Donors { get; init; }

    /// <summary>Conditions (default 2 where there are donors).</summary>
    public int Conditions { get; init; }

    /// <summary>The centre of capture, one for all datasets or one for each (default 0.2).</summary>
    public IReadOnlyList<double> Captures { get; init; } = [0.2];

    /// <summary>The standard deviation of logit capture within a dataset (default 0.35).</summary>
    public double CaptureSpread { get; init; } = 0.35;

    /// <summary>The share of genes that differ between datasets or conditions (default 0.05).</summary>
    public double Different { get; init; } = 0.05;

    /// <summary>By how much they differ, in natural logarithms (default 1).</summary>
    public double Difference { get; init; } = 1;

    /// <summary>The standard deviation of a donor's effect on a gene's log mean (default 0.2).</summary>
    public double DonorSd { get; init; } = 0.2;

    /// <summary>The share of genes whose mean is other in one type of cells, by 1.2 (default 0.15).</summary>
    public double Markers { get; init; } = 0.15;

    /// <summary>The mean of genes' log means (default 1), where no density is given.</summary>
    public double LogMean { get; init; } = 1;

    /// <summary>The standard deviation of genes' log means (default 1).</summary>
    public double LogMeanSd { get; init; } = 1;

    /// <summary>The share of counts that are not zero, instead of a mean.</summary>
    public double? Density { get; init; }

    /// <summary>phi = 1 / odds: r = mean phi (default 0.4).</summary>
    public double Phi { get; init; } = 0.4;

    /// <summary>The share of genes with a gate, which is then from 0.3 to 0.6 (default 0).</summary>
    public double Gates { get; init; }

    /// <summary>The share of genes with omega, which is then from 1.5 to 3 (default 0).</summary>
    public double Heavy { get; init; }

    /// <summary>The seed (default 1).</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The datasets there are.</summary>
    public int AllDatasets => Donors > 0 ? Donors * Conditions : Datasets;
}
