using FitCluster.Math.Ebnm;

namespace FitCluster.Cli.Ebnm;

/// <summary>Local false discovery rates, q-values and s-values of the families of adaptive shrinkage (Stephens 2017).</summary>
internal sealed record FalseDiscovery(double[] LocalRates, double[] QValues, double[] SValues)
{
    /// <summary>Null for the other families.</summary>
    public static FalseDiscovery? Of(Prior prior, double[] x, double[] s)
    {
        if (!EbnmFamilies.Get(prior.Family).Traits.IsAdaptiveShrinkage)
        {
            return null;
        }

        var shrinkage = AdaptiveShrinkage.Compute(prior, x, s);
        return new FalseDiscovery(shrinkage.LocalFalseDiscoveryRate, shrinkage.QValue, shrinkage.SValue);
    }
}
