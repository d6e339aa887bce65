namespace FitCluster.Math.Ebnm;

/// <summary>
/// theta ~ sum_k pi_k N(mode, sigma_k^2), sigma_0 = 0, over the grid of <see cref="ScaleGrid"/> (Stephens 2017; the grid after
/// Willwerscheid and
/// others 2021); with a fixed scale: over {0, scale}.
/// </summary>
public sealed class NormalScaleMixture : GridFamily
{
    /// <inheritdoc/>
    public override PriorFamily Family => PriorFamily.NormalScaleMixture;

    /// <summary>Its few components do well with one Newton step a sweep: no full fits.</summary>
    public override EbnmTraits Traits { get; } = new() { IsAdaptiveShrinkage = true };

    /// <inheritdoc/>
    private protected override PriorComponent[] Grid(in GridRange range, EbnmOptions options)
    {
        var mode = range.Mode;
        var scales = options.Scale is { } scale ? [0, scale] : ScaleGrid.Points(range.Count, range.MinS, range.Extent);
        return Array.ConvertAll(
            scales, sigma => new PriorComponent(sigma == 0 ? ComponentKind.Point : ComponentKind.Normal, 0, mode, sigma));
    }
}
