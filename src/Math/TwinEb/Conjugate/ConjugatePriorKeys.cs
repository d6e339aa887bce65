using FitCluster.Math.Models;

namespace FitCluster.Math.TwinEb;

/// <summary>The arrays of one side's prior.</summary>
/// <param name="side">The side, as in "rowPrior".</param>
/// <param name="scope">The scope, as in "best"; "" for the present one.</param>
internal sealed class ConjugatePriorKeys(string side, string scope = "")
{
    public StateKey Weights { get; } = Of(side, scope, "weights");

    // Gamma components.
    public StateKey Shapes { get; } = Of(side, scope, "shapes");

    public StateKey Rates { get; } = Of(side, scope, "rates");

    public StateKey CentreShapes { get; } = Of(side, scope, "centreShapes");

    public StateKey CentreRates { get; } = Of(side, scope, "centreRates");

    // Normal components.
    public StateKey Means { get; } = Of(side, scope, "means");

    public StateKey Variances { get; } = Of(side, scope, "variances");

    public StateKey CentreMeans { get; } = Of(side, scope, "centreMeans");

    public StateKey CentreVariances { get; } = Of(side, scope, "centreVariances");

    /// <summary>What a Gamma mixture has.</summary>
    public StateKey[] Gamma => [Weights, Shapes, Rates, CentreShapes, CentreRates];

    /// <summary>What a normal mixture has.</summary>
    public StateKey[] Normal => [Weights, Means, Variances, CentreMeans, CentreVariances];

    /// <summary>The same side in a scope.</summary>
    public ConjugatePriorKeys In(string other) => other.Length == 0 ? this : new ConjugatePriorKeys(side, other);

    private static StateKey Of(string side, string scope, string name) => new StateKey($"{side}.{name}").In(scope);
}
