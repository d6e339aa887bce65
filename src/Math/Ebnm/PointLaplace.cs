namespace FitCluster.Math.Ebnm;

/// <summary>pi0 delta_mode + (1 - pi0) Laplace(mode, b).</summary>
internal sealed class PointLaplace() : SpikeAndSlabFamily<LaplaceSlab>(PriorFamily.PointLaplace, "a laplace");
