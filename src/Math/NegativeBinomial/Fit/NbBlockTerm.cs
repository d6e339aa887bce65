using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// A block's part of the ELBO under q of its scale scalars (by Gauss-Hermite nodes) and the optimal q of its genes' variances: of the
/// statistics (S_w, S_b), or of the one coordinate's mean and variance, whose variance psi is integrated out.
/// </summary>
internal sealed class NbBlockTerm
{
    private const int GaussianNodes = 5;
    private const int ShrinkageNodes = 3;

    private readonly NbBlock _block;
    private readonly (double[] Nodes, double[] Weights) _rule;
    private readonly double[] _weights;
    private readonly double[] _psi = [];
    private readonly ScaleNodes[] _nodes = [];
    private readonly MarginalDensity? _marginal;
    private readonly double[][] _tables = [];

    /// <summary>At the scalars' q.</summary>
    public NbBlockTerm(NbBlock block, ReadOnlySpan<double> location, ReadOnlySpan<double> scale)
    {
        _block = block;
        var family = block.Hierarchy.Family;
        _rule = GaussHermite.Of(family switch { NbFamily.Gaussian => GaussianNodes, NbFamily.Horseshoe => ShrinkageNodes, _ => 1 });
        var n = _rule.Nodes.Length;
        _weights = family == NbFamily.Horseshoe ? [.. Enumerable.Range(0, n * n).Select(i => _rule.Weights[i / n] * _rule.Weights[i % n])]
            : _rule.Weights;
        if (family == NbFamily.Gaussian)
        {
            var (m, s) = (location[block.Scale], scale[block.Scale]);
            _psi = [.. _rule.Nodes.Select(x => double.Pow(VectorSoftplus.Softplus(m + (s * x)), 2))];
            return;
        }

        _nodes = new ScaleNodes[_weights.Length];
        for (var i = 0; i < _nodes.Length; i++)
        {
            _nodes[i] = family == NbFamily.Neg
                ? new ScaleNodes(block, 0, 0)
                : new ScaleNodes(block, location[block.Scale] + (scale[block.Scale] * _rule.Nodes[i / n]),
                    location[block.Slab] + (scale[block.Slab] * _rule.Nodes[i % n]));
        }

        if (block.Single >= 0)
        {
            _tables = [.. _nodes.Select(MarginalDensity.Tabulate)];
            var average = new double[MarginalDensity.Knots];
            for (var i = 0; i < _tables.Length; i++)
            {
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(_tables[i], _weights[i], average, average);
            }

            _marginal = new MarginalDensity(average);
        }
    }

    /// <summary>Nodes of the scale scalars: of one, or of two, the second within the first.</summary>
    public int Nodes => _weights.Length;

    /// <summary>Their weights.</summary>
    public ReadOnlySpan<double> Weights => _weights;

    /// <summary>The rule of each scalar.</summary>
    public (double[] Nodes, double[] Weights) Rule => _rule;

    /// <summary>E log of the density of a block of one, of N(mean, variance) about the location.</summary>
    public (double Value, double ByMean, double ByVariance) Single(double mean, double variance) => _marginal!.Expect(mean, variance);

    /// <summary>The value at statistics, and its derivatives in them.</summary>
    public (double Value, double ByWithin, double ByBetween) At(double within, double between)
    {
        var (value, byWithin, byBetween) = (0.0, 0.0, 0.0);
        for (var i = 0; i < _weights.Length; i++)
        {
            var (v, w, b) = AtNode(i, within, between, 1);
            value += _weights[i] * v;
            byWithin -= 0.5 * _weights[i] * w;
            byBetween -= 0.5 * _weights[i] * b;
        }

        return (value, byWithin, byBetween);
    }

    /// <summary>Adds each node's value summed over genes, from their statistics (a Gaussian's are sums over all genes).</summary>
    public void AddNodes(double within, double between, double genes, Span<double> values)
    {
        for (var i = 0; i < _weights.Length; i++)
        {
            values[i] += AtNode(i, within, between, genes).Value;
        }
    }

    /// <summary>Adds each node's value from the knots' weights of all genes (<see cref="MarginalDensity.AddKnots"/>).</summary>
    public void AddNodes(ReadOnlySpan<double> knots, Span<double> values)
    {
        for (var i = 0; i < _weights.Length; i++)
        {
            values[i] += System.Numerics.Tensors.TensorPrimitives.Dot(knots, _tables[i]);
        }
    }

    private (double Value, double Within, double Between) AtNode(int i, double within, double between, double genes)
    {
        if (_psi.Length == 0)
        {
            return _nodes[i].Integrate(within, between);
        }

        var (psi, wide) = (_psi[i], _psi[i] + _block.Size);
        var logs = (_block.WithinCount * double.Log(psi)) + (_block.BetweenCount * double.Log(wide));
        var constant = (_block.WithinCount + _block.BetweenCount) * NormalDistribution.LogRootTwoPi;
        return ((-0.5 * ((genes * logs) + (within / psi) + (between / wide))) - (genes * constant), 1 / psi, 1 / wide);
    }
}
