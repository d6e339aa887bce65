namespace FitCluster.Math.TwinEb;

/// <summary>The likelihoods by their names.</summary>
internal static class ConjugateLikelihoods
{
    /// <summary>The one that the options name.</summary>
    public static IConjugateLikelihood Of(TwinEbOptions options) => options.Likelihood switch
    {
        TwinEbLikelihood.Gaussian => new ConjugateGaussian(options),
        TwinEbLikelihood.NegativeBinomial => new ConjugateNegativeBinomial(options),
        _ => new ConjugatePoisson(options),
    };
}
