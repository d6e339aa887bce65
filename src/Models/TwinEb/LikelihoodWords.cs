using FitCluster.Math.TwinEb;
using FitCluster.Models.Spec;

namespace FitCluster.Models.TwinEb;

/// <summary>The likelihoods as specs and results name them.</summary>
internal static class LikelihoodWords
{
    private static readonly string[] Words = ["poisson", "negative_binomial", "gaussian"];

    /// <summary>The type of the field.</summary>
    public static SpecType<TwinEbLikelihood> Type { get; } = SpecTypes.Choice<TwinEbLikelihood>(Words);

    /// <summary>The word for one.</summary>
    public static string Of(TwinEbLikelihood likelihood) => Words[(int)likelihood];
}
