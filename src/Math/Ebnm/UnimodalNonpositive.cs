namespace FitCluster.Math.Ebnm;

/// <summary>theta ~ pi_0 delta_mode + a mixture of U(mode - a_k, mode): any distribution increasing up to the mode.</summary>
public sealed class UnimodalNonpositive : UnimodalFamily
{
    /// <inheritdoc/>
    public override PriorFamily Family => PriorFamily.UnimodalNonpositive;

    /// <inheritdoc/>
    public override EbnmTraits Traits { get; } = new() { Sign = -1, NeedsFullFits = true, IsAdaptiveShrinkage = true };

    /// <inheritdoc/>
    private protected override IReadOnlyList<(double Low, double High)> Supports { get; } = [(-1, 0)];
}
