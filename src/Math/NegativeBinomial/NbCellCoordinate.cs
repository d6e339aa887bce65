using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>How xi, the log of a cell's capture probability, follows from the cell's coordinate t.</summary>
internal enum NbCellMap
{
    /// <summary>xi = -log(1 + log(1 + e^t)): odds of capture with the softplus link.</summary>
    SoftplusOdds,

    /// <summary>xi = -log(1 + e^t): odds with the exp link; anchored capture (eta = softplus t).</summary>
    MinusSoftplus,

    /// <summary>xi = log sigmoid(t).</summary>
    LogSigmoid,
}

/// <summary>A function of t at the nodes of q(t), with its first and second derivatives.</summary>
internal readonly record struct NbAtNodes(Vector512<double> Value, Vector512<double> First, Vector512<double> Second);

/// <summary>
/// A cell's coordinate t: xi(t) and log p(t). Free capture: p(t) = N(0, 1). Anchored: eta = softplus(t) ~ N(mean, sd) truncated to eta
/// &gt;= 0, so that log p(t) = log phi((eta - mean) / sd) - log sd - log Phi(mean / sd) + log sigmoid(t).
/// </summary>
internal readonly struct NbCellCoordinate
{
    // The nearest that a step along the flat direction brings xi to 0.
    private const double LeastDepth = 1e-9;

    private readonly NbCellMap _map;
    private readonly bool _isAnchored;
    private readonly double _mean;
    private readonly double _precision;
    private readonly double _constant;

    private NbCellCoordinate(NbCellMap map, bool isAnchored, double mean, double precision, double constant) =>
        (_map, _isAnchored, _mean, _precision, _constant) = (map, isAnchored, mean, precision, constant);

    /// <summary>The coordinate of a cell.</summary>
    /// <param name="options">The model; its capture is free or anchored.</param>
    /// <param name="total">L, the cell's total.</param>
    public static NbCellCoordinate Of(NbOptions options, double total)
    {
        if (options.Capture == NbCapture.Anchored)
        {
            var (mean, sd) = (options.LogCaptureTotal - double.Log(double.Max(total, 1)), options.CaptureSd);
            return new(NbCellMap.MinusSoftplus, true, mean, 1 / (sd * sd),
                -NormalDistribution.LogRootTwoPi - double.Log(sd) - NormalDistribution.LogCdf(mean / sd));
        }

        var map = options.Parametrization != NbParametrization.MeanOdds ? NbCellMap.LogSigmoid
            : options.Link == NbLink.Softplus ? NbCellMap.SoftplusOdds : NbCellMap.MinusSoftplus;
        return new(map, false, 0, 1, -NormalDistribution.LogRootTwoPi);
    }

    /// <summary>The prior mean of xi where it is anchored.</summary>
    public double AnchoredXi => -_mean;

    /// <summary>xi at t.</summary>
    public NbAtNodes Xi(Vector512<double> t)
    {
        var one = Vector512<double>.One;
        var (sigma, softplus) = SigmaAndSoftplus(t);
        var slope = sigma * (one - sigma);
        if (_map == NbCellMap.MinusSoftplus)
        {
            return new(-softplus, -sigma, -slope);
        }

        if (_map == NbCellMap.LogSigmoid)
        {
            // log sigmoid(t) = -softplus(-t) = min(t, 0) - log(1 + e^-|t|).
            return new(Vector512.Min(t, Vector512<double>.Zero) - (softplus - Vector512.Max(t, Vector512<double>.Zero)), one - sigma,
                -slope);
        }

        var first = -sigma / (one + softplus);
        return new(-VectorSoftplus.LogOnePlus(softplus), first, (first * first) - (slope / (one + softplus)));
    }

    /// <summary>log p(t).</summary>
    public NbAtNodes LogPrior(Vector512<double> t)
    {
        var half = Vector512.Create(0.5);
        if (!_isAnchored)
        {
            return new(Vector512.Create(_constant) - (half * t * t), -t, -Vector512<double>.One);
        }

        var (sigma, eta) = SigmaAndSoftplus(t);
        var slope = sigma * (Vector512<double>.One - sigma);
        var precision = Vector512.Create(_precision);
        var away = eta - Vector512.Create(_mean);
        var pull = precision * away;
        return new(
            Vector512.Create(_constant) - (half * pull * away) + (t - eta),
            Vector512<double>.One - sigma - (pull * sigma),
            -(precision * sigma * sigma) - (pull * slope) - slope);
    }

    /// <summary>xi of one t, and its derivative.</summary>
    public (double Value, double First) XiOf(double t)
    {
        var xi = Xi(Vector512.Create(t));
        return (xi.Value.ToScalar(), xi.First.ToScalar());
    }

    /// <summary>The t of an xi &lt; 0.</summary>
    public double Inverse(double xi) => _map switch
    {
        NbCellMap.MinusSoftplus => VectorSoftplus.InverseSoftplus(-xi),
        NbCellMap.LogSigmoid => -VectorSoftplus.InverseSoftplus(-xi),
        _ => VectorSoftplus.InverseSoftplus(2 * double.Sinh(-xi / 2) * double.Exp(-xi / 2)),
    };

    /// <summary>q(t) after xi became xi + log k (as near to 0 as 1e-9 where it would be above): through the map at its mean.</summary>
    public (double Location, double Scale) Moved(double location, double scale, double logStep)
    {
        var (xi, first) = XiOf(location);
        var moved = Inverse(double.Min(xi + logStep, -LeastDepth));
        return (moved, scale * first / XiOf(moved).First);
    }

    // sigmoid(t) and log(1 + e^t).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> Sigma, Vector512<double> Softplus) SigmaAndSoftplus(Vector512<double> t)
    {
        var one = Vector512<double>.One;
        var e = VectorExp.Of(-Vector512.Abs(t));
        var isPositive = Vector512.GreaterThanOrEqual(t, Vector512<double>.Zero);
        return (Vector512.ConditionalSelect(isPositive, one, e) / (one + e),
            Vector512.Max(t, Vector512<double>.Zero) + VectorSoftplus.LogOnePlus(e));
    }
}
