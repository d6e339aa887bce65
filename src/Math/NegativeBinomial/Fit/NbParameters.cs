namespace FitCluster.Math.NegativeBinomial;

/// <summary>The posterior of everything at the coordinator: by gene N(m, S = F F'), by scalar N, by dataset a Dirichlet of the
/// weights.</summary>
/// <param name="location">genes x n: m.</param>
/// <param name="factor">genes x n (n + 1) / 2: F, lower triangular with a positive diagonal, packed by rows.</param>
/// <param name="scalarLocation">Locations of the scalars.</param>
/// <param name="scalarScale">Their standard deviations.</param>
/// <param name="concentration">rows x K of the Dirichlet: a row for each dataset, or one; empty for one component.</param>
internal sealed class NbParameters(
    double[] location, double[] factor, double[] scalarLocation, double[] scalarScale, double[] concentration)
{
    /// <summary>genes x n: m.</summary>
    public double[] Location { get; } = location;

    /// <summary>genes x n (n + 1) / 2.</summary>
    public double[] Factor { get; } = factor;

    /// <summary>Locations of the scalars.</summary>
    public double[] ScalarLocation { get; } = scalarLocation;

    /// <summary>Standard deviations of the scalars.</summary>
    public double[] ScalarScale { get; } = scalarScale;

    /// <summary>The Dirichlet's.</summary>
    public double[] Concentration { get; } = concentration;

    /// <summary>A copy that shares nothing.</summary>
    public NbParameters Clone() => new(
        [.. Location], [.. Factor], [.. ScalarLocation], [.. ScalarScale], [.. Concentration]);

    /// <summary>The same with another Dirichlet; arrays are shared.</summary>
    public NbParameters With(double[] concentration) => new(Location, Factor, ScalarLocation, ScalarScale, concentration);

    /// <summary>Takes a gene's values from another.</summary>
    public void CopyGene(NbParameters from, int gene, int n)
    {
        var packed = SmallMatrix.Packed(n);
        from.Location.AsSpan(gene * n, n).CopyTo(Location.AsSpan(gene * n));
        from.Factor.AsSpan(gene * packed, packed).CopyTo(Factor.AsSpan(gene * packed));
    }
}
