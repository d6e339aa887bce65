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
        components.Where(c => c.Kind == ComponentKind.Point).Concat(components.Where(c =>
            c.Kind is ComponentKind.Normal or ComponentKind.Laplace
            or ComponentKind.Exponential or ComponentKind.Horseshoe)).Select(c => c.Location).FirstOrDefault();

    /// <summary>Refuses components that a family of fixed form does not have; grids may be mixed of anything.</summary>
    public static void Check(PriorFamily family, IReadOnlyList<PriorComponent> components, string source)
    {
        if (EbnmFamilies.Get(family).Traits.Form is { } form && !form.Fits(components))
        {
            throw ProblemException.BadInput(
                $"{source}: a prior of the family {EbnmFamilies.Name(family)} has {form.Description}; give these components, or " +
                "another family");
        }
    }

    private static PriorComponent Point(double weight, double location) => new(ComponentKind.Point, weight, location, 0);
}
