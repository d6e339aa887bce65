using FitCluster.Math.Models;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Messages;

namespace FitCluster.Models.Nb;

/// <summary>The mathematics that the kind nb stands on.</summary>
/// <param name="Model">Makes the model of options.</param>
/// <param name="Draws">Makes the posterior's draws of options and the coordinator's results.</param>
internal sealed record NbMethods(Func<NbOptions, IFitModel> Model, Func<NbOptions, ArraySet, INbDraws> Draws)
{
    /// <summary>Those of the two optimizers.</summary>
    public static NbMethods Own { get; } = new(
        options => options.Optimizer == NbOptimizer.Reference ? new NbReferenceModel(options) : new NbModel(options),
        (options, results) => options.Optimizer == NbOptimizer.Reference
            ? new NbReferencePosterior(options, results)
            : new NbPosterior(options, results));
}
