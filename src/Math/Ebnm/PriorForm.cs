namespace FitCluster.Math.Ebnm;

/// <summary>The components of a prior of fixed form: at most one point, and at most one slab.</summary>
/// <param name="Description">In words, as in "a point and a normal".</param>
/// <param name="Slab">The kind of the slab; null: a point alone.</param>
/// <param name="HasPoint">Whether there may be a point beside the slab.</param>
/// <param name="MayBePoint">Whether there may be a point in place of the slab: one of scale 0.</param>
public sealed record PriorForm(string Description, ComponentKind? Slab, bool HasPoint, bool MayBePoint)
{
    /// <summary>Whether components are of this form.</summary>
    public bool Fits(IReadOnlyList<PriorComponent> components)
    {
        var (points, slabs) = (components.Count(c => c.Kind == ComponentKind.Point), components.Count(c => c.Kind == Slab));
        return points + slabs == components.Count && points <= 1 && slabs <= 1
            && (HasPoint || slabs == 1 || MayBePoint) && (HasPoint || components.Count == 1);
    }
}
