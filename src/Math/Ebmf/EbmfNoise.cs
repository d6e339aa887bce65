namespace FitCluster.Math.Ebmf;

/// <summary>
/// How the precision of an entry is made up (docs/ebmf.md, "Residual variances"). Rank one: tau_ij = u_i v_j. By entry:
/// tau_ij = 1 / (S_ij^2 + sigma_g(i,j)^2), where known errors vary within the groups of the estimated variance.
/// </summary>
internal sealed class EbmfNoise
{
    public EbmfNoise(EbmfOptions options)
    {
        Variance = options.Variance;
        Known = options.KnownErrors;
        ByEntry = (Known, Variance) switch
        {
            (KnownErrors.None or KnownErrors.Scalar, _) => false,
            (KnownErrors.Matrix, _) => true,
            (_, VarianceStructure.Known) => false,
            (KnownErrors.Row, VarianceStructure.Row) => false,
            (KnownErrors.Column, VarianceStructure.Column) => false,
            _ => true,
        };
    }

    public VarianceStructure Variance { get; }

    public KnownErrors Known { get; }

    /// <summary>Whether weights differ entry by entry.</summary>
    public bool ByEntry { get; }

    /// <summary>Whether rows have a precision u_i of their own.</summary>
    public bool HasRowPrecision =>
        !ByEntry && (Variance is VarianceStructure.Row or VarianceStructure.Kronecker || Known == KnownErrors.Row);

    /// <summary>
    /// Whether expected squared residuals must be asked of the shards after a sweep; otherwise X'L, L'L and the sums of E l^2, whose
    /// weights never change, are enough.
    /// </summary>
    public bool NeedsEvaluation =>
        Variance is VarianceStructure.Row or VarianceStructure.Kronecker || (ByEntry && Variance != VarianceStructure.Known);

    /// <summary>Whether the variance added to the known errors is found by Newton rounds over all shards.</summary>
    public bool NeedsSearch => ByEntry && Variance is VarianceStructure.Constant or VarianceStructure.Column;
}
