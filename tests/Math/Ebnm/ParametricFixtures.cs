using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Tests.Ebnm;

/// <summary>Priors and random problems of the parametric families.</summary>
internal static class ParametricFixtures
{
    /// <summary>The families with a spike and a slab (and the normal, a slab alone).</summary>
    public static readonly PriorFamily[] SlabFamilies =
    [
        PriorFamily.Normal, PriorFamily.PointNormal, PriorFamily.PointLaplace, PriorFamily.PointExponential, PriorFamily.GeneralizedBinary,
    ];

    public static ComponentKind SlabKind(PriorFamily family) => family switch
    {
        PriorFamily.PointLaplace => ComponentKind.Laplace,
        PriorFamily.PointExponential => ComponentKind.Exponential,
        PriorFamily.GeneralizedBinary => ComponentKind.TruncatedNormal,
        PriorFamily.Horseshoe => ComponentKind.Horseshoe,
        _ => ComponentKind.Normal,
    };

    public static Prior Prior(PriorFamily family, double slabWeight, double scale, double mode)
    {
        var alone = family is PriorFamily.Normal or PriorFamily.Horseshoe;
        var slab = family == PriorFamily.GeneralizedBinary
            ? new PriorComponent(ComponentKind.TruncatedNormal, slabWeight, scale, 0.1 * scale, 0, double.PositiveInfinity)
            : new PriorComponent(SlabKind(family), alone ? 1 : slabWeight, mode, scale);
        return new Prior(family, mode, alone ? [slab] : [new PriorComponent(ComponentKind.Point, 1 - slabWeight, mode, 0), slab]);
    }

    /// <summary>The density of the slab at theta.</summary>
    public static double SlabDensity(Prior prior, double theta)
    {
        var slab = prior.Components[^1];
        var eta = theta - slab.Location;
        return slab.Kind switch
        {
            ComponentKind.Laplace => double.Exp(-double.Abs(eta) / slab.Scale) / (2 * slab.Scale),
            ComponentKind.Exponential => eta < 0 ? 0 : double.Exp(-eta / slab.Scale) / slab.Scale,
            ComponentKind.TruncatedNormal => theta < 0 ? 0 : NormalDistribution.Density(eta / slab.Scale) / slab.Scale,
            _ => NormalDistribution.Density(eta / slab.Scale) / slab.Scale,
        };
    }

    public static double[] Statistics(Prior prior, double[] x, double[] s)
    {
        var family = EbnmFamilies.Get(prior.Family);
        var statistics = new double[family.StatisticsLength(prior)];
        family.Accumulate(prior, x, s, new double[x.Length], new double[x.Length], statistics);
        return statistics;
    }

    /// <summary>A random problem: some theta at 0, the others Laplace or all positive; unequal s; some s are infinite when asked.</summary>
    public static (double[] X, double[] S) Problem(
        int seed, int n, double slabWeight = 0.4, bool positive = false, bool someInfinite = false)
    {
        var random = new Random(seed);
        var (x, s) = (new double[n], new double[n]);
        for (var i = 0; i < n; i++)
        {
            s[i] = 0.5 + random.NextDouble();
            var theta = random.NextDouble() < slabWeight ? -2.5 * double.Log(1 - random.NextDouble()) : 0;
            theta *= positive || random.NextDouble() < 0.5 ? 1 : -1;
            x[i] = theta + (s[i] * NormalDistribution.Quantile((random.NextDouble() * 0.9999999) + 5e-8));
            if (someInfinite && random.NextDouble() < 0.2)
            {
                (x[i], s[i]) = (double.NaN, double.PositiveInfinity);
            }
        }

        return (x, s);
    }
}
