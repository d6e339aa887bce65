namespace FitCluster.Math.Ebnm;

/// <summary>N(mode, sigma^2). sigma = 0, the point mass, is returned when no sigma is better.</summary>
internal sealed class Normal() : SpikeAndSlabFamily<NormalSlab>(PriorFamily.Normal, "one normal", hasSpike: false);
