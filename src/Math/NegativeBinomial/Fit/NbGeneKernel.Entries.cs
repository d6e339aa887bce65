using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Beta negative binomial, with statistics by entry. Small counts by the recurrence f(u + 1) / f(u) = (r + u) (alpha + u) / ((u + 1) (alpha
/// + kappa + r + u)): sum_u S_u log f(u) = sum_u S_u log f(0) + sum_i T_i log((r + i) (alpha + i) / (alpha + kappa + r + i)) - .., T_i =
/// sum_(u &gt; i) S_u; a logarithm and a division for each instead of four differences of log gammas and their derivatives.
/// </summary>
internal sealed partial class NbGeneKernel
{
    private readonly double[] _rest = new double[Chebyshev.MostCount];
    private readonly double[] _first = new double[Chebyshev.MostCount];
    private double[] _tails = [];

    private void Entries(NbEvidence evidence, int leaf, int gene)
    {
        var (layout, count) = (evidence.Layout, evidence.Nu.Length);
        var row = (leaf * _shape.Genes) + gene;
        var rest = _rest.AsSpan(0, count);
        var first = _first.AsSpan(0, count);
        Row(evidence.Whole, leaf, count).CopyTo(rest);
        first.Clear();
        Array.Fill(Value, evidence.Constants[row]);
        Array.Clear(ByLogR);
        Array.Clear(ByLogOdds);
        Array.Clear(ByGate);
        Array.Clear(ByLogOmega);
        var split = NbEvidence.Split(layout, gene);
        for (var e = layout.Starts[gene]; e < layout.Starts[gene + 1]; e++)
        {
            var weights = Row(evidence.ByEntry, (leaf * layout.Entries) + e, count);
            TensorPrimitives.Subtract(rest, weights, rest);
            if (e < split)
            {
                TensorPrimitives.Add(first, weights, first);
            }
            else
            {
                AddEntry(layout.Counts[e], evidence.Nu, weights, false);
            }
        }

        if (split > layout.Starts[gene])
        {
            AddTails(evidence, leaf, layout.Starts[gene], split);
        }

        if (_hasGate)
        {
            AddEntry(0, evidence.Nu, first, false);
        }
        else
        {
            TensorPrimitives.Add(rest, first, rest);
        }

        AddEntry(0, evidence.Nu, rest, _hasGate);
    }

    // T_i for i below the greatest of the entries [first, split), then their logarithms.
    private void AddTails(NbEvidence evidence, int leaf, int first, int split)
    {
        var (layout, count) = (evidence.Layout, evidence.Nu.Length);
        var most = (int)layout.Counts[split - 1];
        if (_tails.Length < most * count)
        {
            _tails = new double[most * count];
        }

        var entry = split - 1;
        Span<double> tail = stackalloc double[count];
        tail.Clear();
        for (var i = most - 1; i >= 0; i--)
        {
            for (; entry >= first && layout.Counts[entry] > i; entry--)
            {
                TensorPrimitives.Add(tail, Row(evidence.ByEntry, (leaf * layout.Entries) + entry, count), tail);
            }

            tail.CopyTo(_tails.AsSpan(i * count, count));
        }

        for (var at = 0; at < Value.Length; at += 8)
        {
            AddTails(at, most, evidence.Nu);
        }
    }

    private void AddTails(int at, int most, ReadOnlySpan<double> nu)
    {
        var one = Vector512<double>.One;
        var (r, odds) = (Vector512.Create<double>(_points.R.AsSpan(at)), Vector512.Create<double>(_points.Odds.AsSpan(at)));
        var inverseOmega = one / Vector512.Create<double>(_points.Omega.AsSpan(at));
        var beyond = (r + one) * inverseOmega;
        var constant = Vector512.Create(2.0) + beyond + r;
        var (value, byR, byOdds, byOmega) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero,
            Vector512<double>.Zero);
        for (var j = 0; j < nu.Length; j++)
        {
            var captured = odds * Vector512.Create(nu[j]);
            var alpha = captured * (one + beyond);
            var all = alpha + constant;

            // Derivatives of alpha and of alpha + kappa + r in r, and in B = (r + 1) / omega.
            var alphaByR = captured * inverseOmega;
            var allByR = alphaByR + inverseOmega + one;
            var allByBeyond = captured + one;
            var (sumAlpha, sumAll) = (Vector512<double>.Zero, Vector512<double>.Zero);
            for (var i = 0; i < most; i++)
            {
                var (up, down) = (alpha + Vector512.Create((double)i), all + Vector512.Create((double)i));
                var weight = Vector512.Create(_tails[(i * nu.Length) + j]);
                var inverse = one / (up * down);
                value += weight * Vector512.Log(up * up * inverse);
                sumAlpha += weight * (down * inverse);
                sumAll += weight * (up * inverse);
            }

            byR += (alphaByR * sumAlpha) - (allByR * sumAll);
            byOdds += alpha * (sumAlpha - sumAll);
            byOmega += (captured * sumAlpha) - (allByBeyond * sumAll);
        }

        for (var i = 0; i < most; i++)
        {
            var (sum, weight) = (r + Vector512.Create((double)i),
                Vector512.Create(TensorPrimitives.Sum<double>(_tails.AsSpan(i * nu.Length, nu.Length))));
            value += weight * (i == 0 ? Vector512.Create<double>(_points.LogR.AsSpan(at)) : Vector512.Log(sum));
            byR += weight / sum;
        }

        AddTo(Value, value);
        AddTo(ByLogR, r * byR);
        AddTo(ByLogOdds, byOdds);
        AddTo(ByLogOmega, -(beyond * byOmega));

        void AddTo(double[] target, Vector512<double> more) =>
            (Vector512.Create<double>(target.AsSpan(at)) + more).CopyTo(target.AsSpan(at));
    }

    private void AddEntry(double count, ReadOnlySpan<double> nu, ReadOnlySpan<double> weights, bool isZero)
    {
        var u = Vector512.Create(count);
        var one = Vector512<double>.One;
        for (var at = 0; at < Value.Length; at += 8)
        {
            var (r, odds) = (Vector512.Create<double>(_points.R.AsSpan(at)), Vector512.Create<double>(_points.Odds.AsSpan(at)));
            var omega = Vector512.Create<double>(_points.Omega.AsSpan(at));
            var gate = Vector512.Create<double>(_points.Gate.AsSpan(at));
            var (logNot, logGate, probability) = !_hasGate ? default
                : (-VectorSoftplus.Softplus(gate), -VectorSoftplus.Softplus(-gate), VectorSoftplus.Logistic(gate));
            var (value, byR) = (Vector512.Create<double>(Value.AsSpan(at)), Vector512.Create<double>(ByLogR.AsSpan(at)));
            var (byOdds, byOmega) = (Vector512.Create<double>(ByLogOdds.AsSpan(at)), Vector512.Create<double>(ByLogOmega.AsSpan(at)));
            var byGate = Vector512.Create<double>(ByGate.AsSpan(at));
            for (var i = 0; i < nu.Length; i++)
            {
                if (weights[i] == 0)
                {
                    continue;
                }

                var weight = Vector512.Create(weights[i]);
                var captured = odds * Vector512.Create(nu[i]);
                var plain = logNot + BetaNegativeBinomial.LogKernel(u, r, captured, omega);
                if (isZero)
                {
                    var away = logGate - plain;
                    var e = VectorExp.Of(-Vector512.Abs(away));
                    var structural = Vector512.ConditionalSelect(
                        Vector512.GreaterThanOrEqual(away, Vector512<double>.Zero), one, e) / (one + e);
                    value += weight * (Vector512.Max(logGate, plain) + VectorSoftplus.LogOnePlus(e));
                    byGate += weight * (structural - probability);
                    weight *= one - structural;
                }
                else
                {
                    value += weight * plain;
                    byGate -= weight * probability;
                }

                var (logR, logOdds, logOmega) = BetaNegativeBinomial.Gradient(u, r, captured, omega);
                (byR, byOdds, byOmega) = (byR + (weight * logR), byOdds + (weight * logOdds), byOmega + (weight * logOmega));
            }

            value.CopyTo(Value.AsSpan(at));
            byR.CopyTo(ByLogR.AsSpan(at));
            byOdds.CopyTo(ByLogOdds.AsSpan(at));
            byOmega.CopyTo(ByLogOmega.AsSpan(at));
            byGate.CopyTo(ByGate.AsSpan(at));
        }
    }
}
