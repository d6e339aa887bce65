using FitCluster.Math.Ebnm;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Whether the grid of a prior still fits the pseudo-data of a later sweep (docs/ebmf.md, "Factor by factor where order or grid matter").
/// </summary>
internal static class PriorGrid
{
    // The most extreme of a million standard normal observations is hardly ever beyond this.
    private const double FarthestDeviation = 5;

    /// <summary>Whether no observation lies so far outside the grid that its noise cannot have put it there.</summary>
    public static bool Covers(Prior prior, in ObservationSummary summary)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var component in prior.Components)
        {
            var (from, to) = component.Kind switch
            {
                ComponentKind.Uniform => (component.Low, component.High),

                // Two standard deviations of the widest normal, as the reference asks.
                ComponentKind.Normal => (component.Location - (2 * component.Scale), component.Location + (2 * component.Scale)),
                _ => (component.Location, component.Location),
            };
            low = double.Min(low, from);
            high = double.Max(high, to);
        }

        var noise = FarthestDeviation * summary.MaxS;
        var sign = EbnmFamilies.Get(prior.Family).Traits.Sign;
        return summary.Count == 0 || ((sign > 0 || summary.MinX >= low - noise) && (sign < 0 || summary.MaxX <= high + noise));
    }
}
