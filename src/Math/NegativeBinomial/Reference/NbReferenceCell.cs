using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// One cell's part of a step: log sum_k w_k f_k at a draw of t, less the divergence of its guide (free capture: closed form; anchored: of
/// the draw, as the published loss has none), their derivatives in the guide's parameters, and the statistics.
/// </summary>
internal sealed class NbReferenceCell
{
    private readonly NbOptions _options;
    private readonly NbTables _tables;
    private readonly NbShape _shape;
    private readonly NbStatistics _statistics;
    private readonly NbRow _row;
    private readonly NbCellFunctions _functions;
    private readonly double[] _values;
    private readonly double[] _responsibilities;
    private readonly bool _hasCapture;

    public NbReferenceCell(NbOptions options, NbTables tables, ShardData data, NbStatistics statistics)
    {
        (_options, _tables, _shape, _statistics) = (options, tables, tables.Shape, statistics);
        _row = new NbRow(data, tables.Layout);
        _functions = new NbCellFunctions(tables, data);
        _values = new double[tables.Chebyshev.Count];
        _responsibilities = new double[_shape.Components];
        _hasCapture = options.Capture != NbCapture.None;
    }

    /// <summary>K: of the last cell.</summary>
    public ReadOnlySpan<double> Responsibilities => _responsibilities;

    /// <summary>Adds a cell; returns the derivatives of its part of the bound in location and log scale.</summary>
    public (double ByLocation, double ByLogScale) Add(int cell, double location, double logScale, double noise)
    {
        _row.Read(cell);
        _functions.Sum(_row, cell);
        var scale = double.Exp(logScale);
        var t = location + (scale * noise);
        var (coordinate, xi, slope) = (default(NbCellCoordinate), 0.0, 0.0);
        if (_hasCapture)
        {
            coordinate = NbCellCoordinate.Of(_options, _row.Total);
            (xi, slope) = coordinate.XiOf(t);
            _statistics[NbExtreme.Depth] = double.Max(_statistics[NbExtreme.Depth], -xi);
            if (xi < _tables.Chebyshev.Low)
            {
                // Beyond the tables: as at their end, and told.
                (xi, slope) = (_tables.Chebyshev.Low, 0);
                _statistics[NbSum.Held]++;
            }
        }

        var byXi = Likelihood(xi);
        Collect();
        if (!_hasCapture)
        {
            return (0, 0);
        }

        var byDraw = byXi * slope;
        var (divergence, byLocation, byLogScale) = Divergence(coordinate, t, location, logScale, noise);
        _statistics[NbSum.PriorTerm] -= divergence;
        return (byDraw - byLocation, (byDraw * scale * noise) - byLogScale);
    }

    // Fills the responsibilities; returns d/dxi.
    private double Likelihood(double xi)
    {
        _tables.Chebyshev.Polynomials(xi, _values);
        var components = _shape.Components;
        Span<double> slopes = stackalloc double[components];
        for (var k = 0; k < components; k++)
        {
            var (value, first, _) = _tables.Chebyshev.Evaluate(_functions.Of(k), xi);
            _responsibilities[k] = value + _functions.Constant(k);
            slopes[k] = first;
        }

        _statistics[NbSum.LogLikelihood] += NbDensity.Normalize(_responsibilities);
        _statistics[NbSum.Cells]++;
        return TensorPrimitives.Dot(slopes, _responsibilities);
    }

    private void Collect()
    {
        var count = _values.Length;
        for (var k = 0; k < _shape.Components; k++)
        {
            var (leaf, share) = (_shape.Leaf(k, _row.Dataset), _responsibilities[k]);
            _statistics.N[leaf] += share;
            AddTo(_statistics.W, leaf, share);
            if (_shape.ByEntry)
            {
                NbRowKernel.Scatter(_row.Entries, _row.Weights, share, _values, Part(_statistics.S, leaf));
            }
            else if (_shape.OddsByGene)
            {
                NbRowKernel.Scatter(_row.Genes, _row.Counts, share, _values, Part(_statistics.V, leaf));
            }
            else
            {
                AddTo(_statistics.Vu, leaf, share * _row.Total);
            }

            if (_shape.ZeroInflated)
            {
                NbRowKernel.Scatter(_row.Genes, _row.Ones, share, _values, Part(_statistics.Nz, leaf));
            }

            if (_statistics.HasHistogram)
            {
                NbRowKernel.Scatter(_row.Entries, _row.Weights, share, [1], Part(_statistics.H, leaf));
            }
        }

        Span<double> Part(double[] values, int leaf) => values.AsSpan(
            leaf * (values.Length / _shape.Leaves), values.Length / _shape.Leaves);

        void AddTo(double[] values, int leaf, double factor)
        {
            var row = values.AsSpan(leaf * count, count);
            TensorPrimitives.MultiplyAdd(_values, factor, row, row);
        }

    }

    private (double Value, double ByLocation, double ByLogScale) Divergence(
        in NbCellCoordinate coordinate, double t, double location, double logScale, double noise)
    {
        if (_options.Capture == NbCapture.Free)
        {
            var variance = double.Exp(2 * logScale);
            return (-logScale + ((variance + (location * location)) / 2) - 0.5, location, variance - 1);
        }

        var prior = coordinate.LogPrior(Vector512.Create(t));
        var value = (-0.5 * noise * noise) - logScale - NormalDistribution.LogRootTwoPi - prior.Value.ToScalar();
        var byDraw = -prior.First.ToScalar();
        return (value, byDraw, (byDraw * double.Exp(logScale) * noise) - 1);
    }
}
