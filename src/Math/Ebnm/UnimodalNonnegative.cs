namespace FitCluster.Math.Ebnm;

/// <summary>theta ~ pi_0 delta_mode + a mixture of U(mode, mode + a_k): any distribution decreasing from the mode.</summary>
public sealed class UnimodalNonnegative : UnimodalFamily
{
    /// <inheritdoc/>
    public override PriorFamily Family => PriorFamily.UnimodalNonnegative;

    /// <inheritdoc/>
    public override EbnmTraits Traits { get; } = new() { Sign = 1, NeedsFullFits = true, IsAdaptiveShrinkage = true };

    /// <inheritdoc/>
    private protected override IReadOnlyList<(double Low, double High)> Supports { get; } = [(0, 1)];
}
