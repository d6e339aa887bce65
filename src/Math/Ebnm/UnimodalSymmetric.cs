namespace FitCluster.Math.Ebnm;

/// <summary>theta ~ pi_0 delta_mode + a mixture of U(mode - a_k, mode + a_k): any symmetric unimodal distribution.</summary>
public sealed class UnimodalSymmetric : UnimodalFamily
{
    /// <inheritdoc/>
    public override PriorFamily Family => PriorFamily.UnimodalSymmetric;

    /// <inheritdoc/>
    public override EbnmTraits Traits { get; } = new() { NeedsFullFits = true, IsAdaptiveShrinkage = true };

    /// <inheritdoc/>
    private protected override IReadOnlyList<(double Low, double High)> Supports { get; } = [(-1, 1)];
}
