namespace FitCluster.Math.Ebnm;

/// <summary>
/// Mixtures of a point mass at the mode and uniforms that begin or are centred there, over the grid of <see cref="UniformGrid"/> (with a
/// fixed scale, {0, scale}). Fits add the null-biased penalty
/// (NullWeight - 1) log pi_0 of Stephens (2017).
/// </summary>
public abstract class UnimodalFamily : GridFamily
{
    /// <inheritdoc/>
    private protected override bool IsPenalized => true;

    /// <summary>The components of half-width a: their supports relative to the mode, in units of a.</summary>
    private protected abstract IReadOnlyList<(double Low, double High)> Supports { get; }

    /// <inheritdoc/>
    private protected override PriorComponent[] Grid(in GridRange range, EbnmOptions options)
    {
        var mode = range.Mode;
        var widths = options.Scale is { } scale ? [0, scale] : UniformGrid.Points(range.Count, range.MinS, range.Extent);
        var components = new List<PriorComponent> { new(ComponentKind.Point, 0, mode, 0) };
        foreach (var (low, high) in Supports)
        {
            components.AddRange(widths.Skip(1).Select(
                a => new PriorComponent(ComponentKind.Uniform, 0, 0, 0, mode + (low * a), mode + (high * a))));
        }

        return [.. components];
    }
}
