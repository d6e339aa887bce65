namespace FitCluster.Math.Ebnm;

/// <summary>pi0 delta_0 + (1 - pi0) N+(mu, (0.1 mu)^2), mu between min(s) / 10 and max(x - s) (Willwerscheid et al. 2021).</summary>
internal sealed class GeneralizedBinary()
    : SpikeAndSlabFamily<BinarySlab>(PriorFamily.GeneralizedBinary, "a truncated_normal", isLocated: false, climbs: false);
