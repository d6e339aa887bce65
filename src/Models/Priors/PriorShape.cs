using FitCluster.Math.Ebnm;

namespace FitCluster.Models.Priors;

/// <summary>What components a prior of a family may have; how a component without width is taken.</summary>
internal static class PriorShape
{
    /// <summary>A component of no width is a point: other programs write point masses as normals of standard deviation 0.</summary>
    public static PriorComponent Simplest(in PriorComponent component) => component.Kind switch
    {
        ComponentKind.Uniform when component.Low == component.High => Point(component.Weight, component.Low),
        ComponentKind.Uniform or ComponentKind.Point => component,
        _ when component.Scale == 0 => Point(component.Weight, component.Location),
        _ => component,
    };

    /// <summary>The mode of a prior that does not state it: where its points, or else its other components, are centred.</summary>
    public static double Mode(IReadOnlyList<PriorComponent> components) =>
        components.Where(c => c.Kind == ComponentKind.Point).Concat(components.Where(c => c.Kind is ComponentKind.Normal or ComponentKind.Laplace
            or ComponentKind.Exponential or ComponentKind.Horseshoe)).Select(c => c.Location).FirstOrDefault();

    /// <summary>Refuses components that a family of fixed form does not have; grids may be mixed of anything.</summary>
    public static void Check(PriorFamily family, IReadOnlyList<PriorComponent> components, string source)
    {
        var (point, slab, needed) = family switch
        {
            PriorFamily.Normal => (false, (ComponentKind?)ComponentKind.Normal, "one normal"),
            PriorFamily.Flat => (false, ComponentKind.Normal, "one normal of infinite scale"),
            PriorFamily.PointNormal => (true, ComponentKind.Normal, "a point and a normal"),
            PriorFamily.PointLaplace => (true, ComponentKind.Laplace, "a point and a laplace"),
            PriorFamily.PointExponential => (true, ComponentKind.Exponential, "a point and an exponential"),
            PriorFamily.GeneralizedBinary => (true, ComponentKind.TruncatedNormal, "a point and a truncated_normal"),
            PriorFamily.Horseshoe => (false, ComponentKind.Horseshoe, "one horseshoe"),
            PriorFamily.PointMass => (true, null, "one point"),
            _ => (true, null, ""),
        };
        if (needed.Length == 0)
        {
            return;
        }

        var (points, slabs) = (components.Count(c => c.Kind == ComponentKind.Point), components.Count(c => c.Kind == slab));
        // A normal of scale 0 is a point: the maximum where nothing but the mode is left.
        var fits = points + slabs == components.Count && points <= 1 && slabs <= 1
            && (point || slabs == 1 || family == PriorFamily.Normal) && (point || components.Count == 1);
        if (!fits)
        {
            throw ProblemException.BadInput($"{source}: a prior of the family {EbnmFamilies.Name(family)} has {needed}; give these components, or another family");
        }
    }

    private static PriorComponent Point(double weight, double location) => new(ComponentKind.Point, weight, location, 0);
}
