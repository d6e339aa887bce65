namespace FitCluster.Math.Svi;

/// <summary>
/// The epoch whose parameters are kept, to be restored at the end or after divergence: that of the lowest mean loss, the first one apart,
/// whose loss is mostly that of the starting values. The parameters themselves are their owner's to keep.
/// </summary>
/// <param name="Loss">Its loss; infinite where there is none yet.</param>
public readonly record struct BestEpoch(double Loss)
{
    /// <summary>Before the first epoch.</summary>
    public static BestEpoch None => new(double.PositiveInfinity);

    /// <summary>Whether an epoch takes its place.</summary>
    /// <param name="epoch">Which one, from 0.</param>
    /// <param name="loss">Its mean loss, finite.</param>
    public bool IsBeatenBy(long epoch, double loss) => epoch > 0 && loss < Loss;
}
