using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;

namespace FitCluster.Models.Ebmf;

/// <summary>The options of the model ebmf as they were asked for; null where the default depends on the data.</summary>
internal sealed record EbmfSpec
{
    /// <summary>The most factors; null: the smaller of 50 and the matrix's sides, or as many as are given to start from.</summary>
    public int? MaxFactors { get; init; }

    /// <summary>The families of the loadings.</summary>
    public IReadOnlyList<PriorFamily> LoadingsPrior { get; init; } = [PriorFamily.PointNormal];

    /// <summary>The families of the factors.</summary>
    public IReadOnlyList<PriorFamily> FactorsPrior { get; init; } = [PriorFamily.PointNormal];

    /// <summary>The structure of the residual variance.</summary>
    public VarianceStructure Variance { get; init; } = VarianceStructure.Constant;

    /// <summary>One known standard error for all entries; null: none, or a file.</summary>
    public double? StandardError { get; init; }

    /// <summary>A file of known standard errors.</summary>
    public string? StandardErrorsPath { get; init; }

    /// <summary>Whether factors are added one by one.</summary>
    public bool Greedy { get; init; } = true;

    /// <summary>Whether all factors are refined together.</summary>
    public bool Backfit { get; init; } = true;

    /// <summary>Whether factors that do not raise the ELBO are removed.</summary>
    public bool Nullcheck { get; init; } = true;

    /// <summary>Whether backfit sweeps are extrapolated.</summary>
    public bool Extrapolate { get; init; } = true;

    /// <summary>How factors are started.</summary>
    public EbmfInit Init { get; init; } = EbmfInit.Power;

    /// <summary>With <see cref="EbmfInit.Given"/>: the folder with loadings.csv and factors.csv.</summary>
    public string? InitPath { get; init; }

    /// <summary>Fixed factors: intercept, row-intercept, column-intercept, or absolute paths.</summary>
    public IReadOnlyList<string> FixedFactors { get; init; } = [];

    /// <summary>The ELBO difference at which an iteration stops; null: rows x columns x sqrt(machine epsilon).</summary>
    public double? Tolerance { get; init; }

    /// <summary>The most sweeps of a backfit and of one greedy factor.</summary>
    public int MaxSweeps { get; init; } = 500;
}
