namespace FitCluster.Math.NegativeBinomial;

/// <summary>Values of the likelihood's parameters by leaf and gene, leaves x G each: of one draw, or known.</summary>
internal sealed class NbPoint
{
    /// <summary>Values, 0 at first.</summary>
    public NbPoint(NbShape shape, bool hasGate)
    {
        var length = shape.Leaves * shape.Genes;
        (R, Odds, HasGate) = (new double[length], new double[length], hasGate);
        Gate = hasGate ? new double[length] : [];
        Omega = shape.ByEntry ? new double[length] : [];
    }

    /// <summary>r.</summary>
    public double[] R { get; }

    /// <summary>a; the same for all genes of a leaf where the shape says so.</summary>
    public double[] Odds { get; }

    /// <summary>Whether there is a gate.</summary>
    public bool HasGate { get; }

    /// <summary>Probability of a structural zero; empty without.</summary>
    public double[] Gate { get; }

    /// <summary>omega; empty without BNB.</summary>
    public double[] Omega { get; }
}
