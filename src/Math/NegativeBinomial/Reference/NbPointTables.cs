using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>The tables of a pass at values of the parameters: the functions at the Chebyshev nodes, transformed.</summary>
internal sealed class NbPointTables
{
    private readonly NbTables _tables;
    private readonly NbPoint _point;
    private readonly NbShape _shape;
    private readonly int _count;
    private readonly double[] _nu;
    private readonly double[] _values;
    private readonly double[] _zero;

    private NbPointTables(NbTables tables, NbPoint point)
    {
        (_tables, _point, _shape, _count) = (tables, point, tables.Shape, tables.Chebyshev.Count);
        _nu = [.. tables.Chebyshev.Nodes];
        VectorExp.Of(_nu, _nu);
        (_values, _zero) = (new double[_count], new double[_count]);
    }

    /// <summary>Fills zero, psi, chi, entry and base of a broadcast of kind Pass.</summary>
    public static void Fill(NbTables tables, NbPoint point)
    {
        var filler = new NbPointTables(tables, point);
        for (var leaf = 0; leaf < tables.Shape.Leaves; leaf++)
        {
            filler.Leaf(leaf);
        }
    }

    private void Leaf(int leaf)
    {
        var sum = new double[_count];
        for (var g = 0; g < _shape.Genes; g++)
        {
            var at = (leaf * _shape.Genes) + g;
            if (_shape.ByEntry)
            {
                Entries(leaf, g, at);
            }
            else
            {
                Plain(leaf, g, at);
            }

            System.Numerics.Tensors.TensorPrimitives.Add(sum, _zero, sum);
        }

        _tables.Chebyshev.Transform(sum, _tables.Zero.AsSpan(leaf * _count, _count));
    }

    // NB and ZINB; _zero becomes the gene's part of the zero function.
    private void Plain(int leaf, int g, int at)
    {
        var (r, odds) = (_point.R[at], _point.Odds[at]);
        for (var i = 0; i < _count; i++)
        {
            _values[i] = odds * _nu[i];
        }

        VectorSoftplus.LogOnePlus(_values, _values);
        if (_shape.OddsByGene)
        {
            _tables.Chebyshev.Transform(_values, _tables.Psi.AsSpan(at * _count, _count));
        }
        else if (g == 0)
        {
            _tables.Chebyshev.Transform(_values, _tables.Psi.AsSpan(leaf * _count, _count));
        }

        for (var i = 0; i < _count; i++)
        {
            _zero[i] = -r * _values[i];
        }

        if (_shape.ZeroInflated)
        {
            var gate = _point.Gate[at];
            var logNot = VectorSoftplus.LogOnePlus(-gate);
            for (var i = 0; i < _count; i++)
            {
                var plain = _zero[i];
                _zero[i] = double.Log(gate + ((1 - gate) * double.Exp(plain)));
                _values[i] = logNot + plain - _zero[i];
            }

            _tables.Chebyshev.Transform(_values, _tables.Chi.AsSpan(at * _count, _count));
        }

        if (_tables.HasBase)
        {
            Base(leaf, g, r, odds);
        }
    }

    private void Base(int leaf, int g, double r, double odds)
    {
        var layout = _tables.Layout!;
        var (first, last) = (layout.Starts[g], layout.Starts[g + 1]);
        var counts = layout.Counts[first..last];
        var values = _tables.Base.AsSpan((leaf * layout.Entries) + first, last - first);
        var (vr, logOdds) = (Vector512.Create(r), Vector512.Create(double.Log(odds)));
        for (var e = 0; e < counts.Length; e += VectorNormal.Lanes)
        {
            var u = VectorNormal.Load(counts, e, 1);
            VectorNormal.Store(
                GammaRatio.Log(vr, u) + (u * logOdds) - VectorGammaWide.LogGamma(u + Vector512<double>.One), values, e);
        }
    }

    // BNB: the zero's function, and for each entry what it has more.
    private void Entries(int leaf, int g, int at)
    {
        var layout = _tables.Layout!;
        var (r, gate) = (Vector512.Create(_point.R[at]), _point.HasGate ? _point.Gate[at] : 0);
        var omega = Vector512.Create(_point.Omega[at]);
        Kernel(0, _zero);
        for (var i = 0; i < _count && _point.HasGate; i++)
        {
            _zero[i] = double.Log(gate + ((1 - gate) * double.Exp(_zero[i])));
        }

        var logNot = VectorSoftplus.LogOnePlus(-gate);
        for (var e = layout.Starts[g]; e < layout.Starts[g + 1]; e++)
        {
            var constant = logNot - VectorGammaWide.LogGamma(layout.Counts[e] + 1);
            Kernel(layout.Counts[e], _values);
            for (var i = 0; i < _count; i++)
            {
                _values[i] += constant - _zero[i];
            }

            _tables.Chebyshev.Transform(_values, _tables.Entry.AsSpan(((leaf * layout.Entries) + e) * _count, _count));
        }

        void Kernel(double count, double[] values)
        {
            for (var i = 0; i < _count; i += VectorNormal.Lanes)
            {
                var odds = Vector512.Create(_point.Odds[at]) * VectorNormal.Load(_nu, i, 1);
                VectorNormal.Store(BetaNegativeBinomial.LogKernel(Vector512.Create(count), r, odds, omega), values, i);
            }
        }
    }
}
