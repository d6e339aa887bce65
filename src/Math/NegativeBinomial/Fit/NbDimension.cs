namespace FitCluster.Math.NegativeBinomial;

/// <summary>A parameter of a leaf on its unconstrained coordinate.</summary>
internal enum NbDimension
{
    /// <summary>t1: mean, or r (canonical).</summary>
    First,

    /// <summary>t2: log odds (canonical, mean_prob), phi (mean_odds) or r (mean_disp).</summary>
    Second,

    /// <summary>logit of the gate.</summary>
    Gate,

    /// <summary>omega.</summary>
    Omega,
}
