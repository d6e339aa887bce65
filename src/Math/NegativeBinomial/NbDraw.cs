namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// One draw of all genes' parameters from a fit's posterior, leaf by leaf (<see cref="NbShape.Leaf"/>). Owned by who asks.
/// </summary>
/// <param name="leaves">K x D.</param>
/// <param name="genes">G.</param>
public sealed class NbDraw(int leaves, int genes)
{
    /// <summary>Leaves, K x D.</summary>
    public int Leaves => leaves;

    /// <summary>Genes.</summary>
    public int Genes => genes;

    /// <summary>Leaves x G: the mean r a of a cell with capture 1, positive; structural zeros are not in it.</summary>
    public double[] Mean { get; } = new double[leaves * genes];

    /// <summary>Leaves x G: r, positive.</summary>
    public double[] Dispersion { get; } = new double[leaves * genes];

    /// <summary>Leaves x G: the gate, in [0, 1); 0 without zero inflation.</summary>
    public double[] Gate { get; } = new double[leaves * genes];

    /// <summary>Leaves x G: omega, at least 0; 0 without overdispersion.</summary>
    public double[] Omega { get; } = new double[leaves * genes];

    /// <summary>The distribution of a gene's count in a leaf.</summary>
    public NbDensity Density(int leaf, int gene)
    {
        var at = (leaf * genes) + gene;
        return new NbDensity(Dispersion[at], Mean[at] / Dispersion[at], Gate[at], Omega[at]);
    }
}

/// <summary>
/// Draws from a fit's posterior. A draw is a function of (seed, its number) alone, and its leaves are paired: they share the draw's
/// population parameters. Thread-safe where every thread has an <see cref="NbDraw"/> of its own.
/// </summary>
public interface INbDraws
{
    /// <summary>Fills a draw.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="number">The draw's number, from 0.</param>
    /// <param name="draw">What is filled.</param>
    void Fill(ulong seed, int number, NbDraw draw);

    /// <summary>Fills the posterior's middle: every parameter at the mean of its unconstrained coordinate.</summary>
    void FillMiddle(NbDraw draw);
}
