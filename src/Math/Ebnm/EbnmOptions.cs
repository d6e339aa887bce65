namespace FitCluster.Math.Ebnm;

/// <summary>What is held and what is estimated in a normal-means problem.</summary>
public sealed record EbnmOptions
{
    /// <summary>The prior's mode (default 0); ignored with <see cref="EstimateMode"/> and where <see cref="Start"/> is fixed.</summary>
    public double Mode { get; init; }

    /// <summary>Whether the mode is estimated (default: no).</summary>
    public bool EstimateMode { get; init; }

    /// <summary>A fixed scale of the slab; null (the default): estimated, or the family's grid.</summary>
    public double? Scale { get; init; }

    /// <summary>
    /// The prior to start from, or with <see cref="FixPrior"/> to keep; null: a cold start. A grid family keeps the grid of it.
    /// </summary>
    public Prior? Start { get; init; }

    /// <summary>Whether <see cref="Start"/> is kept, so that only posteriors are computed.</summary>
    public bool FixPrior { get; init; }

    /// <summary>
    /// For the unimodal families: the weight of the null component in the penalty (NullWeight - 1) log pi0 that is added to the
    /// log-likelihood while fitting and not reported (Stephens 2017; default 10 as in ashr; 1: plain maximum likelihood).
    /// </summary>
    public double NullWeight { get; init; } = 10;

    /// <summary>The most iterations of the optimizer (default 1000).</summary>
    public int MaxIterations { get; init; } = 1000;
}

/// <summary>A solved normal-means problem: x_i ~ N(theta_i, s_i^2), theta_i ~ g.</summary>
/// <param name="Prior">The fitted (or given) prior g.</param>
/// <param name="LogLikelihood">sum_i log integral N(x_i; theta, s_i^2) g(dtheta), with the term -1/2
/// log 2 pi; NaN for the flat prior.</param>
/// <param name="Converged">Whether the optimizer met its tolerance.</param>
/// <param name="Iterations">The optimizer's iterations.</param>
public sealed record EbnmFit(Prior Prior, double LogLikelihood, bool Converged, int Iterations)
{
    /// <summary>
    /// The certificate of fitted mixture weights: max_k mean_i L_ik / (L pi)_i - 1 over the grid's components (with a penalty c log pi_0,
    /// its gradient over n + c in place of the mean), at least 0; n times it bounds what the log-likelihood lacks of the
    /// grid's maximum. NaN where no weights on a grid were fitted by likelihood.
    /// </summary>
    public double Gap { get; init; } = double.NaN;
}
