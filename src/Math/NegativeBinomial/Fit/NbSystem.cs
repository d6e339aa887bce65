namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The ELBO's global part at given parameters and its derivatives: by gene its value, gradient in m, and the precision to which a natural
/// gradient step of length 1 would set S (prior precision less E of the Hessian); and of the arrow, the scalars that all genes hang on (t2
/// where it is one for all, centres of hierarchies), each gene's derivatives.
/// </summary>
internal sealed class NbSystem
{
    private readonly int _n;
    private readonly int _arrow;

    /// <summary>Of zeros.</summary>
    public NbSystem(NbStructure structure)
    {
        var genes = structure.Shape.Genes;
        (_n, ArrowOf, Arrow) = (structure.Coordinates, new int[structure.Scalars.Count], ArrowScalars(structure));
        ArrowOf.AsSpan().Fill(-1);
        for (var a = 0; a < Arrow.Length; a++)
        {
            ArrowOf[Arrow[a]] = a;
        }

        _arrow = Arrow.Length;
        (Values, Gradient, Precision) = (new double[genes], new double[genes * _n], new double[genes * _n * _n]);
        (Cross, ArrowGradient, ArrowPrecision) =
            (new double[genes * _arrow * _n], new double[(genes + 1) * _arrow], new double[(genes + 1) * _arrow]);
    }

    /// <summary>The scalars of the arrow.</summary>
    public int[] Arrow { get; }

    /// <summary>By scalar its place in the arrow, or -1.</summary>
    public int[] ArrowOf { get; }

    /// <summary>By gene.</summary>
    public double[] Values { get; }

    /// <summary>genes x n.</summary>
    public double[] Gradient { get; }

    /// <summary>genes x n x n.</summary>
    public double[] Precision { get; }

    /// <summary>genes x arrow x n: second derivatives in m and the arrow's locations.</summary>
    public double[] Cross { get; }

    /// <summary>(genes + 1) x arrow: derivatives in locations; the last row is what belongs to no gene.</summary>
    public double[] ArrowGradient { get; }

    /// <summary>(genes + 1) x arrow: -2 times the derivatives in variances.</summary>
    public double[] ArrowPrecision { get; }

    /// <summary>What belongs to no gene.</summary>
    public double Rest { get; set; }

    /// <summary>Everything.</summary>
    public double Total => Rest + System.Numerics.Tensors.TensorPrimitives.Sum<double>(Values);

    /// <summary>All 0.</summary>
    public void Clear()
    {
        Rest = 0;
        foreach (var array in (double[][])[Values, Gradient, Precision, Cross, ArrowGradient, ArrowPrecision])
        {
            array.AsSpan().Clear();
        }
    }

    /// <summary>Takes a gene's part from another system.</summary>
    public void CopyGene(NbSystem from, int gene)
    {
        Values[gene] = from.Values[gene];
        Copy(from.Gradient, Gradient, _n);
        Copy(from.Precision, Precision, _n * _n);
        Copy(from.Cross, Cross, _arrow * _n);
        Copy(from.ArrowGradient, ArrowGradient, _arrow);
        Copy(from.ArrowPrecision, ArrowPrecision, _arrow);

        void Copy(double[] source, double[] target, int length) =>
            source.AsSpan(gene * length, length).CopyTo(target.AsSpan(gene * length));
    }

    private static int[] ArrowScalars(NbStructure structure) =>
        [.. structure.SecondScalar.Concat(structure.Blocks.Select(block => block.Location)).Where(i => i >= 0).Distinct().Order()];
}
