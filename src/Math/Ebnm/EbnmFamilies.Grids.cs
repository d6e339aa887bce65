namespace FitCluster.Math.Ebnm;

public static partial class EbnmFamilies
{
    private static partial IEnumerable<IEbnmFamily> Grids() =>
    [
        new NormalScaleMixture(), new Unimodal(), new UnimodalSymmetric(), new UnimodalNonnegative(), new UnimodalNonpositive(),
        new Npmle(),
        new Deconvolver(),
    ];
}
