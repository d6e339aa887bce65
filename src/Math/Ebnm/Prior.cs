namespace FitCluster.Math.Ebnm;

/// <summary>The EBNM prior families (docs/ebnm.md, "Families").</summary>
public enum PriorFamily
{
    /// <summary>N(mode, sd^2).</summary>
    Normal,

    /// <summary>pi0 delta_mode + (1 - pi0) N(mode, sd^2).</summary>
    PointNormal,

    /// <summary>pi0 delta_mode + (1 - pi0) Laplace(mode, scale).</summary>
    PointLaplace,

    /// <summary>pi0 delta_mode + (1 - pi0) (mode + Exponential(scale)).</summary>
    PointExponential,

    /// <summary>A mixture of N(mode, sd_k^2) over a grid of standard deviations.</summary>
    NormalScaleMixture,

    /// <summary>A mixture of U(mode - a_k, mode) and U(mode, mode + a_k): any unimodal density.</summary>
    Unimodal,

    /// <summary>A mixture of U(mode - a_k, mode + a_k).</summary>
    UnimodalSymmetric,

    /// <summary>A mixture of U(mode, mode + a_k).</summary>
    UnimodalNonnegative,

    /// <summary>A mixture of U(mode - a_k, mode).</summary>
    UnimodalNonpositive,

    /// <summary>pi0 delta_0 + (1 - pi0) N+(mu, (0.1 mu)^2).</summary>
    GeneralizedBinary,

    /// <summary>The horseshoe: N(0, (tau lambda)^2), lambda half-Cauchy.</summary>
    Horseshoe,

    /// <summary>Any distribution, on a grid of points (nonparametric maximum likelihood).</summary>
    Npmle,

    /// <summary>An exponential family of natural splines on a grid (Efron's deconvolution); for z-scores.</summary>
    Deconvolver,

    /// <summary>An improper flat prior.</summary>
    Flat,

    /// <summary>A point mass at the mode.</summary>
    PointMass,
}

/// <summary>The kinds of component a prior is mixed of.</summary>
public enum ComponentKind
{
    /// <summary>A point mass at Location.</summary>
    Point,

    /// <summary>N(Location, Scale^2); Scale = infinity is the flat prior.</summary>
    Normal,

    /// <summary>Laplace with centre Location and scale Scale.</summary>
    Laplace,

    /// <summary>Location + Exponential with mean Scale.</summary>
    Exponential,

    /// <summary>Uniform on [Low, High].</summary>
    Uniform,

    /// <summary>N(Location, Scale^2) truncated to [Low, High].</summary>
    TruncatedNormal,

    /// <summary>Horseshoe centred at Location with global scale Scale.</summary>
    Horseshoe,
}

/// <summary>One component of a prior. Fields that do not apply to its kind are 0.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Weight">The mixture weight, in [0, 1]; weights of a prior sum to 1.</param>
/// <param name="Location">The location.</param>
/// <param name="Scale">The scale (a standard deviation or the like, never a variance), &gt;= 0.</param>
/// <param name="Low">The lower end of the support (uniform, truncated normal).</param>
/// <param name="High">The upper end of the support.</param>
public readonly record struct PriorComponent(
    ComponentKind Kind, double Weight, double Location, double Scale, double Low = 0, double High = 0);

/// <summary>A prior of a normal-means problem: a finite mixture, the family it belongs to, and its mode. Immutable.</summary>
/// <param name="Family">The family.</param>
/// <param name="Mode">The mode (for a point family: the location of the spike).</param>
/// <param name="Components">The components; nobody writes to the array after construction.</param>
public sealed record Prior(PriorFamily Family, double Mode, PriorComponent[] Components)
{
    /// <summary>The prior of 2^exponent theta: no digit is rounded, unless a length leaves the range of doubles.</summary>
    public Prior Scaled(int exponent) => Lengths(length => double.ScaleB(length, exponent));

    /// <summary>The prior with every length in it, locations, scales and ends, replaced by a function of it.</summary>
    internal Prior Lengths(Func<double, double> map) => new(Family, map(Mode), Array.ConvertAll(Components, c => c with
    {
        Location = map(c.Location),
        Scale = map(c.Scale),
        Low = map(c.Low),
        High = map(c.High),
    }));
}
