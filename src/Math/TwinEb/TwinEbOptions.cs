namespace FitCluster.Math.TwinEb;

/// <summary>A TwinEB fit: what is fitted and how. Validated by <see cref="TwinEbOptionsCheck"/>.</summary>
public sealed record TwinEbOptions
{
    /// <summary>Rows of the data, held-out rows included, N.</summary>
    public required long Rows { get; init; }

    /// <summary>Columns of the data, D.</summary>
    public required int Columns { get; init; }

    /// <summary>The distribution of an entry (default Poisson).</summary>
    public TwinEbLikelihood Likelihood { get; init; } = TwinEbLikelihood.Poisson;

    /// <summary>Which priors are learnt (default twin).</summary>
    public TwinEbPrior Prior { get; init; } = TwinEbPrior.Twin;

    /// <summary>How the fit is found (default: conjugate coordinate ascent).</summary>
    public TwinEbOptimizer Optimizer { get; init; } = TwinEbOptimizer.Default;

    /// <summary>The factors, L (default 15).</summary>
    public int Factors { get; init; } = 15;

    /// <summary>The components of the rows' mixture, K_r (default 70). Not used where the rows' prior is single or fixed.</summary>
    public int RowComponents { get; init; } = 70;

    /// <summary>The components of the columns' mixture, K_c (default 100). Not used where the columns' prior is single or fixed.</summary>
    public int ColumnComponents { get; init; } = 100;

    /// <summary>Reference: draws of all parameters in one estimate of the gradient, S (default 1).</summary>
    public int Particles { get; init; } = 1;

    /// <summary>Rows of a minibatch, over all shards (default 128); more than there are training rows means all of them.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>
    /// Reference: minibatch steps of one restart (default 20,000). Default optimizer: the most sweeps. Null: the optimizer's default.
    /// </summary>
    public int? Steps { get; init; }

    /// <summary>
    /// Reference: the steps in which held-out rows are fitted with the columns frozen (default optimizer: the updates at most, from each
    /// start). Null: half of <see cref="Steps"/>, as published.
    /// </summary>
    public int? ProjectionSteps { get; init; }

    /// <summary>Reference: Adam's learning rate of the row parameters (default 0.01).</summary>
    public double RowLearningRate { get; init; } = 0.01;

    /// <summary>Reference: Adam's learning rate of the column parameters (default 0.01).</summary>
    public double ColumnLearningRate { get; init; } = 0.01;

    /// <summary>Reference: Adam's learning rate of the parameters of both priors (default 0.01).</summary>
    public double MixtureLearningRate { get; init; } = 0.01;

    /// <summary>Reference: the largest norm of the whole gradient; a longer one is scaled down to it (default 2).</summary>
    public double ClipNorm { get; init; } = 2;

    /// <summary>Reference: L2 penalty on every parameter, added to the clipped gradient (default 1e-5).</summary>
    public double WeightDecay { get; init; } = 1e-5;

    /// <summary>Reference: what learning rates are multiplied by on a plateau (default 0.99; 1: never).</summary>
    public double PlateauFactor { get; init; } = 0.99;

    /// <summary>Reference: epochs without a lower loss that are borne before a plateau is declared (default 3).</summary>
    public int PlateauPatience { get; init; } = 3;

    /// <summary>Reference: by what share of itself an epoch's loss must fall below the lowest to count as lower (default 1e-4).</summary>
    public double PlateauThreshold { get; init; } = 1e-4;

    /// <summary>
    /// Reference: stop after so many consecutive epochs whose loss rose by <see cref="EarlyStopRise"/> or more (default 10).
    /// </summary>
    public int EarlyStopEpochs { get; init; } = 10;

    /// <summary>Reference: the rise of an epoch's loss that counts towards an early stop (default 2).</summary>
    public double EarlyStopRise { get; init; } = 2;

    /// <summary>Reference: stop when the scheduler has brought a learning rate below this (default 1e-8).</summary>
    public double LeastLearningRate { get; init; } = 1e-8;

    /// <summary>
    /// Reference: an epoch's loss whose magnitude is more than this many times the epoch's before is divergence (default 1,000).
    /// </summary>
    public double DivergenceFactor { get; init; } = 1000;

    /// <summary>How often one restart may go back to its last good state with half the learning rates (default 3).</summary>
    public int Retries { get; init; } = 3;

    /// <summary>Reference: whether a restart ends with the parameters of its epoch of lowest loss (default yes).</summary>
    public bool RestoreBest { get; init; } = true;

    /// <summary>
    /// Fits from different starts; the one with the best validation log-likelihood (else the best ELBO) is kept (default 1).
    /// </summary>
    public int Restarts { get; init; } = 1;

    /// <summary>Draws of the posterior for a held-out log-likelihood, M (default 500); 1: posterior means instead of draws.</summary>
    public int HeldOutSamples { get; init; } = 500;

    /// <summary>
    /// Gaussian: whether x is subtracted from each held-out log density, the Jacobian of data that are log(1 + count), as published
    /// (default no).
    /// </summary>
    public bool HeldOutSubtractsValue { get; init; }

    /// <summary>
    /// Poisson: whether only about as many held-out zeros are scored as there are other held-out cells, and weighted up (default no).
    /// </summary>
    public bool HeldOutZeroSample { get; init; }

    /// <summary>Gaussian: the standard deviation of an entry given its mean (default 1).</summary>
    public double NoiseSd { get; init; } = 1;

    /// <summary>Poisson, fixed prior of rows Gamma(shape, rate): the shape (default 0.1).</summary>
    public double RowPriorShape { get; init; } = 0.1;

    /// <summary>Poisson, fixed prior of rows Gamma(shape, rate): the rate (default 0.1).</summary>
    public double RowPriorRate { get; init; } = 0.1;

    /// <summary>Gaussian, fixed prior of rows N(0, scale squared): the scale (default 1).</summary>
    public double RowPriorScale { get; init; } = 1;

    /// <summary>Poisson, fixed prior of columns Gamma(shape, rate): the shape (default 0.1).</summary>
    public double ColumnPriorShape { get; init; } = 0.1;

    /// <summary>Poisson, fixed prior of columns Gamma(shape, rate): the rate (default 0.1).</summary>
    public double ColumnPriorRate { get; init; } = 0.1;

    /// <summary>Gaussian, fixed prior of columns N(0, scale squared): the scale (default 1).</summary>
    public double ColumnPriorScale { get; init; } = 1;

    /// <summary>The seed of every random number.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>
    /// Reference: minibatch steps that each shard takes alone in one round before the shards' changes of columns and priors are averaged
    /// by their numbers of training rows (default 1: every step is exact).
    /// </summary>
    public int LocalSteps { get; init; } = 1;

    /// <summary>
    /// The relative change of the objective at which a fit has converged. Reference: stop when 20 epochs did not lower the lowest loss by
    /// this share of it; null (the default there): all steps are taken.
    /// </summary>
    public double? Tolerance { get; init; }

    /// <summary>
    /// A finished fit to start from (default: none). The default optimizer then begins its first restart with sweeps under the given
    /// columns and mixtures, the reference optimizer with parameters that have the given moments; other restarts start anew. Rows start
    /// from the shards' extra arrays <see cref="TwinEbStart.RowMeans"/> and <see cref="TwinEbStart.RowSds"/>.
    /// </summary>
    public TwinEbStart? Start { get; init; }

    /// <summary>Whether the rows' prior is a mixture that is learnt.</summary>
    public bool IsRowMixture => Prior is TwinEbPrior.Twin or TwinEbPrior.Rows;

    /// <summary>Whether the columns' prior is a mixture that is learnt.</summary>
    public bool IsColumnMixture => Prior is TwinEbPrior.Twin or TwinEbPrior.Columns;

    /// <summary>Whether the rows' prior is learnt.</summary>
    public bool LearnsRowPrior => Prior is TwinEbPrior.Twin or TwinEbPrior.Rows or TwinEbPrior.Single;

    /// <summary>Whether the columns' prior is learnt.</summary>
    public bool LearnsColumnPrior => Prior is TwinEbPrior.Twin or TwinEbPrior.Columns or TwinEbPrior.Single;
}
