using System.Runtime.Intrinsics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// Exponents of components' likelihoods far from all of them: squares of 1e4 and more, of which only small differences matter. The
/// difference of two is -1/2 (u - v)(u + v), u and v the standardized distances, and u - v is computed from the anchors and the widths
/// themselves (<see cref="GridComponent.Anchor"/>): the best component is right, and the others relative to it, however far x is.
/// </summary>
internal static class FarExponents
{
    // Above it, a rounded exponent is off by 1e-12 at most.
    private const double Far = -1e4;
    private const double Most = 1e301;

    /// <summary>
    /// Where the greatest exponent of 8 observations is below -1e4: replaces all by their differences from that of the likeliest
    /// component, and returns the latter, to be added to the log-likelihood; otherwise returns 0. Components of no weight are no
    /// reference, unless <paramref name="all"/>.
    /// </summary>
    public static Vector512<double> Refine(
        GridComponent[] components, bool all, Vector512<double> x, Vector512<double> s, Vector512<double> inverse,
        Vector512<double>[] exponents, ref Vector512<double> most)
    {
        if (Vector512.GreaterThanOrEqualAll(most, Vector512.Create(Far)))
        {
            return Vector512<double>.Zero;
        }

        // The likeliest by rounded exponents; the likeliest by differences from that; differences from this.
        var reference = Reference.Of(components, all, x, s, inverse, exponents);
        for (var pass = 0; pass < 2; pass++)
        {
            for (var k = 0; k < components.Length; k++)
            {
                components[k].Anchor(x, s, inverse, out var anchor, out var ratio, out var constant);
                exponents[k] = reference.Difference(x, inverse, anchor, ratio, constant);
            }

            reference = pass == 0 ? Reference.Of(components, all, x, s, inverse, exponents) : reference;
        }

        most = Vector512.Create(double.NegativeInfinity);
        for (var k = 0; k < components.Length; k++)
        {
            most = all || components[k].Weight > 0 ? Vector512.Max(most, exponents[k]) : most;
        }

        return reference.Exponent;
    }

    // A component for each lane.
    private readonly struct Reference(
        Vector512<double> anchor, Vector512<double> ratio, Vector512<double> constant, Vector512<double> distance)
    {
        private readonly Vector512<double> root = GridComponent.Root(ratio);

        public Vector512<double> Exponent => (Vector512.Create(-0.5) * distance * distance) + constant;

        public static Reference Of(
            GridComponent[] components, bool all, Vector512<double> x, Vector512<double> s, Vector512<double> inverse,
            Vector512<double>[] exponents)
        {
            Vector512<double> anchor = Vector512<double>.Zero, ratio = anchor, constant = anchor;
            var best = Vector512.Create(double.NegativeInfinity);
            for (var k = 0; k < components.Length; k++)
            {
                if (!all && components[k].Weight == 0)
                {
                    continue;
                }

                components[k].Anchor(x, s, inverse, out var a, out var r, out var c);
                var better = Vector512.GreaterThan(exponents[k], best);
                best = Vector512.ConditionalSelect(better, exponents[k], best);
                anchor = Vector512.ConditionalSelect(better, a, anchor);
                ratio = Vector512.ConditionalSelect(better, r, ratio);
                constant = Vector512.ConditionalSelect(better, c, constant);
            }

            return new Reference(anchor, ratio, constant, Distance(x, inverse, anchor, GridComponent.Root(ratio)));
        }

        // The exponent of a component less this one's.
        public Vector512<double> Difference(
            Vector512<double> x, Vector512<double> inverse, Vector512<double> otherAnchor, Vector512<double> otherRatio,
            Vector512<double> otherConstant)
        {
            var otherRoot = GridComponent.Root(otherRatio);
            var other = Distance(x, inverse, otherAnchor, otherRoot);

            // u - v = (x - a) / R - (x - b) / Q = (b - a) / R + v (Q - R) / R, and Q^2 - R^2 is that of the ratios.
            var wider = (ratio - otherRatio) / otherRoot * ((ratio + otherRatio) / (root + otherRoot));
            var apart = TruncatedLanes.Within((anchor - otherAnchor) * inverse / otherRoot) + TruncatedLanes.Within(distance * wider);
            var product = Vector512.Create(-0.5) * apart * (other + distance);
            return Vector512.Max(Vector512.Min(product + (otherConstant - constant), Vector512.Create(Most)), Vector512.Create(-Most));
        }

        private static Vector512<double> Distance(
            Vector512<double> x, Vector512<double> inverse, Vector512<double> anchor, Vector512<double> root) =>
            TruncatedLanes.Within((x - anchor) * inverse / root);
    }
}
