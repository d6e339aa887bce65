namespace FitCluster.Math.Ebnm;

/// <summary>pi0 delta_mode + (1 - pi0) (mode + Exponential with mean b).</summary>
internal sealed class PointExponential() : SpikeAndSlabFamily<ExponentialSlab>(PriorFamily.PointExponential, "an exponential");
