using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// The passes over observations of a spike-and-slab prior, 8 lanes at a time. Lanes past the end are observations with s = infinity,
/// which add 0 to every sum. Sums are taken by lane within blocks of 1024, then over the blocks in order: equal on every machine.
/// </summary>
internal static class SlabKernel<TSlab>
    where TSlab : struct, ISlab
{
    /// <summary>
    /// The sums: [0] count of finite s, [1] log-likelihood, [2] the same of the spike alone, both without log(s sqrt(2 pi)), [3] R = sum of
    /// slab responsibilities r, [4] r times sufficient, [5] r E eta, [6] r E eta^2, [7] 1 / s^2; the gradient in a = logit slab weight,
    /// b = log scale, m = mode: [8] a, [9] b, [10] m; the Hessian: [11] aa, [12] ab, [13] bb, [14] am, [15] bm, [16] mm. Lengths in [4] to
    /// [7] and m are in units of <see cref="SpikeAndSlab.Unit"/>, so that no sum depends on the unit of the data.
    /// </summary>
    public const int Length = 17;

    private const int Block = 1024;

    // Of unit / s in derivatives in the mode, so that squares of them are numbers: the slab is that much wider than s.
    private const double LargestRatio = 1e140;

    // Bytes of the arguments of PassBlock that are passed on the stack.
    private const int Arguments = 48;

    /// <summary>A flag known at compile time.</summary>
    public interface IFlag
    {
        /// <summary>Its value.</summary>
        static abstract bool On { get; }
    }

    /// <summary>Adds to the sums ([0] to [2] only without derivatives) and writes posterior moments where asked.</summary>
    public static unsafe void Pass<TMoments, TDerivatives>(
        in SpikeAndSlab prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance,
        Span<double> sums)
        where TMoments : struct, IFlag
        where TDerivatives : struct, IFlag
    {
        var top = stackalloc byte[StackLines.Probe(x.Length)];
        var lowered = stackalloc byte[StackLines.Lowering(top, Arguments)];
        (*top, *lowered) = (0, 0);
        for (var i = 0; i < x.Length; i += Block)
        {
            var count = int.Min(Block, x.Length - i);
            PassBlock<TMoments, TDerivatives>(
                prior, x.Slice(i, count), s.Slice(i, count), TMoments.On ? mean.Slice(i, count) : [],
                TMoments.On ? variance.Slice(i, count) : [], sums);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PassBlock<TMoments, TDerivatives>(
        in SpikeAndSlab prior, ReadOnlySpan<double> x, ReadOnlySpan<double> s, Span<double> mean, Span<double> variance,
        Span<double> sums)
        where TMoments : struct, IFlag
        where TDerivatives : struct, IFlag
    {
        var zero = Vector512<double>.Zero;
        var one = Vector512<double>.One;
        var infinity = Vector512.Create(double.PositiveInfinity);
        var half = Vector512.Create(0.5);
        var mode = Vector512.Create(prior.Mode);
        var logPoint = Vector512.Create(double.Log(prior.PointWeight));
        var logSlab = Vector512.Create(double.Log(prior.SlabWeight));
        var weight = Vector512.Create(prior.SlabWeight);
        var spread = Vector512.Create(prior.SlabWeight * prior.PointWeight);
        var largest = Vector512.Create(LargestRatio);
        var unit = Vector512.Create(prior.Unit);
        var perUnit = Vector512.Create(1 / prior.Unit);
        Vector512<double> product = one, gain = zero, alone = zero;
        Vector512<double> responsibility = zero, sufficients = zero, firsts = zero, seconds = zero, precision = zero;
        Vector512<double> ga = zero, gb = zero, gm = zero;
        Vector512<double> haa = zero, hab = zero, hbb = zero, ham = zero, hbm = zero, hmm = zero;
        var count = 0;
        for (var i = 0; i < x.Length; i += VectorNormal.Lanes)
        {
            var si = VectorNormal.Load(s, i, double.PositiveInfinity);
            var u = VectorNormal.Load(x, i, 0) - mode;
            var infinite = Vector512.Equals(si, infinity);
            var some = infinite != zero;
            if (some)
            {
                si = Vector512.ConditionalSelect(infinite, one, si);
                u = Vector512.ConditionalSelect(infinite, zero, u);
            }

            var reciprocal = one / si;
            var z = u * reciprocal;
            TSlab.Evaluate(
                u, si, reciprocal, z, prior.Scale, out var logRatio, out var logMarginal, out var first, out var around,
                out var sufficient, out var score, out var curvature, out var cross);
            var spike = -half * z * z;
            alone += spike;
            if (some)
            {
                // No information: the slab's posterior is the slab, odds stay, nothing has a derivative.
                logRatio = Vector512.ConditionalSelect(infinite, zero, logRatio);
                logMarginal = Vector512.ConditionalSelect(infinite, zero, logMarginal);
                first = Vector512.ConditionalSelect(infinite, Vector512.Create(TSlab.PriorMean(prior.Scale)), first);
                around = Vector512.ConditionalSelect(infinite, Vector512.Create(TSlab.PriorVariance(prior.Scale)), around);
                score = Vector512.ConditionalSelect(infinite, zero, score);
                curvature = Vector512.ConditionalSelect(infinite, zero, curvature);
                cross = Vector512.ConditionalSelect(infinite, zero, cross);
                reciprocal = Vector512.ConditionalSelect(infinite, zero, reciprocal);
            }

            // With t the posterior log-odds: r = 1 / (1 + exp(-t)), and 1 - r without cancellation.
            var slab = logSlab + logRatio;
            var t = slab - logPoint;
            var size = Vector512.Abs(t);
            var e = VectorExp.OrZero(-size);
            var major = one / (one + e);
            var minor = e * major;
            var towardsSlab = Vector512.GreaterThanOrEqual(t, zero);
            var r = Vector512.ConditionalSelect(towardsSlab, major, minor);
            var rest = Vector512.ConditionalSelect(towardsSlab, minor, major);

            // log-likelihood: of whole terms, the larger one + log(1 + exp(-|t|)), so that neither is added to a vastly lower one; the
            // logarithm is taken of the block's product, at most 2^128.
            var larger = Vector512.ConditionalSelect(towardsSlab, logSlab + logMarginal, logPoint + spike);
            gain += some ? Vector512.ConditionalSelect(infinite, zero, larger) : larger;
            product *= some ? Vector512.ConditionalSelect(infinite, one, one + e) : one + e;
            if (TMoments.On)
            {
                // The variance within the slab, and that of the two means.
                VectorNormal.Store(mode + (r * first), mean, i);
                VectorNormal.Store((r * around) + (r * rest * first * first), variance, i);
            }

            count += VectorNormal.Lanes - (some ? BitOperations.PopCount(infinite.ExtractMostSignificantBits()) : 0);
            if (TDerivatives.On)
            {
                var counted = some ? Vector512.ConditionalSelect(infinite, zero, r) : r;
                responsibility += counted;
                var length = first * perUnit;
                sufficients += counted * (sufficient * perUnit);
                firsts += counted * length;
                seconds += counted * ((length * length) + (around * perUnit * perUnit));
                var ratio = Vector512.Min(reciprocal * unit, largest);
                var inverse = ratio * ratio;
                precision += inverse;

                // d(log slab - log spike)/dm = -E eta / s^2; second derivatives in m by Tweedie: (var eta - s^2) / s^4 and -1 / s^2.
                var both = r * rest;
                var step = first * reciprocal * ratio;
                cross *= ratio;
                ga += r - weight;
                gb += r * score;
                gm += (z * ratio) - (r * step);
                haa += both - spread;
                hab += both * score;
                hbb += (r * curvature) + (both * score * score);
                ham -= both * step;
                hbm += (r * cross) - (both * score * step);
                hmm += (((r * (around * reciprocal * reciprocal)) - one) * inverse) + (both * step * step);
            }
        }

        sums[0] += count;
        sums[1] += Vector512.Sum(gain + Vector512.Log(product));
        sums[2] += Vector512.Sum(alone);
        if (TDerivatives.On)
        {
            sums[3] += Vector512.Sum(responsibility);
            sums[4] += Vector512.Sum(sufficients);
            sums[5] += Vector512.Sum(firsts);
            sums[6] += Vector512.Sum(seconds);
            sums[7] += Vector512.Sum(precision);
            sums[8] += Vector512.Sum(ga);
            sums[9] += Vector512.Sum(gb);
            sums[10] += Vector512.Sum(gm);
            sums[11] += Vector512.Sum(haa);
            sums[12] += Vector512.Sum(hab);
            sums[13] += Vector512.Sum(hbb);
            sums[14] += Vector512.Sum(ham);
            sums[15] += Vector512.Sum(hbm);
            sums[16] += Vector512.Sum(hmm);
        }
    }

    /// <summary>The flag that is set.</summary>
    public readonly struct Yes : IFlag
    {
        /// <inheritdoc/>
        public static bool On => true;
    }

    /// <summary>The flag that is not set.</summary>
    public readonly struct No : IFlag
    {
        /// <inheritdoc/>
        public static bool On => false;
    }
}
