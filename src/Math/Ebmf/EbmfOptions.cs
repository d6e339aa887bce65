using FitCluster.Math.Ebnm;

namespace FitCluster.Math.Ebmf;

/// <summary>How the residual variance varies (docs/ebmf.md, "Residual variances").</summary>
public enum VarianceStructure
{
    /// <summary>One variance.</summary>
    Constant,

    /// <summary>One variance for each row.</summary>
    Row,

    /// <summary>One variance for each column.</summary>
    Column,

    /// <summary>Rank one: a row factor times a column factor.</summary>
    Kronecker,

    /// <summary>Nothing is estimated: the known standard errors are everything.</summary>
    Known,
}

/// <summary>The shape of the known standard errors.</summary>
public enum KnownErrors
{
    /// <summary>There are none.</summary>
    None,

    /// <summary>One for the whole matrix.</summary>
    Scalar,

    /// <summary>One for each row: the shard's extra array "standardErrors" [rows].</summary>
    Row,

    /// <summary>One for each column.</summary>
    Column,

    /// <summary>One for each entry: the shard's matrix of standard errors.</summary>
    Matrix,
}

/// <summary>How a new factor is started.</summary>
public enum EbmfInit
{
    /// <summary>
    /// As <see cref="Block"/> for a matrix of a million entries or more, as <see cref="Power"/> for a smaller one: there factors one by one
    /// cost next to nothing, and mostly end a little higher.
    /// </summary>
    Automatic,

    /// <summary>
    /// The factors that stand out of the noise come in together, from a truncated singular value decomposition, and are refined; then, with
    /// greedy, others follow one by one, as with <see cref="Power"/>. Where a factor has a side with a sign or loadings on a grid,
    /// without a backfit, and with entries that are missing or weighted one by one, all follow one by one.
    /// </summary>
    Block,

    /// <summary>One by one, each from power iterations on the residuals of those before.</summary>
    Power,

    /// <summary>A truncated singular value decomposition of the data.</summary>
    Svd,

    /// <summary>
    /// Given loadings (the shard's extra array "initialLoadings" [rows x K]) and factors. With greedy, column k starts the
    /// k-th greedy factor; without, all are in from the beginning.
    /// </summary>
    Given,

    /// <summary>
    /// The factors of a finished fit: all are in from the beginning, with the fit's standard deviations and priors where those are given,
    /// and are refined together. A row of
    /// the shard's given loadings that is NaN is a new one. Then, with greedy, others are added up to <see cref="EbmfOptions.MaxFactors"/>,
    /// and backfit and nullcheck follow as usual.
    /// </summary>
    Fit,
}

/// <summary>An EBMF fit, Y = L F' + E: what is fitted and how. Validated by <c>EbmfModel</c>.</summary>
public sealed record EbmfOptions
{
    /// <summary>Rows of the data, n.</summary>
    public required long Rows { get; init; }

    /// <summary>Columns of the data, p.</summary>
    public required int Columns { get; init; }

    /// <summary>
    /// The most factors that greedy adds (default 50), fixed factors not counted; with <see cref="EbmfInit.Fit"/> the given ones count.
    /// </summary>
    public int MaxFactors { get; init; } = 50;

    /// <summary>The prior family of the loadings: one for all factors, or one for each (the last one repeats).</summary>
    public IReadOnlyList<PriorFamily> LoadingsPrior { get; init; } = [PriorFamily.PointNormal];

    /// <summary>The prior family of the factors: one for all, or one for each (the last one repeats).</summary>
    public IReadOnlyList<PriorFamily> FactorsPrior { get; init; } = [PriorFamily.PointNormal];

    /// <summary>The residual variance (default constant).</summary>
    public VarianceStructure Variance { get; init; } = VarianceStructure.Constant;

    /// <summary>The shape of known standard errors (default none).</summary>
    public KnownErrors KnownErrors { get; init; } = KnownErrors.None;

    /// <summary>With <see cref="KnownErrors.Scalar"/> one value, with <see cref="KnownErrors.Column"/> one for each column.</summary>
    public double[] StandardErrors { get; init; } = [];

    /// <summary>Whether factors are added one by one (default yes).</summary>
    public bool Greedy { get; init; } = true;

    /// <summary>Whether all factors are refined together (default yes).</summary>
    public bool Backfit { get; init; } = true;

    /// <summary>Whether factors that do not raise the ELBO are removed at the end (default yes).</summary>
    public bool Nullcheck { get; init; } = true;

    /// <summary>Whether backfit sweeps are extrapolated (default yes); without, the ELBO never falls.</summary>
    public bool Extrapolate { get; init; } = true;

    /// <summary>How factors are started (default automatic).</summary>
    public EbmfInit Init { get; init; } = EbmfInit.Automatic;

    /// <summary>With <see cref="EbmfInit.Given"/> or <see cref="EbmfInit.Fit"/>: columns x K, row-major.</summary>
    public double[] InitialFactors { get; init; } = [];

    /// <summary>
    /// With <see cref="EbmfInit.Given"/>: the number K of given starts; with <see cref="EbmfInit.Fit"/> that of the fit's factors, its
    /// fixed ones first.
    /// </summary>
    public int InitialFactorCount { get; init; }

    /// <summary>
    /// With <see cref="EbmfInit.Fit"/>: standard deviations of <see cref="InitialFactors"/>, in the same shape; empty: 0.
    /// </summary>
    public double[] InitialFactorsSd { get; init; } = [];

    /// <summary>
    /// With <see cref="EbmfInit.Fit"/>: the fitted prior of the loadings of every given factor, in its family; empty: found anew.
    /// </summary>
    public IReadOnlyList<Prior> InitialLoadingsPriors { get; init; } = [];

    /// <summary>
    /// With <see cref="EbmfInit.Fit"/>: the fitted prior of every given factor; given with <see cref="InitialLoadingsPriors"/> or not at
    /// all.
    /// </summary>
    public IReadOnlyList<Prior> InitialFactorsPriors { get; init; } = [];

    /// <summary>The number of factors with fixed entries; they come first.</summary>
    public int FixedFactorCount { get; init; }

    /// <summary>
    /// Fixed entries of the factors, columns x FixedFactorCount, row-major; NaN where an entry is free. The loadings' are the shard's extra
    /// array "fixedLoadings" [rows x FixedFactorCount]. Fixed entries do not inform a prior.
    /// </summary>
    public double[] FixedFactors { get; init; } = [];

    /// <summary>The ELBO difference at which an iteration stops; null: rows x columns x sqrt(machine epsilon).</summary>
    public double? Tolerance { get; init; }

    /// <summary>The most sweeps of one backfit, and of one greedy factor (default 500).</summary>
    public int MaxSweeps { get; init; } = 500;

    /// <summary>The seed of every random number.</summary>
    public ulong Seed { get; init; } = 1;
}
