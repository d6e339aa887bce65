using FitCluster.Math.Ebnm;

namespace FitCluster.Cli.Ebnm;

/// <summary>Local false discovery rates, q-values and s-values, of the families that have them.</summary>
internal sealed record FalseDiscovery(double[] LocalRates, double[] QValues, double[] SValues)
{
    public static FalseDiscovery? Of(Prior prior, double[] x, double[] s, double[] lfsr) => null;
}
