namespace FitCluster.Math.Ebmf;

/// <summary>
/// The scalars of a factor at the coordinator, in the array <see cref="FactorKeys.Scalars"/>; see the properties of
/// <see cref="EbmfFactor"/>.
/// </summary>
internal enum FactorField
{
    KlLoadings,
    ProposedKlLoadings,
    KlFactors,
    ProposedKlFactors,
    SumSecond,
    ProposedSumSecond,
    PlainSumSecond,
    ProposedPlainSumSecond,
    IsFixed,
    IsZero,
    ProposedIsZero,
    LoadingsFamily,
    FactorsFamily,
}
