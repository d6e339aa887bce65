using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// Posteriors under a mixture of given components, 8 observations at a time; observations with s = infinity have the prior as
/// posterior and add nothing to sums. s below 1e-300 counts as 1e-300. Sums are lane by lane, then over the 8 lanes.
/// </summary>
internal static class MixtureKernels
{
    private const int Lanes = VectorNormal.Lanes;
    private const double LeastS = 1e-300;

    // A component without weight may fit an observation better than all others by no more than exp of this.
    private const double MostExcess = 300;

    /// <summary>The matrix of component likelihoods of the observations with finite s.</summary>
    public static LikelihoodRows Rows(PriorComponent[] mixture, ReadOnlySpan<double> x, ReadOnlySpan<double> s)
    {
        var origin = GridComponent.Origin(mixture);
        var components = GridComponent.Of(mixture, origin);
        var rows = new LikelihoodRows(components.Length);
        var exponents = new Vector512<double>[components.Length];
        var factors = new Vector512<double>[components.Length];
        var flat = new double[components.Length * Lanes];
        for (var i = 0; i < x.Length; i += Lanes)
        {
            Load(x, s, i, origin, out var xi, out var si, out var informative);
            var inverse = Vector512<double>.One / si;
            var most = Vector512.Create(double.NegativeInfinity);
            for (var k = 0; k < components.Length; k++)
            {
                components[k].Likelihood(xi, si, inverse, out exponents[k], out factors[k]);
                most = Vector512.Max(most, exponents[k]);
            }

            // Likelihoods are in units of 1 / s.
            var offset = FarExponents.Refine(components, all: true, xi, si, inverse, exponents, ref most) - Vector512.Log(si);
            var largest = Vector512<double>.Zero;
            for (var k = 0; k < components.Length; k++)
            {
                factors[k] *= VectorExp.Of(exponents[k] - most);
                largest = Vector512.Max(largest, factors[k]);
            }

            for (var k = 0; k < components.Length; k++)
            {
                (factors[k] / largest).CopyTo(flat, k * Lanes);
            }

            rows.LogScale += Vector512.Sum((offset + most + Vector512.Log(largest)) & informative);
            for (var lane = 0; lane < Lanes; lane++)
            {
                if (informative[lane] != 0)
                {
                    rows.Add(flat.AsSpan(lane), Lanes);
                }
            }
        }

        rows.Complete();
        return rows;
    }

    /// <summary>Posterior means and variances; returns the log-likelihood.</summary>
    public static double Moments(
        PriorComponent[] mixture, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance)
    {
        var origin = GridComponent.Origin(mixture);
        var present = Array.FindAll(GridComponent.Of(mixture, origin), c => c.Weight > 0);
        var work = new Posteriors(present, origin);
        var total = Vector512<double>.Zero;
        for (var i = 0; i < x.Length; i += Lanes)
        {
            Load(x, s, i, origin, out var xi, out var si, out var informative);
            var log = work.Moments(xi, si, informative, out var m, out var v);
            total += log & informative;
            VectorNormal.Store(m, mean, i);
            VectorNormal.Store(v, variance, i);
        }

        return Vector512.Sum(total);
    }

    /// <summary>Local false sign rates: P(theta = 0 | x) plus the lesser of P(theta &lt; 0 | x) and P(theta &gt; 0 | x).</summary>
    public static void FalseSignRates(PriorComponent[] mixture, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> lfsr)
    {
        var work = new Posteriors(Array.FindAll(GridComponent.Of(mixture), c => c.Weight > 0), origin: 0);
        for (var i = 0; i < x.Length; i += Lanes)
        {
            Load(x, s, i, 0, out var xi, out var si, out var informative);
            work.Signs(xi, si, informative, out var below, out var at, out var above);
            VectorNormal.Store(at + Vector512.Min(below, above), lfsr, i);
        }
    }

    /// <summary>P(theta &lt; 0 | x), P(theta = 0 | x) and P(theta &gt; 0 | x).</summary>
    public static void Signs(
        PriorComponent[] mixture, ReadOnlySpan<double> x, ReadOnlySpan<double> s,
        Span<double> negative, Span<double> zero, Span<double> positive)
    {
        var work = new Posteriors(Array.FindAll(GridComponent.Of(mixture), c => c.Weight > 0), origin: 0);
        for (var i = 0; i < x.Length; i += Lanes)
        {
            Load(x, s, i, 0, out var xi, out var si, out var informative);
            work.Signs(xi, si, informative, out var below, out var at, out var above);
            VectorNormal.Store(below, negative, i);
            VectorNormal.Store(at, zero, i);
            VectorNormal.Store(above, positive, i);
        }
    }

    /// <summary>
    /// <see cref="Moments"/>, and adds to statistics: count, log-likelihood, log-likelihood of component 0 alone when it
    /// <paramref name="hasNull"/> (else NaN), the M sums of S_k = L_k / (L pi), and, where they fit, the sums of S_k S_l, l &gt;= k.
    /// </summary>
    public static void Accumulate(
        PriorComponent[] mixture, bool hasNull, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean,
        Span<double> variance,
        Span<double> statistics)
    {
        var origin = GridComponent.Origin(mixture);
        var components = GridComponent.Of(mixture, origin);
        var m = components.Length;
        var quadratic = statistics.Length > GridStatistics.Sums + m;
        var work = new Posteriors(components, origin);
        var sums = new Vector512<double>[m];
        var stride = (m + 7) & ~7;
        var outer = new double[quadratic ? m * stride : 0];
        var rows = new double[Lanes * stride];
        Vector512<double> total = Vector512<double>.Zero, none = total, count = total;
        for (var i = 0; i < x.Length; i += Lanes)
        {
            Load(x, s, i, origin, out var xi, out var si, out var informative);
            var log = work.Moments(xi, si, informative, out var mi, out var vi);
            VectorNormal.Store(mi, mean, i);
            VectorNormal.Store(vi, variance, i);
            total += log & informative;
            count += Vector512<double>.One & informative;
            none += work.LogLikelihood(0) & informative;
            for (var k = 0; k < m; k++)
            {
                var share = work.Share(k, MostExcess) & informative;
                sums[k] += share;
                for (var lane = 0; quadratic && lane < Lanes; lane++)
                {
                    rows[(lane * stride) + k] = share[lane];
                }
            }

            if (quadratic)
            {
                SymmetricSums.Add(rows, 0, m, stride, outer);
                SymmetricSums.Add(rows.AsSpan(4 * stride), 0, m, stride, outer);
            }
        }

        statistics[GridStatistics.Count] += Vector512.Sum(count);
        statistics[GridStatistics.LogLikelihood] += Vector512.Sum(total);
        statistics[GridStatistics.NullLogLikelihood] += hasNull ? Vector512.Sum(none) : double.NaN;
        for (var k = 0; k < m; k++)
        {
            statistics[GridStatistics.Sums + k] += Vector512.Sum(sums[k]);
        }

        for (int k = 0, at = GridStatistics.Sums + m; quadratic && k < m; k++)
        {
            for (var l = k; l < m; l++)
            {
                statistics[at++] += outer[(k * stride) + l];
            }
        }
    }

    // x from the origin. Lanes past the end, and those with s = infinity, get x = 0, s = 1 and a mask of 0.
    private static void Load(
        ReadOnlySpan<double> x, ReadOnlySpan<double> s, int i, double origin, out Vector512<double> xi, out Vector512<double> si,
        out Vector512<double> informative)
    {
        si = VectorNormal.Load(s, i, double.PositiveInfinity);
        informative = Vector512.LessThan(si, Vector512.Create(double.PositiveInfinity));
        xi = (VectorNormal.Load(x, i, origin) - Vector512.Create(origin)) & informative;
        si = Vector512.ConditionalSelect(informative, Vector512.Max(si, Vector512.Create(LeastS)), Vector512<double>.One);
    }
}
