namespace FitCluster.Math.Ebnm;

/// <summary>
/// What callers must know of a prior family beyond how it is fitted. Everything about a family that is no number of a prior is said here
/// and nowhere else.
/// </summary>
public sealed record EbnmTraits
{
    /// <summary>
    /// -1 when every prior of the family (at mode 0) lives on theta &lt;= 0, +1 when on theta &gt;= 0, 0 otherwise (default).
    /// </summary>
    public int Sign { get; init; }

    /// <summary>
    /// Whether one step of the prior at each update is too slow, so that a factorization fits it in full at the pseudo-data of every
    /// update: weights on a grid of many components
    /// (default no).
    /// </summary>
    public bool NeedsFullFits { get; init; }

    /// <summary>
    /// Whether a fit climbs from the prior it is given, in a range that does not move with the observations, so that it is never less
    /// likely than that one (default no).
    /// </summary>
    public bool ClimbsFromStart { get; init; }

    /// <summary>Whether the variance of the prior, and so of an uninformed entry, is infinite (default no).</summary>
    public bool HasInfiniteMoments { get; init; }

    /// <summary>Whether every standard error must be 1: a family for z-scores alone (default no).</summary>
    public bool NeedsUnitErrors { get; init; }

    /// <summary>Whether its priors have a scale, of a slab or of a grid (default yes).</summary>
    public bool HasScale { get; init; } = true;

    /// <summary>
    /// Whether it is one of adaptive shrinkage (Stephens 2017): a null component, and so local false discovery rates (default no).
    /// </summary>
    public bool IsAdaptiveShrinkage { get; init; }

    /// <summary>The form of its priors; null where they are mixed of any components, on a grid.</summary>
    public PriorForm? Form { get; init; }
}
