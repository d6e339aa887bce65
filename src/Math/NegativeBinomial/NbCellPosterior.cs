using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// One cell's q(t) = N(m, s^2) and its part of the bound, B(m, s) = E[F(xi(t)) + log p(t)] + log s + log(2 pi e) / 2, with E by 5
/// Gauss-Hermite nodes and F a Chebyshev sum: Newton's steps in (m, log s) on B as it is computed, halved until B does not fall. All 5
/// nodes are lanes of one vector. A step that would take a node below the tabulated interval counts as one that falls.
/// </summary>
internal sealed class NbCellPosterior(Chebyshev chebyshev)
{
    // A step that promises less is not taken: far below what any test of convergence looks at.
    private const double LeastGain = 1e-11;
    private const double MostStep = 2;

    // Far above any optimum's: log p(t) falls at least as fast as a normal's or an exponential's of scale 1.
    private const double MostScale = 8;
    private const int MostHalvings = 30;

    /// <summary>log(2 pi e) / 2: the entropy of a standard normal.</summary>
    public const double NormalEntropy = 1.4189385332046727;

    // Probabilists' nodes and weights of order 5, then lanes of no weight.
    private static readonly Vector512<double> Nodes =
        Vector512.Create(0, -2.8569700138728056, -1.3556261799742659, 1.3556261799742659, 2.8569700138728056, 0, 0, 0);

    private static readonly Vector512<double> Weights = Vector512.Create(
        0.53333333333333333, 0.011257411327720689, 0.22207592200561265, 0.22207592200561265, 0.011257411327720689, 0, 0, 0);

    private Vector512<double> _xi;
    private Derivatives _at;

    /// <summary>m.</summary>
    public double Location { get; private set; }

    /// <summary>s.</summary>
    public double Scale { get; private set; }

    /// <summary>Whether the interval's lower end held it back, or it was pulled in.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>-xi that it would have gone to when it was held.</summary>
    public double NeededDepth { get; private set; }

    /// <summary>Whether the last <see cref="Improve"/> ended with nothing to gain.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>What its steps have gained, in nats.</summary>
    public double Gain { get; private set; }

    /// <summary>-xi of its lowest node.</summary>
    public double Depth => -Lowest(_xi);

    /// <summary>E xi.</summary>
    public double MeanXi => Vector512.Sum(Weights * _xi);

    /// <summary>Takes a cell's q(t); where nodes are below the interval, its scale and then its location are brought in.</summary>
    public void Take(in NbCellCoordinate coordinate, double location, double scale)
    {
        (Location, Scale, IsHeld, NeededDepth, IsSettled, Gain) = (location, scale, false, 0, false, 0);
        _xi = coordinate.Xi(At(location, scale)).Value;
        for (var i = 0; Lowest(_xi) < chebyshev.Low; i++)
        {
            Hold(-Lowest(_xi));
            var isWithin = coordinate.XiOf(Location).Value >= chebyshev.Low * 0.999;
            Scale *= isWithin ? 0.7 : 1;
            Location = isWithin ? Location : coordinate.Inverse(chebyshev.Low * 0.99);
            _xi = coordinate.Xi(At(Location, Scale)).Value;
        }
    }

    /// <summary>Up to so many steps on F; returns how many were taken.</summary>
    /// <param name="coordinate">The cell's map and prior.</param>
    /// <param name="coefficients">J: of F.</param>
    /// <param name="steps">The most steps.</param>
    public int Improve(in NbCellCoordinate coordinate, ReadOnlySpan<double> coefficients, int steps)
    {
        _at = Evaluate(coordinate, coefficients, Location, Scale);
        _xi = _at.Xi;
        for (var step = 0; step < steps; step++)
        {
            var (byLocation, byLogScale) = _at.Direction(Scale);
            IsSettled = (byLocation * _at.ByLocation) + (byLogScale * _at.ByLogScale) < 2 * LeastGain;
            if (IsSettled || !Search(coordinate, coefficients, byLocation, byLogScale))
            {
                IsSettled = true;
                return step;
            }
        }

        var (last, lastLog) = _at.Direction(Scale);
        IsSettled = (last * _at.ByLocation) + (lastLog * _at.ByLogScale) < 2e3 * LeastGain;
        return steps;
    }

    /// <summary>E log p(t) + entropy of q(t).</summary>
    public double PriorTerm(in NbCellCoordinate coordinate) => PriorTerm(coordinate, Location, Scale);

    /// <summary>The same after a step along the flat direction.</summary>
    public double PriorTermMoved(in NbCellCoordinate coordinate, double logStep)
    {
        var (location, scale) = coordinate.Moved(Location, Scale, logStep);
        return PriorTerm(coordinate, location, scale);
    }

    /// <summary>E T_j, J of them.</summary>
    public void Polynomials(Span<double> values)
    {
        var x = ToUnit(_xi);
        var twice = x + x;
        var (before, now) = (Weights, Weights * x);
        values[0] = 1;
        for (var j = 1; j < values.Length; j++)
        {
            values[j] = Vector512.Sum(now);
            (before, now) = (now, (twice * now) - before);
        }
    }

    /// <summary>Mean and standard deviation of nu = e^xi.</summary>
    public static (double Mean, double Sd) Capture(in NbCellCoordinate coordinate, double location, double scale)
    {
        var nu = VectorExp.Of(coordinate.Xi(At(location, scale)).Value);
        var mean = Vector512.Sum(Weights * nu);
        var away = nu - Vector512.Create(mean);
        return (mean, double.Sqrt(Vector512.Sum(Weights * away * away)));
    }

    private static Vector512<double> At(double location, double scale) =>
        Vector512.Create(location) + (Vector512.Create(scale) * Nodes);

    private static double PriorTerm(in NbCellCoordinate coordinate, double location, double scale) =>
        Vector512.Sum(Weights * coordinate.LogPrior(At(location, scale)).Value) + double.Log(scale) + NormalEntropy;

    private static double Lowest(Vector512<double> xi)
    {
        var half = Vector256.Min(xi.GetLower(), xi.GetUpper());
        var quarter = Vector128.Min(half.GetLower(), half.GetUpper());
        return double.Min(quarter[0], quarter[1]);
    }

    // Halves a step until the bound does not fall; false where none does.
    private bool Search(in NbCellCoordinate coordinate, ReadOnlySpan<double> coefficients, double byLocation, double byLogScale)
    {
        var length = double.Max(double.Abs(byLocation), double.Abs(byLogScale));
        var share = length > MostStep ? MostStep / length : 1;
        for (var i = 0; i < MostHalvings; i++, share /= 2)
        {
            var location = Location + (share * byLocation);
            var scale = double.Min(Scale * double.Exp(share * byLogScale), double.Max(Scale, MostScale));
            var lowest = Lowest(coordinate.Xi(At(location, scale)).Value);
            if (lowest < chebyshev.Low)
            {
                Hold(-lowest);
                continue;
            }

            var next = Evaluate(coordinate, coefficients, location, scale);
            if (next.Bound >= _at.Bound)
            {
                Gain += next.Bound - _at.Bound;
                (Location, Scale, _at, _xi) = (location, scale, next, next.Xi);
                return true;
            }
        }

        return false;
    }

    private void Hold(double depth) => (IsHeld, NeededDepth) = (true, double.Max(NeededDepth, depth));

    private Vector512<double> ToUnit(Vector512<double> xi) =>
        Vector512<double>.One - (Vector512.Create(2 / chebyshev.Low) * xi);

    private Derivatives Evaluate(in NbCellCoordinate coordinate, ReadOnlySpan<double> coefficients, double location, double scale)
    {
        var t = At(location, scale);
        var xi = coordinate.Xi(t);
        var prior = coordinate.LogPrior(t);
        var f = Clenshaw(coefficients, ToUnit(xi.Value));
        var slope = Vector512.Create(-2 / chebyshev.Low);
        var (byXi, byXiTwice) = (slope * f.First, slope * slope * f.Second);
        var first = (byXi * xi.First) + prior.First;
        var second = (byXiTwice * xi.First * xi.First) + (byXi * xi.Second) + prior.Second;
        var (weighted, curved) = (Weights * first, Weights * second);
        return new Derivatives(
            Vector512.Sum(Weights * (f.Value + prior.Value)) + double.Log(scale),
            Vector512.Sum(weighted),
            1 + (scale * Vector512.Sum(weighted * Nodes)),
            Vector512.Sum(curved),
            scale * Vector512.Sum(curved * Nodes),
            scale * (Vector512.Sum(weighted * Nodes) + (scale * Vector512.Sum(curved * Nodes * Nodes))),
            xi.Value);
    }

    // sum_j c_j T_j(x) and derivatives in x.
    private static NbAtNodes Clenshaw(ReadOnlySpan<double> coefficients, Vector512<double> x)
    {
        ref var c = ref MemoryMarshal.GetReference(coefficients);
        var twice = x + x;
        var (b1, b2, d1, d2, e1, e2) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero,
            Vector512<double>.Zero, Vector512<double>.Zero);
        for (var j = coefficients.Length - 1; j >= 1; j--)
        {
            var e = Vector512.FusedMultiplyAdd(twice, e1, Vector512.FusedMultiplyAdd(Vector512.Create(4.0), d1, -e2));
            var d = Vector512.FusedMultiplyAdd(twice, d1, Vector512.FusedMultiplyAdd(Vector512.Create(2.0), b1, -d2));
            var b = Vector512.FusedMultiplyAdd(twice, b1, Vector512.Create(Unsafe.Add(ref c, j)) - b2);
            (e2, e1, d2, d1, b2, b1) = (e1, e, d1, d, b1, b);
        }

        return new(
            Vector512.Create(c) + (x * b1) - b2, b1 + (x * d1) - d2, d1 + d1 + (x * e1) - e2);
    }

    /// <summary>The bound without a constant, and its derivatives in m and log s.</summary>
    private readonly record struct Derivatives(
        double Bound, double ByLocation, double ByLogScale, double Curvature, double Mixed, double LogScaleCurvature, Vector512<double> Xi)
    {
        /// <summary>Newton's direction; where the bound is not concave, the curvatures that a normal q has at its optimum.</summary>
        public (double Location, double LogScale) Direction(double scale)
        {
            var determinant = (Curvature * LogScaleCurvature) - (Mixed * Mixed);
            if (Curvature < 0 && LogScaleCurvature < 0 && determinant > 1e-3 * Curvature * LogScaleCurvature)
            {
                return (((Mixed * ByLogScale) - (LogScaleCurvature * ByLocation)) / determinant,
                    ((Mixed * ByLocation) - (Curvature * ByLogScale)) / determinant);
            }

            var precision = double.Max(-Curvature, 0.2 / (scale * scale));
            return (ByLocation / precision, ByLogScale / 2);
        }
    }
}
