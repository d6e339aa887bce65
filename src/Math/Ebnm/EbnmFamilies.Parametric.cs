namespace FitCluster.Math.Ebnm;

public static partial class EbnmFamilies
{
    private static partial IEnumerable<IEbnmFamily> Parametric() => [];
}
