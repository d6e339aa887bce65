using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The log-likelihood of a leaf's gene at the nodes of the cubature, from the statistics of a pass, with its derivatives in log r, log a,
/// logit gate and log omega. Lanes are nodes of the cubature; with BNB too.
/// </summary>
internal sealed partial class NbGeneKernel
{
    private readonly NbPoints _points;
    private readonly NbShape _shape;
    private readonly double[] _log;
    private readonly double[] _slope;
    private readonly bool _hasGate;

    /// <summary>At the nodes of a rule.</summary>
    public NbGeneKernel(NbStructure structure, NbPoints points)
    {
        (_points, _shape, _hasGate) = (points, structure.Shape, structure.Options.ZeroInflation);
        var count = points.Cubature.Count;
        (Value, ByLogR, ByLogOdds, ByGate, ByLogOmega) =
            (new double[count], new double[count], new double[count], new double[count], new double[count]);
        (_log, _slope) = (new double[count], new double[count]);
    }

    /// <summary>The log-likelihood.</summary>
    public double[] Value { get; }

    /// <summary>Its derivative in log r.</summary>
    public double[] ByLogR { get; }

    /// <summary>In log a.</summary>
    public double[] ByLogOdds { get; }

    /// <summary>In the logit of the gate.</summary>
    public double[] ByGate { get; }

    /// <summary>In log omega.</summary>
    public double[] ByLogOmega { get; }

    /// <summary>Of odds that are the same for all genes of a leaf: sum_c log(1 + a nu_c) at the nodes, and its derivative in log
    /// a.</summary>
    public void PlaceLeaf(NbEvidence evidence, int leaf)
    {
        for (var at = 0; at < _log.Length; at += 8)
        {
            var (log, slope) = WeighedLog(Vector512.Create<double>(_points.Odds.AsSpan(at)), evidence.Nu,
                Row(evidence.Whole, leaf, evidence.Nu.Length));
            log.CopyTo(_log.AsSpan(at));
            slope.CopyTo(_slope.AsSpan(at));
        }
    }

    /// <summary>sum_i w_i log(1 + a nu_i), and its derivative in log a.</summary>
    public static (Vector512<double> Log, Vector512<double> Slope) WeighedLog(
        Vector512<double> odds, ReadOnlySpan<double> nu, ReadOnlySpan<double> weights)
    {
        var (log, slope) = (Vector512<double>.Zero, Vector512<double>.Zero);
        for (var i = 0; i < nu.Length; i++)
        {
            var captured = odds * Vector512.Create(nu[i]);
            var weight = Vector512.Create(weights[i]);
            log += weight * VectorSoftplus.LogOnePlus(captured);
            slope += weight * captured / (Vector512<double>.One + captured);
        }

        return (log, slope);
    }

    /// <summary>The nodes of a leaf's gene, which have been placed.</summary>
    public void Run(NbEvidence evidence, int leaf, int gene)
    {
        var row = (leaf * _shape.Genes) + gene;
        if (_shape.ByEntry)
        {
            Entries(evidence, leaf, gene);
            return;
        }

        var count = evidence.Nu.Length;
        var whole = Row(evidence.Whole, leaf, count);
        var tails = evidence.Tails(row);
        var counts = evidence.Counts(row);
        var cells = evidence.Cells(row);
        var total = Vector512.Create(evidence.Totals[row]);
        for (var at = 0; at < Value.Length; at += 8)
        {
            var r = Vector512.Create<double>(_points.R.AsSpan(at));
            var odds = Vector512.Create<double>(_points.Odds.AsSpan(at));
            var (value, byR) = Histogram(r, Vector512.Create<double>(_points.LogR.AsSpan(at)), tails, counts, cells);
            value += Vector512.Create(evidence.Constants[row]) + (total * Vector512.Create<double>(_points.LogOdds.AsSpan(at)));
            var byOdds = total;
            if (_shape.OddsByGene)
            {
                var (log, slope) = WeighedLog(odds, evidence.Nu, Row(evidence.CountsOfGene, row, count));
                (value, byOdds) = (value - log, byOdds - slope);
            }

            if (_hasGate)
            {
                var gate = Vector512.Create<double>(_points.Gate.AsSpan(at));
                AddGated(r, odds, gate, evidence.Nu, whole, Row(evidence.Nonzero, row, count), ref value, ref byR, ref byOdds,
                    out var byGate);
                byGate.CopyTo(ByGate.AsSpan(at));
            }
            else
            {
                var (log, slope) = _shape.OddsByGene
                    ? WeighedLog(odds, evidence.Nu, whole)
                    : (Vector512.Create<double>(_log.AsSpan(at)), Vector512.Create<double>(_slope.AsSpan(at)));
                (value, byR, byOdds) = (value - (r * log), byR - (r * log), byOdds - (r * slope));
            }

            value.CopyTo(Value.AsSpan(at));
            byR.CopyTo(ByLogR.AsSpan(at));
            byOdds.CopyTo(ByLogOdds.AsSpan(at));
        }
    }

    private static ReadOnlySpan<double> Row(double[] values, int row, int length) => values.AsSpan(row * length, length);

    // sum_u H_u (log Gamma(r + u) - log Gamma(r)), and its derivative in log r.
    private static (Vector512<double> Value, Vector512<double> ByLogR) Histogram(
        Vector512<double> r, Vector512<double> logR, ReadOnlySpan<double> tails, ReadOnlySpan<double> counts, ReadOnlySpan<double> cells)
    {
        var (value, byR) = (Vector512<double>.Zero, Vector512<double>.Zero);
        for (var i = 1; i < tails.Length; i++)
        {
            var (sum, tail) = (r + Vector512.Create((double)i), Vector512.Create(tails[i]));
            value += tail * Vector512.Log(sum);
            byR += tail / sum;
        }

        for (var e = 0; e < counts.Length; e++)
        {
            var (u, h) = (Vector512.Create(counts[e]), Vector512.Create(cells[e]));
            value += h * GammaRatio.Log(r, u);
            byR += h * GammaRatio.First(r, u);
        }

        byR *= r;
        if (tails.Length > 0)
        {
            // log(r + 0), exact however small r is.
            value += Vector512.Create(tails[0]) * logR;
            byR += Vector512.Create(tails[0]);
        }

        return (value, byR);
    }

    // Zeros: log(gate + (1 - gate) e^-(r l)), l = log(1 + a nu); others: log(1 - gate) - r l.
    private static void AddGated(
        Vector512<double> r, Vector512<double> odds, Vector512<double> gate, ReadOnlySpan<double> nu, ReadOnlySpan<double> whole,
        ReadOnlySpan<double> nonzero, ref Vector512<double> value, ref Vector512<double> byR, ref Vector512<double> byOdds,
            out Vector512<double> byGate)
    {
        var (one, zero) = (Vector512<double>.One, Vector512<double>.Zero);
        var (logNot, logGate, probability) = (-VectorSoftplus.Softplus(gate), -VectorSoftplus.Softplus(-gate),
            VectorSoftplus.Logistic(gate));
        byGate = zero;
        for (var i = 0; i < nu.Length; i++)
        {
            var (others, zeros) = (Vector512.Create(nonzero[i]), Vector512.Create(whole[i] - nonzero[i]));
            var captured = odds * Vector512.Create(nu[i]);
            var log = VectorSoftplus.LogOnePlus(captured);
            var plain = logNot - (r * log);
            var away = logGate - plain;

            // The share of the gate among the zeros, and the logarithm of both together.
            var e = VectorExp.Of(-Vector512.Abs(away));
            var structural = Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(away, zero), one, e) / (one + e);
            value += (zeros * (Vector512.Max(logGate, plain) + VectorSoftplus.LogOnePlus(e))) + (others * plain);
            var weight = (zeros * (one - structural)) + others;
            byR -= weight * r * log;
            byOdds -= weight * r * captured / (one + captured);
            byGate += (zeros * (structural - probability)) - (others * probability);
        }
    }
}
