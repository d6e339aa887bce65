using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Nodes of a tensor Gauss-Hermite rule for a leaf's parameters: standard normal in each, the scalar t2 (where it is one) last and slowest.
/// Padded to whole vectors of 8 with nodes of no weight.
/// </summary>
internal sealed class NbCubature
{
    /// <summary>The rule for a model.</summary>
    /// <param name="structure">The model.</param>
    /// <param name="more">Nodes added to each rule: for tests of how many are enough.</param>
    public NbCubature(NbStructure structure, int more = 0)
    {
        Dimensions = structure.Dimensions.Count;
        HasScalar = structure.SecondScalar[0] >= 0;
        int[] orders = [.. structure.Dimensions.Select(dimension => more + Order(structure, dimension)), .. HasScalar ? [3 + more]
            : Array.Empty<int>()];
        Scalars = HasScalar ? orders[^1] : 1;
        var count = orders.Aggregate(1, (product, n) => product * n);
        PerScalar = count / Scalars;
        Count = Padding.To(count, 8);
        Nodes = [.. orders.Select(_ => new double[Count])];
        Weights = new double[Count];
        ScalarIndex = new int[Count];
        for (var i = 0; i < count; i++)
        {
            var (rest, weight) = (i, 1.0);
            for (var p = 0; p < orders.Length; p++)
            {
                var (nodes, weights) = GaussHermite.Of(orders[p]);
                Nodes[p][i] = nodes[rest % orders[p]];
                weight *= weights[rest % orders[p]];
                rest /= orders[p];
            }

            (Weights[i], ScalarIndex[i]) = (weight, i / PerScalar);
        }
    }

    /// <summary>Parameters of a leaf that are a gene's.</summary>
    public int Dimensions { get; }

    /// <summary>Whether t2 is a scalar.</summary>
    public bool HasScalar { get; }

    /// <summary>Nodes of the scalar; 1 without.</summary>
    public int Scalars { get; }

    /// <summary>Nodes for each of the scalar's.</summary>
    public int PerScalar { get; }

    /// <summary>All nodes, a multiple of 8.</summary>
    public int Count { get; }

    /// <summary>By parameter, then (with a scalar) the scalar: nodes.</summary>
    public double[][] Nodes { get; }

    /// <summary>Weights, of sum 1.</summary>
    public double[] Weights { get; }

    /// <summary>By node the index of the scalar's.</summary>
    public int[] ScalarIndex { get; }

    private static int Order(NbStructure structure, NbDimension dimension) =>
        dimension == NbDimension.Omega && structure.Dimensions.Count > 2 ? 3 : 5;
}
