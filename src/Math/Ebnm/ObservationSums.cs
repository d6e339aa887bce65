using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>Sums over the observations with a finite s, in a fixed order.</summary>
/// <param name="Count">Their number n.</param>
/// <param name="Precision">The sum of 1 / s^2.</param>
/// <param name="WeightedX">The sum of (x - m) / s^2, for the location m that was given.</param>
/// <param name="HalfSquares">The sum of (x - m)^2 / (2 s^2).</param>
/// <param name="LogS">The sum of log s.</param>
internal readonly record struct ObservationSums(double Count, double Precision, double WeightedX, double HalfSquares, double LogS)
{
    private const int Block = 1024;
    private const int SignificandBits = 52;
    private const int ExponentBias = 1023;
    internal const double LogOfTwo = 0.69314718055994530942;

    /// <summary>The log-likelihood of a point mass at m.</summary>
    public double PointMass => -HalfSquares - Normalization;

    /// <summary>The sum of log(s sqrt(2 pi)).</summary>
    public double Normalization => LogS + (Count * NormalDistribution.LogRootTwoPi);

    /// <summary>The s whose 1 / s^2 is the mean of all; 1 without observations.</summary>
    public double TypicalS => Count > 0 ? double.Sqrt(Count / Precision) : 1;

    /// <summary>Sums over all observations, by blocks of 1024.</summary>
    public static unsafe ObservationSums Of(ReadOnlySpan<double> x, ReadOnlySpan<double> s, double m)
    {
        var top = stackalloc byte[StackLines.Probe(x.Length)];
        var lowered = stackalloc byte[StackLines.Lowering(top, 0)];
        (*top, *lowered) = (0, 0);
        var sums = default(ObservationSums);
        for (var i = 0; i < x.Length; i += Block)
        {
            var count = int.Min(Block, x.Length - i);
            var part = OfBlock(x.Slice(i, count), s.Slice(i, count), m);
            sums = new ObservationSums(
                sums.Count + part.Count, sums.Precision + part.Precision, sums.WeightedX + part.WeightedX,
                sums.HalfSquares + part.HalfSquares, sums.LogS + part.LogS);
        }

        return sums;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ObservationSums OfBlock(ReadOnlySpan<double> x, ReadOnlySpan<double> s, double m)
    {
        var zero = Vector512<double>.Zero;
        var one = Vector512<double>.One;
        var infinity = Vector512.Create(double.PositiveInfinity);
        var significand = Vector512.Create((1L << SignificandBits) - 1);
        var exponents = Vector512<long>.Zero;
        Vector512<double> precision = zero, weighted = zero, squares = zero, product = one;
        var count = 0;
        var vectors = (x.Length + VectorNormal.Lanes - 1) / VectorNormal.Lanes;
        for (var i = 0; i < x.Length; i += VectorNormal.Lanes)
        {
            var si = VectorNormal.Load(s, i, double.PositiveInfinity);
            var infinite = Vector512.Equals(si, infinity);
            var u = Vector512.ConditionalSelect(infinite, zero, VectorNormal.Load(x, i, 0) - Vector512.Create(m));
            si = Vector512.ConditionalSelect(infinite, one, si);
            var reciprocal = one / si;
            var z = u * reciprocal;
            precision += Vector512.ConditionalSelect(infinite, zero, reciprocal * reciprocal);
            weighted += z * reciprocal;
            squares += z * z;

            // log s by exponents and a product of at most 128 significands in [1, 2).
            var bits = si.AsInt64();
            exponents += Vector512.ShiftRightArithmetic(bits, SignificandBits);
            product *= Vector512.BitwiseOr(Vector512.BitwiseAnd(bits, significand), one.AsInt64()).AsDouble();
            count += VectorNormal.Lanes - BitOperations.PopCount(infinite.ExtractMostSignificantBits());
        }

        return new ObservationSums(
            count, Vector512.Sum(precision), Vector512.Sum(weighted), 0.5 * Vector512.Sum(squares),
            Vector512.Sum(Vector512.Log(product))
                + ((Vector512.Sum(exponents) - ((double)ExponentBias * vectors * VectorNormal.Lanes)) * LogOfTwo));
    }
}
