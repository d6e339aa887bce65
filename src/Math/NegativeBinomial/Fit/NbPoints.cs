using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// A leaf's gene at the nodes of the cubature: its marginal N(A m, A S A') by its Cholesky factor L, t = A m + L x; then log r and log a,
/// which are sums of log link(t1) and of log link(t2) or t2 (the four parametrizations), gate and omega, with their derivatives.
/// </summary>
internal sealed class NbPoints
{
    // Below it the beta negative binomial is the negative binomial to 1e-9.
    private const double LeastOmega = 1e-9;

    private readonly NbStructure _structure;
    private readonly int _n;
    private readonly double[] _full;
    private readonly double[] _rows;
    private readonly double[][] _t;
    private readonly (double First, double Second) _r;
    private readonly (double First, double Second) _odds;
    private readonly bool _isSecondLogOdds;
    private readonly int _first;
    private readonly int _second;
    private readonly int _gate;
    private readonly int _omega;

    /// <summary>Of a model and a rule.</summary>
    public NbPoints(NbStructure structure, NbCubature cubature)
    {
        (_structure, Cubature, _n) = (structure, cubature, structure.Coordinates);
        var (count, p) = (cubature.Count, cubature.Dimensions);
        (_full, _rows) = (new double[_n * _n], new double[p * _n]);
        _t = [.. Enumerable.Range(0, p + (cubature.HasScalar ? 1 : 0)).Select(_ => new double[count])];
        (LogR, LogOdds, R, Odds, FirstSlope, SecondSlope) =
            (new double[count], new double[count], new double[count], new double[count], new double[count], new double[count]);
        (Gate, Omega, OmegaSlope) = (new double[count], new double[count], new double[count]);
        Lower = new double[p * p];
        _isSecondLogOdds = structure.Options.Parametrization is NbParametrization.Canonical or NbParametrization.MeanProb;
        (_r, _odds) = structure.Options.Parametrization switch
        {
            NbParametrization.Canonical => ((1.0, 0.0), (0.0, 1.0)),
            NbParametrization.MeanProb => ((1, -1), (0, 1)),
            NbParametrization.MeanOdds => ((1, 1), (0, -1)),
            _ => ((0, 1), (1, -1)),
        };
        var dimensions = structure.Dimensions.ToList();
        (_first, _gate, _omega) =
            (dimensions.IndexOf(NbDimension.First), dimensions.IndexOf(NbDimension.Gate), dimensions.IndexOf(NbDimension.Omega));
        _second = cubature.HasScalar ? p : dimensions.IndexOf(NbDimension.Second);
    }

    /// <summary>The rule.</summary>
    public NbCubature Cubature { get; }

    /// <summary>p x p: L.</summary>
    public double[] Lower { get; }

    /// <summary>log r.</summary>
    public double[] LogR { get; }

    /// <summary>log a.</summary>
    public double[] LogOdds { get; }

    /// <summary>r.</summary>
    public double[] R { get; }

    /// <summary>a.</summary>
    public double[] Odds { get; }

    /// <summary>Derivative of log link(t1).</summary>
    public double[] FirstSlope { get; }

    /// <summary>Derivative of log link(t2), or 1 where t2 is log a.</summary>
    public double[] SecondSlope { get; }

    /// <summary>t of the gate: its logit.</summary>
    public double[] Gate { get; }

    /// <summary>omega.</summary>
    public double[] Omega { get; }

    /// <summary>Derivative of log omega.</summary>
    public double[] OmegaSlope { get; }

    /// <summary>Places the nodes of a leaf's gene.</summary>
    public void Place(NbParameters parameters, int leaf, int gene)
    {
        var p = Cubature.Dimensions;
        SmallMatrix.Unpack(parameters.Factor.AsSpan(gene * SmallMatrix.Packed(_n), SmallMatrix.Packed(_n)), _n, _full);
        Array.Clear(_rows);
        Span<double> mean = stackalloc double[4];
        for (var i = 0; i < p; i++)
        {
            mean[i] = 0;
            foreach (var coordinate in _structure.Sum(leaf, _structure.Dimensions[i]))
            {
                mean[i] += parameters.Location[(gene * _n) + coordinate];
                System.Numerics.Tensors.TensorPrimitives.Add(
                    _rows.AsSpan(i * _n, _n), _full.AsSpan(coordinate * _n, _n), _rows.AsSpan(i * _n, _n));
            }
        }

        for (var i = 0; i < p; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                Lower[(i * p) + j] = System.Numerics.Tensors.TensorPrimitives.Dot<double>(_rows.AsSpan(i * _n, _n),
                    _rows.AsSpan(j * _n, _n));
            }
        }

        // Rounding alone could make the marginal of a covariance indefinite.
        if (!SmallMatrix.TryFactor(Lower, p))
        {
            throw new InvalidOperationException($"the posterior covariance of gene {gene} is not positive definite");
        }

        for (var i = 0; i < p; i++)
        {
            for (var at = 0; at < Cubature.Count; at += 8)
            {
                var t = Vector512.Create(mean[i]);
                for (var j = 0; j <= i; j++)
                {
                    t += Vector512.Create(Lower[(i * p) + j]) * Vector512.Create<double>(Cubature.Nodes[j].AsSpan(at));
                }

                t.CopyTo(_t[i].AsSpan(at));
            }
        }

        if (Cubature.HasScalar)
        {
            var scalar = _structure.SecondScalar[leaf];
            var (location, scale) = (Vector512.Create(parameters.ScalarLocation[scalar]), Vector512.Create(parameters.ScalarScale[scalar]));
            for (var at = 0; at < Cubature.Count; at += 8)
            {
                (location + (scale * Vector512.Create<double>(Cubature.Nodes[p].AsSpan(at)))).CopyTo(_t[p].AsSpan(at));
            }
        }

        Map();
    }

    /// <summary>Derivatives in the parameter of index i (the scalar's is the last) from those in log r, log a, logit gate and log
    /// omega.</summary>
    public void Pull(int i, ReadOnlySpan<double> byLogR, ReadOnlySpan<double> byLogOdds, ReadOnlySpan<double> byGate,
        ReadOnlySpan<double> byLogOmega, Span<double> result)
    {
        if (i == _gate)
        {
            byGate.CopyTo(result);
            return;
        }

        for (var at = 0; at < Cubature.Count; at += 8)
        {
            if (i == _omega)
            {
                (Vector512.Create(byLogOmega[at..]) * Vector512.Create<double>(OmegaSlope.AsSpan(at))).CopyTo(result[at..]);
                continue;
            }

            var (r, odds, slopes) = i == _first ? (_r.First, _odds.First, FirstSlope) : (_r.Second, _odds.Second, SecondSlope);
            var sum = (Vector512.Create(r) * Vector512.Create(byLogR[at..])) + (Vector512.Create(odds) * Vector512.Create(byLogOdds[at..]));
            (sum * Vector512.Create<double>(slopes.AsSpan(at))).CopyTo(result[at..]);
        }
    }

    private void Map()
    {
        for (var at = 0; at < Cubature.Count; at += 8)
        {
            var (l1, slope1) = LogLink(Vector512.Create<double>(_t[_first].AsSpan(at)));
            var t2 = Vector512.Create<double>(_t[_second].AsSpan(at));
            var (l2, slope2) = _isSecondLogOdds ? (t2, Vector512<double>.One) : LogLink(t2);
            var logR = (Vector512.Create(_r.First) * l1) + (Vector512.Create(_r.Second) * l2);
            var logOdds = (Vector512.Create(_odds.First) * l1) + (Vector512.Create(_odds.Second) * l2);
            logR.CopyTo(LogR.AsSpan(at));
            logOdds.CopyTo(LogOdds.AsSpan(at));
            VectorExp.Of(logR).CopyTo(R.AsSpan(at));
            VectorExp.Of(logOdds).CopyTo(Odds.AsSpan(at));
            slope1.CopyTo(FirstSlope.AsSpan(at));
            slope2.CopyTo(SecondSlope.AsSpan(at));
            if (_gate >= 0)
            {
                _t[_gate].AsSpan(at, 8).CopyTo(Gate.AsSpan(at));
            }

            if (_omega >= 0)
            {
                var (logOmega, slope) = LogLink(Vector512.Create<double>(_t[_omega].AsSpan(at)));
                var least = Vector512.Create(LeastOmega);
                var omega = VectorExp.Of(logOmega);
                Vector512.Max(omega, least).CopyTo(Omega.AsSpan(at));
                (slope & Vector512.GreaterThan(omega, least)).CopyTo(OmegaSlope.AsSpan(at));
            }
        }
    }

    private (Vector512<double> Log, Vector512<double> Slope) LogLink(Vector512<double> t)
    {
        if (_structure.Options.Link == NbLink.Exp)
        {
            return (t, Vector512<double>.One);
        }

        // Far below 0, softplus is e^t.
        var softplus = VectorSoftplus.Softplus(t);
        var isFar = Vector512.LessThan(t, Vector512.Create(-40.0));
        return (Vector512.ConditionalSelect(isFar, t, Vector512.Log(softplus)),
            Vector512.ConditionalSelect(isFar, Vector512<double>.One, VectorSoftplus.Logistic(t) / softplus));
    }
}
