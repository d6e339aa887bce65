namespace FitCluster.Math.Ebnm;

/// <summary>
/// Nonparametric maximum likelihood (Kiefer and Wolfowitz 1956): theta ~ any distribution, on the points of
/// <see cref="PointGrid"/>, or, where x ranges over more than 900 of the least standard error, Gaussians of standard deviation half
/// their spacing. A fixed scale is the spacing of points.
/// </summary>
public sealed class Npmle : GridFamily
{
    /// <inheritdoc/>
    public override PriorFamily Family => PriorFamily.Npmle;

    /// <inheritdoc/>
    public override EbnmTraits Traits { get; } = new() { NeedsFullFits = true };

    /// <inheritdoc/>
    private protected override bool HasMode => false;

    /// <inheritdoc/>
    private protected override PriorComponent[] Grid(in GridRange range, EbnmOptions options)
    {
        if (options.Scale is null && PointGrid.IsWide(range.MinX, range.MaxX, range.MinS))
        {
            var points = PointGrid.Points(range.MinX, range.MaxX, PointGrid.GaussianStep(range.Count, range.MinS));
            var scale = 0.5 * (points[1] - points[0]);
            return Array.ConvertAll(points, p => new PriorComponent(ComponentKind.Normal, 0, p, scale));
        }

        var step = options.Scale ?? PointGrid.PointStep(range.Count, range.MinS);
        return Array.ConvertAll(
            PointGrid.Points(range.MinX, range.MaxX, step), p => new PriorComponent(ComponentKind.Point, 0, p, 0));
    }
}
