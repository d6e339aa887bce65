namespace FitCluster.Math.Ebnm;

/// <summary>theta ~ pi_0 delta_mode + mixtures of U(mode - a_k, mode) and U(mode, mode + a_k): any unimodal distribution.</summary>
public sealed class Unimodal : UnimodalFamily
{
    /// <inheritdoc/>
    public override PriorFamily Family => PriorFamily.Unimodal;

    /// <inheritdoc/>
    public override EbnmTraits Traits { get; } = new() { NeedsFullFits = true, IsAdaptiveShrinkage = true };

    /// <inheritdoc/>
    private protected override IReadOnlyList<(double Low, double High)> Supports { get; } = [(-1, 0), (0, 1)];
}
