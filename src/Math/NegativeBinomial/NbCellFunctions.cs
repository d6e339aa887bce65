using System.Numerics.Tensors;
using FitCluster.Math.Models;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>One cell's functions F_k of xi as Chebyshev sums, from the tables; the arrays are used again for the next cell.</summary>
internal sealed class NbCellFunctions(NbTables tables, ShardData data)
{
    private readonly NbShape _shape = tables.Shape;
    private readonly int _count = tables.Chebyshev.Count;
    private readonly double[] _functions = new double[tables.Shape.Components * tables.Chebyshev.Count];
    private readonly double[] _base = new double[tables.Shape.Components];
    private readonly double[] _logWeights = new double[tables.Shape.Components];
    private readonly double[] _mixed = new double[tables.Chebyshev.Count];
    private readonly double[] _labels = data.Extras.Contains(NbCells.LabelExtra) ? data.Extras[NbCells.LabelExtra] : [];

    // Minus one for each gene: the sums of psi are subtracted.
    private readonly double[] _negative = new double[data.Block.Columns];

    /// <summary>J coefficients of F_k.</summary>
    public ReadOnlySpan<double> Of(int component) => _functions.AsSpan(component * _count, _count);

    /// <summary>J coefficients of sum_k resp_k F_k, of the last <see cref="Mix"/>.</summary>
    public ReadOnlySpan<double> Mixed => _mixed;

    /// <summary>E log w_k and the cell's label logit.</summary>
    public double LogWeight(int component) => _logWeights[component];

    /// <summary>What does not depend on xi: base, weight and label.</summary>
    public double Constant(int component) => _base[component] + _logWeights[component];

    /// <summary>Sums the functions of a cell.</summary>
    public void Sum(NbRow row, int cell)
    {
        for (var k = 0; k < _shape.Components; k++)
        {
            _logWeights[k] = tables.LogWeights[(row.Dataset * _shape.Components) + k] +
                (_labels.Length > 0 ? _labels[(cell * _shape.Components) + k] : 0);
            SumOne(row, k, _shape.Leaf(k, row.Dataset));
        }
    }

    /// <summary>Makes <see cref="Mixed"/>.</summary>
    public void Mix(ReadOnlySpan<double> responsibilities)
    {
        _mixed.AsSpan().Clear();
        for (var k = 0; k < responsibilities.Length; k++)
        {
            TensorPrimitives.MultiplyAdd(Of(k), responsibilities[k], _mixed, _mixed);
        }
    }

    private void SumOne(NbRow row, int component, int leaf)
    {
        var function = _functions.AsSpan(component * _count, _count);
        tables.Zero.AsSpan(leaf * _count, _count).CopyTo(function);
        if (_shape.ByEntry)
        {
            NbRowKernel.Add(row.Entries, row.Weights, Leaf(tables.Entry, leaf), function);
            return;
        }

        if (_shape.OddsByGene)
        {
            TensorPrimitives.Negate(row.Counts, _negative);
            NbRowKernel.Add(row.Genes, _negative.AsSpan(0, row.Genes.Length), Leaf(tables.Psi, leaf), function);
        }
        else
        {
            TensorPrimitives.MultiplyAdd(Leaf(tables.Psi, leaf), -row.Total, function, function);
        }

        if (_shape.ZeroInflated)
        {
            NbRowKernel.Add(row.Genes, row.Ones, Leaf(tables.Chi, leaf), function);
        }

        if (_count > 1)
        {
            // L xi = L low (T_0 - T_1) / 2.
            var half = row.Total * tables.Chebyshev.Low / 2;
            function[0] += half;
            function[1] -= half;
        }

        _base[component] = 0;
        if (tables.HasBase)
        {
            NbRowKernel.Add(row.Entries, row.Weights, Leaf(tables.Base, leaf), _base.AsSpan(component, 1));
        }
    }

    private Span<double> Leaf(double[] values, int leaf)
    {
        var length = values.Length / _shape.Leaves;
        return values.AsSpan(leaf * length, length);
    }
}
