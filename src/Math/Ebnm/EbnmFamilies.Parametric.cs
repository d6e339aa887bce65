namespace FitCluster.Math.Ebnm;

public static partial class EbnmFamilies
{
    private static partial IEnumerable<IEbnmFamily> Parametric() =>
    [
        new Normal(),
        new PointNormal(),
        new PointLaplace(),
        new PointExponential(),
        new GeneralizedBinary(),
        new Horseshoe(),
        new Flat(),
        new PointMass(),
    ];
}
