using FitCluster.Math.Ebnm;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Entries of which the data say nothing (a row without observations, a factor that is gone) have their prior's moments, and some families'
/// second moment is
/// infinite. Such an entry meets no observed datum, so its second moment counts
/// nowhere; but sums over all entries, from which missing ones are taken out, need it finite.
/// </summary>
internal static class Uninformed
{
    /// <summary>
    /// A sum of second moments below this says nothing: under a slab that has lost all but 1e-300 of its weight, moments are tiny and not
    /// zero, and 1 / s^2 taken from them leaves the range of doubles.
    /// </summary>
    public const double LeastInformation = 1e-100;

    /// <summary>Replaces an infinite variance by 0.</summary>
    public static void MakeFinite(IEbnmFamily family, Span<double> variance)
    {
        for (var i = 0; family.Traits.HasInfiniteMoments && i < variance.Length; i++)
        {
            variance[i] = double.IsFinite(variance[i]) ? variance[i] : 0;
        }
    }
}
