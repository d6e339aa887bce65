namespace FitCluster.Math.NegativeBinomial;

/// <summary>Which two quantities of the negative binomial NB(r, p) are parameters; the mean is r p / (1 - p) = r a, with a the
/// odds.</summary>
public enum NbParametrization
{
    /// <summary>p and r.</summary>
    Canonical,

    /// <summary>p and the mean; r = mean / a.</summary>
    MeanProb,

    /// <summary>phi = 1 / a and the mean; r = mean phi.</summary>
    MeanOdds,

    /// <summary>The mean and r, both by gene; a = mean / r.</summary>
    MeanDisp,
}

/// <summary>How a positive parameter y follows from its unconstrained coordinate t.</summary>
public enum NbLink
{
    /// <summary>y = log(1 + e^t).</summary>
    Softplus,

    /// <summary>y = e^t.</summary>
    Exp,
}

/// <summary>What a cell's capture probability nu is.</summary>
public enum NbCapture
{
    /// <summary>1.</summary>
    None,

    /// <summary>Free: with mean_odds phi_capture = link(t), nu = 1 / (1 + phi_capture), otherwise nu = sigmoid(t); t ~ N(0, 1).</summary>
    Free,

    /// <summary>nu = e^-eta, eta ~ Normal(log M0 - log L_c, sd) truncated to eta >= 0; L_c is the cell's total.</summary>
    Anchored,
}

/// <summary>How the counts scatter about the negative binomial.</summary>
public enum NbOverdispersion
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Beta negative binomial with omega by gene: variance times 1 + omega.</summary>
    Bnb,
}

/// <summary>The family of a hierarchy's scale.</summary>
public enum NbFamily
{
    /// <summary>No hierarchy.</summary>
    None,

    /// <summary>One scale for all genes.</summary>
    Gaussian,

    /// <summary>Regularized horseshoe: a scale by gene, tau lambda c / sqrt(c^2 + tau^2 lambda^2).</summary>
    Horseshoe,

    /// <summary>Normal-exponential-gamma: a variance by gene, psi ~ Gamma(u, zeta), zeta ~ Gamma(a, tau).</summary>
    Neg,
}

/// <summary>What the datasets' probability parameters are.</summary>
public enum NbProbabilityMode
{
    /// <summary>One a dataset.</summary>
    Scalar,

    /// <summary>One for each gene and dataset, about a centre by gene.</summary>
    GeneSpecific,

    /// <summary>As before, with the centres of genes under a hierarchy of their own (<see cref="NbPriors.ProbabilityGenes"/>).</summary>
    TwoLevel,
}

/// <summary>Which optimizer fits.</summary>
public enum NbOptimizer
{
    /// <summary>Deterministic coordinate ascent (docs/nb.md).</summary>
    Default,

    /// <summary>The published SVI.</summary>
    Reference,
}

/// <summary>A hierarchy's family with its hyperparameters (SCRIBE's theory page on hierarchical priors).</summary>
public sealed record NbHierarchy(NbFamily Family)
{
    /// <summary>No hierarchy.</summary>
    public static NbHierarchy None { get; } = new(NbFamily.None);

    /// <summary>Horseshoe: the scale of tau's half-Cauchy, positive.</summary>
    public double Tau0 { get; init; } = 1;

    /// <summary>Horseshoe: degrees of freedom of the slab; c^2 ~ IG(df / 2, df s^2 / 2).</summary>
    public double SlabDf { get; init; } = 4;

    /// <summary>Horseshoe: scale s of the slab.</summary>
    public double SlabScale { get; init; } = 2;

    /// <summary>NEG: shape of psi.</summary>
    public double U { get; init; } = 1;

    /// <summary>NEG: shape of zeta.</summary>
    public double A { get; init; } = 1;

    /// <summary>NEG: rate of zeta.</summary>
    public double Tau { get; init; } = 1;
}

/// <summary>The hierarchies of a model.</summary>
public sealed record NbPriors
{
    /// <summary>Of the mean (canonical: of r) across components, about a centre by gene.</summary>
    public NbHierarchy MeanComponents { get; init; } = NbHierarchy.None;

    /// <summary>Of the mean (canonical: of r) across datasets, about a centre by gene; none: one mean for all datasets.</summary>
    public NbHierarchy MeanDatasets { get; init; } = NbHierarchy.None;

    /// <summary>Of the probability (mean_odds: of phi) across genes; none: one for all genes.</summary>
    public NbHierarchy ProbabilityGenes { get; init; } = NbHierarchy.None;

    /// <summary>Of the probability across datasets; none: the same for all datasets.</summary>
    public NbHierarchy ProbabilityDatasets { get; init; } = NbHierarchy.None;

    /// <summary>What the probabilities of datasets are.</summary>
    public NbProbabilityMode ProbabilityMode { get; init; } = NbProbabilityMode.GeneSpecific;

    /// <summary>Of the gate across genes.</summary>
    public NbHierarchy GateGenes { get; init; } = NbHierarchy.None;

    /// <summary>Of the gate across datasets.</summary>
    public NbHierarchy GateDatasets { get; init; } = NbHierarchy.None;

    /// <summary>Of omega across genes; none with bnb: the default, a horseshoe.</summary>
    public NbHierarchy OverdispersionGenes { get; init; } = NbHierarchy.None;

    /// <summary>Of omega across datasets (genes' scales are shared); none: one omega for all datasets.</summary>
    public NbHierarchy OverdispersionDatasets { get; init; } = NbHierarchy.None;

    /// <summary>mean_disp: of r across datasets; none: one r for all datasets.</summary>
    public NbHierarchy DispersionDatasets { get; init; } = NbHierarchy.None;
}

/// <summary>A factor of the design of the mean: log mean (t) of a dataset is a centre by gene plus an effect of each factor's
/// level.</summary>
/// <param name="Name">Its name; an interaction's is "a:b".</param>
/// <param name="Levels">Its levels' names.</param>
/// <param name="LevelOfDataset">For each dataset (combination of levels that occurs), the level's index.</param>
/// <param name="Hierarchy">Random: the family of its effects (Gaussian or horseshoe). Fixed: none.</param>
/// <param name="FixedScale">Fixed: the prior standard deviation of its effects.</param>
public sealed record NbFactor(
    string Name, IReadOnlyList<string> Levels, IReadOnlyList<int> LevelOfDataset, NbHierarchy Hierarchy, double FixedScale = 1);

/// <summary>A negative-binomial model and how it is fitted, decided with the data.</summary>
public sealed record NbOptions
{
    /// <summary>Genes: columns of the data.</summary>
    public required int Genes { get; init; }

    /// <summary>Cells: rows of the data.</summary>
    public required long Cells { get; init; }

    /// <summary>Which quantities are parameters.</summary>
    public NbParametrization Parametrization { get; init; } = NbParametrization.MeanOdds;

    /// <summary>The link of positive parameters.</summary>
    public NbLink Link { get; init; } = NbLink.Exp;

    /// <summary>Whether genes have a gate (probability of a structural zero).</summary>
    public bool ZeroInflation { get; init; }

    /// <summary>What capture is.</summary>
    public NbCapture Capture { get; init; } = NbCapture.Anchored;

    /// <summary>Anchored: log M0, of the total molecules of a cell.</summary>
    public double LogCaptureTotal { get; init; }

    /// <summary>Anchored: prior standard deviation of eta.</summary>
    public double CaptureSd { get; init; } = 0.3;

    /// <summary>Overdispersion.</summary>
    public NbOverdispersion Overdispersion { get; init; }

    /// <summary>Components K, 1 or more; component by component means, and probabilities and gates with them.</summary>
    public int Components { get; init; } = 1;

    /// <summary>Names of datasets; one for data that are one.</summary>
    public IReadOnlyList<string> Datasets { get; init; } = ["all"];

    /// <summary>Whether each dataset has mixture weights of its own.</summary>
    public bool DatasetWeights { get; init; }

    /// <summary>Concentration of the weights' Dirichlet prior.</summary>
    public double WeightConcentration { get; init; } = 1;

    /// <summary>The hierarchies.</summary>
    public NbPriors Priors { get; init; } = new();

    /// <summary>Factors of the mean; empty: datasets are exchangeable under <see cref="NbPriors.MeanDatasets"/>.</summary>
    public IReadOnlyList<NbFactor> Design { get; init; } = [];

    /// <summary>The optimizer.</summary>
    public NbOptimizer Optimizer { get; init; }

    /// <summary>Seed of starts, draws and batches.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Gain of the ELBO in a round, in nats, below which the fit has converged; 0: decided by size.</summary>
    public double Tolerance { get; init; }

    /// <summary>Default optimizer: starts of a mixture.</summary>
    public int Starts { get; init; } = 3;

    /// <summary>Reference optimizer: steps, step size, cells of a batch (0: all).</summary>
    public int Steps { get; init; } = 50_000;

    /// <summary>Reference optimizer: Adam's step size.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Reference optimizer: cells of a batch; 0: all.</summary>
    public int BatchSize { get; init; }

    /// <summary>Reference optimizer: whether it stops early (patience 500 steps, checks each 100, after 5,000, average of 100).</summary>
    public bool EarlyStopping { get; init; }

    /// <summary>Reference optimizer: whether the best state by the averaged loss is restored at the end.</summary>
    public bool RestoreBest { get; init; }
}
