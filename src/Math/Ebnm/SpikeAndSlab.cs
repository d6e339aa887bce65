namespace FitCluster.Math.Ebnm;

/// <summary>The parameters of a spike-and-slab prior: PointWeight delta_Mode + SlabWeight slab(Mode, Scale).</summary>
internal readonly record struct SpikeAndSlab(double PointWeight, double SlabWeight, double Scale, double Mode)
{
    // So that 1 / Unit is a number.
    private const int LeastExponent = -1000;

    /// <summary>From the log-odds of the slab; +-infinity are weights of exactly 1 and 0.</summary>
    public static SpikeAndSlab FromLogOdds(double logOdds, double scale, double mode) =>
        new(1 / (1 + double.Exp(logOdds)), 1 / (1 + double.Exp(-logOdds)), scale, mode);

    /// <summary>The power of two next below the scale: the unit of lengths in sums over observations; 1 for a scale of 0.</summary>
    public double Unit => Scale > 0 ? double.ScaleB(1, int.Max(double.ILogB(Scale), LeastExponent)) : 1;

    /// <summary>log(SlabWeight / PointWeight).</summary>
    public double LogOdds => double.Log(SlabWeight) - double.Log(PointWeight);

    /// <summary>Reads a prior's components: points count as the spike, the others as the slab.</summary>
    public static SpikeAndSlab Of(Prior prior)
    {
        double point = 0, slab = 0, scale = 1, mode = prior.Mode;
        foreach (var component in prior.Components)
        {
            if (component.Kind == ComponentKind.Point)
            {
                point += component.Weight;
                mode = component.Location;
            }
            else
            {
                slab += component.Weight;
                scale = component.Kind == ComponentKind.TruncatedNormal ? component.Location : component.Scale;
                mode = component.Kind == ComponentKind.TruncatedNormal ? mode : component.Location;
            }
        }

        return new SpikeAndSlab(point, slab, scale, mode);
    }
}
