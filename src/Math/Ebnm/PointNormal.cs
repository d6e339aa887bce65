namespace FitCluster.Math.Ebnm;

/// <summary>pi0 delta_mode + (1 - pi0) N(mode, sigma^2).</summary>
internal sealed class PointNormal() : SpikeAndSlabFamily<NormalSlab>(PriorFamily.PointNormal, "a normal");
