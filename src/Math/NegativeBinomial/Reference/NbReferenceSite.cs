namespace FitCluster.Math.NegativeBinomial;

/// <summary>The family of a site's prior, and with it of its guide.</summary>
internal enum NbReferenceSiteKind
{
    /// <summary>Normal(A, B) prior, Normal guide.</summary>
    Normal,

    /// <summary>Normal whose location and scale are other sites' draws; Normal guide; its target has the divergence.</summary>
    Conditional,

    /// <summary>Half-Cauchy of scale A; log-normal guide.</summary>
    HalfCauchy,

    /// <summary>Inverse gamma of shape A and scale B; log-normal guide.</summary>
    InverseGamma,

    /// <summary>Gamma of shape A and rate B, or, with a rate site, its draw; Gamma guide.</summary>
    Gamma,

    /// <summary>Dirichlet of concentration A in groups of <see cref="NbReferenceSite.Group"/>; Dirichlet guide.</summary>
    Dirichlet,
}

/// <summary>One latent array of the published model and its mean-field guide (mrazomej/scribe at b7372e30).</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">Its family.</param>
/// <param name="Length">Its elements.</param>
/// <param name="A">The prior's first number.</param>
/// <param name="B">The prior's second number.</param>
/// <param name="First">The guide's first number at the start: location, or Gamma's shape.</param>
/// <param name="Second">The guide's second number at the start: scale, or Gamma's rate.</param>
internal sealed record NbReferenceSite(string Name, NbReferenceSiteKind Kind, int Length, double A, double B, double First, double Second)
{
    /// <summary>Where its draws begin among all sites' draws.</summary>
    public int Offset { get; set; }

    /// <summary>Where its parameters begin: Length first numbers, Length second ones (logs of scales, shapes and rates; Dirichlet: logs of
    /// concentrations alone).</summary>
    public int ParameterOffset { get; set; }

    /// <summary>Gamma: the site whose draws are its rates, or null.</summary>
    public NbReferenceSite? Rate { get; init; }

    /// <summary>Dirichlet: elements of one vector.</summary>
    public int Group { get; init; }

    /// <summary>Whether draws are location + scale x normal, maybe then exp.</summary>
    public bool IsLocationScale => Kind <= NbReferenceSiteKind.InverseGamma;

    /// <summary>Whether draws are exp of that.</summary>
    public bool IsLogNormal => Kind is NbReferenceSiteKind.HalfCauchy or NbReferenceSiteKind.InverseGamma;

    /// <summary>Parameters.</summary>
    public int ParameterLength => Kind == NbReferenceSiteKind.Dirichlet ? Length : 2 * Length;

    /// <summary>A Normal site; the guide begins at the prior.</summary>
    public static NbReferenceSite Normal(string name, int length, double location, double scale) =>
        new(name, NbReferenceSiteKind.Normal, length, location, scale, location, scale);

    /// <summary>A Normal site under other sites.</summary>
    public static NbReferenceSite Conditional(string name, int length) => new(name, NbReferenceSiteKind.Conditional, length, 0, 1, 0, 1);

    /// <summary>A half-Cauchy site.</summary>
    public static NbReferenceSite HalfCauchy(string name, int length, double scale) =>
        new(name, NbReferenceSiteKind.HalfCauchy, length, scale, 0, 0, 0.5);

    /// <summary>An inverse gamma site.</summary>
    public static NbReferenceSite InverseGamma(string name, int length, double shape, double scale) =>
        new(name, NbReferenceSiteKind.InverseGamma, length, shape, scale, 1, 0.5);

    /// <summary>A Gamma site.</summary>
    public static NbReferenceSite Gamma(string name, int length, double shape, double rate, NbReferenceSite? rates) =>
        new(name, NbReferenceSiteKind.Gamma, length, shape, rate, 0.5, 1) { Rate = rates };
}
