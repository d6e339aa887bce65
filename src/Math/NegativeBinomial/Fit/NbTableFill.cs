using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The tables of a pass: expectations under the genes' q of the functions of a cell's xi, by the same nodes as the genes' terms, at the
/// Chebyshev nodes and transformed. See <see cref="NbTables"/>.
/// </summary>
internal sealed class NbTableFill
{
    private readonly NbStructure _structure;
    private readonly NbShape _shape;
    private readonly NbCubature _cubature;
    private readonly NbPoints _points;
    private readonly double[] _values = new double[Chebyshev.MostCount];
    private readonly double[] _zero = new double[Chebyshev.MostCount];

    /// <summary>Of a model and a rule.</summary>
    public NbTableFill(NbStructure structure, NbCubature cubature) =>
        (_structure, _shape, _cubature, _points) = (structure, structure.Shape, cubature, new NbPoints(structure, cubature));

    /// <summary>Fills the arrays of a broadcast of kind Pass but the weights.</summary>
    public void Fill(NbParameters parameters, NbTables tables)
    {
        double[] nu = [.. tables.Chebyshev.Nodes];
        VectorExp.Of(nu, nu);
        var count = nu.Length;
        for (var leaf = 0; leaf < _shape.Leaves; leaf++)
        {
            var sum = new double[count];
            var meanR = new double[_cubature.Scalars];
            for (var g = 0; g < _shape.Genes; g++)
            {
                _points.Place(parameters, leaf, g);
                var row = (leaf * _shape.Genes) + g;
                var zero = _zero.AsSpan(0, count);
                zero.Clear();
                if (_shape.ByEntry)
                {
                    Entries(tables, leaf, g, nu);
                }
                else if (_shape.OddsByGene || _shape.ZeroInflated)
                {
                    Plain(tables, row, nu);
                }
                else
                {
                    for (var i = 0; i < _cubature.Count; i++)
                    {
                        meanR[_cubature.ScalarIndex[i]] += _cubature.Weights[i] * _points.R[i];
                    }
                }

                if (tables.HasBase)
                {
                    Base(tables, leaf, g);
                }

                TensorPrimitives.Add(sum, zero, sum);
            }

            if (!_shape.OddsByGene && !_shape.ByEntry)
            {
                Shared(tables, leaf, nu, meanR, sum);
            }

            tables.Chebyshev.Transform(sum, tables.Zero.AsSpan(leaf * count, count));
        }
    }

    // psi of a leaf, whose odds are those of its last gene too; without a gate the function of the zeros: -sum_j E[r; j] log(1 + a_j nu).
    private void Shared(NbTables tables, int leaf, double[] nu, double[] meanR, double[] sum)
    {
        var psi = new double[nu.Length];
        var rule = GaussHermite.Of(_cubature.Scalars).Weights;
        for (var i = 0; i < nu.Length; i++)
        {
            for (var j = 0; j < _cubature.Scalars; j++)
            {
                var log = VectorSoftplus.LogOnePlus(_points.Odds[j * _cubature.PerScalar] * nu[i]);
                psi[i] += rule[j] * log;
                sum[i] -= _shape.ZeroInflated ? 0 : meanR[j] * log;
            }
        }

        tables.Chebyshev.Transform(psi, tables.Psi.AsSpan(leaf * nu.Length, nu.Length));
    }

    private void Plain(NbTables tables, int row, double[] nu)
    {
        var count = nu.Length;
        Span<double> chi = stackalloc double[count];
        var zero = _zero.AsSpan(0, count);
        var psi = _values.AsSpan(0, count);
        for (var i = 0; i < count; i++)
        {
            var (sumLog, sumPlain, sumZero) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero);
            for (var at = 0; at < _cubature.Count; at += 8)
            {
                var weight = Vector512.Create<double>(_cubature.Weights.AsSpan(at));
                var log = VectorSoftplus.LogOnePlus(Vector512.Create<double>(_points.Odds.AsSpan(at)) * Vector512.Create(nu[i]));
                var plain = -(Vector512.Create<double>(_points.R.AsSpan(at)) * log);
                sumLog += weight * log;
                if (_shape.ZeroInflated)
                {
                    var gate = Vector512.Create<double>(_points.Gate.AsSpan(at));
                    plain -= VectorSoftplus.Softplus(gate);
                    sumZero += weight * Together(-VectorSoftplus.Softplus(-gate), plain);
                }

                sumPlain += weight * plain;
            }

            psi[i] = Vector512.Sum(sumLog);
            zero[i] = Vector512.Sum(_shape.ZeroInflated ? sumZero : sumPlain);
            chi[i] = Vector512.Sum(sumPlain) - zero[i];
        }

        if (_shape.OddsByGene)
        {
            tables.Chebyshev.Transform(psi, tables.Psi.AsSpan(row * count, count));
        }

        if (_shape.ZeroInflated)
        {
            tables.Chebyshev.Transform(chi, tables.Chi.AsSpan(row * count, count));
        }
    }

    private void Base(NbTables tables, int leaf, int g)
    {
        var layout = tables.Layout!;
        var logOdds = TensorPrimitives.Dot<double>(_cubature.Weights, _points.LogOdds);
        for (var e = layout.Starts[g]; e < layout.Starts[g + 1]; e++)
        {
            var (u, sum) = (Vector512.Create(layout.Counts[e]), Vector512<double>.Zero);
            for (var at = 0; at < _cubature.Count; at += 8)
            {
                sum += Vector512.Create<double>(_cubature.Weights.AsSpan(at)) *
                    GammaRatio.Log(Vector512.Create<double>(_points.R.AsSpan(at)), u);
            }

            tables.Base[(leaf * layout.Entries) + e] =
                Vector512.Sum(sum) + (layout.Counts[e] * logOdds) - VectorGammaWide.LogGamma(layout.Counts[e] + 1);
        }
    }

    private void Entries(NbTables tables, int leaf, int g, double[] nu)
    {
        var (layout, count) = (tables.Layout!, nu.Length);
        var zero = _zero.AsSpan(0, count);
        Expect(0, nu, _structure.Options.ZeroInflation, zero);
        var (first, split) = (layout.Starts[g], NbEvidence.Split(layout, g));
        var values = new double[(layout.Starts[g + 1] - first) * count];
        for (var i = 0; i < count && split > first; i++)
        {
            Recur(layout.Counts[first..split], nu[i], i, count, values);
        }

        for (var e = first; e < layout.Starts[g + 1]; e++)
        {
            var row = values.AsSpan((e - first) * count, count);
            if (e >= split)
            {
                Expect(layout.Counts[e], nu, false, row);
            }

            var constant = VectorGammaWide.LogGamma(layout.Counts[e] + 1);
            for (var i = 0; i < count; i++)
            {
                row[i] -= zero[i] + constant;
            }

            tables.Chebyshev.Transform(row, tables.Entry.AsSpan(((leaf * layout.Entries) + e) * count, count));
        }
    }

    // E log f(u) + log u! of ascending counts at a node, by the recurrence from f(0).
    private void Recur(ReadOnlySpan<double> counts, double nu, int node, int stride, Span<double> values)
    {
        var one = Vector512<double>.One;
        for (var at = 0; at < _cubature.Count; at += 8)
        {
            var (r, omega) = (Vector512.Create<double>(_points.R.AsSpan(at)), Vector512.Create<double>(_points.Omega.AsSpan(at)));
            var captured = Vector512.Create<double>(_points.Odds.AsSpan(at)) * Vector512.Create(nu);
            var weight = Vector512.Create<double>(_cubature.Weights.AsSpan(at));
            var beyond = (r + one) / omega;
            var alpha = captured * (one + beyond);
            var all = alpha + Vector512.Create(2.0) + beyond + r;
            var log = BetaNegativeBinomial.LogKernel(Vector512<double>.Zero, r, captured, omega);
            log -= _structure.Options.ZeroInflation ? VectorSoftplus.Softplus(Vector512.Create<double>(_points.Gate.AsSpan(at)))
                : Vector512<double>.Zero;
            for (var (e, u) = (0, 0); e < counts.Length; u++)
            {
                var step = Vector512.Create((double)u);
                log += Vector512.Log((r + step) * ((alpha + step) / (all + step)));
                if (u + 1 == counts[e])
                {
                    values[(e++ * stride) + node] += Vector512.Sum(weight * log);
                }
            }
        }
    }

    // E of the log probability of a count (but -log u!), or of a zero with its gate.
    private void Expect(double count, ReadOnlySpan<double> nu, bool isZero, Span<double> result)
    {
        var u = Vector512.Create(count);
        for (var i = 0; i < nu.Length; i++)
        {
            var sum = Vector512<double>.Zero;
            for (var at = 0; at < _cubature.Count; at += 8)
            {
                var captured = Vector512.Create<double>(_points.Odds.AsSpan(at)) * Vector512.Create(nu[i]);
                var plain = BetaNegativeBinomial.LogKernel(
                    u, Vector512.Create<double>(_points.R.AsSpan(at)), captured, Vector512.Create<double>(_points.Omega.AsSpan(at)));
                if (_structure.Options.ZeroInflation)
                {
                    var gate = Vector512.Create<double>(_points.Gate.AsSpan(at));
                    plain -= VectorSoftplus.Softplus(gate);
                    plain = isZero ? Together(-VectorSoftplus.Softplus(-gate), plain) : plain;
                }

                sum += Vector512.Create<double>(_cubature.Weights.AsSpan(at)) * plain;
            }

            result[i] = Vector512.Sum(sum);
        }
    }

    // log(e^a + e^b).
    private static Vector512<double> Together(Vector512<double> a, Vector512<double> b) =>
        Vector512.Max(a, b) + VectorSoftplus.LogOnePlus(VectorExp.Of(-Vector512.Abs(a - b)));
}
