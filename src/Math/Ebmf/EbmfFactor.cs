using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// What the coordinator holds of one factor. Arrays have one value for each column of the data and are never written to
/// once they are set: an update makes new ones.
/// </summary>
internal sealed class EbmfFactor
{
    private static readonly int ScalarCount = Enum.GetValues<FactorField>().Length;

    /// <summary>Posterior means of the accepted state, E f_j.</summary>
    public required double[] Mean { get; set; }

    /// <summary>Posterior variances of the accepted state.</summary>
    public required double[] Variance { get; set; }

    /// <summary>Means and variances of the accepted state before; null before the second sweep.</summary>
    public double[]? PreviousMean { get; set; }

    /// <summary>See <see cref="PreviousMean"/>.</summary>
    public double[]? PreviousVariance { get; set; }

    /// <summary>The proposal under judgement.</summary>
    public double[]? ProposedMean { get; set; }

    /// <summary>See <see cref="ProposedMean"/>.</summary>
    public double[]? ProposedVariance { get; set; }

    /// <summary>Local false sign rates of the factor, from the final sweep.</summary>
    public double[]? FalseSignRate { get; set; }

    /// <summary>The loadings prior that the pending or the last sweep used.</summary>
    public Prior? LoadingsPrior { get; set; }

    /// <summary>The loadings prior one EM step on from the accepted state: never worse there.</summary>
    public Prior? LoadingsPriorEm { get; set; }

    /// <summary>The loadings prior one Newton step on from the accepted state: better as a rule, but to be checked.</summary>
    public Prior? LoadingsPriorNewton { get; set; }

    /// <summary>The loadings prior of the accepted state.</summary>
    public Prior? AcceptedLoadingsPrior { get; set; }

    /// <summary>The factor's own prior in the accepted state.</summary>
    public Prior? FactorsPrior { get; set; }

    /// <summary>The factor's own prior in the proposal.</summary>
    public Prior? ProposedFactorsPrior { get; set; }

    /// <summary>Minus the Kullback-Leibler divergence of the loadings' posterior from their prior, accepted and proposed.</summary>
    public double KlLoadings { get; set; }

    /// <summary>See <see cref="KlLoadings"/>.</summary>
    public double ProposedKlLoadings { get; set; }

    /// <summary>The same for the factor.</summary>
    public double KlFactors { get; set; }

    /// <summary>See <see cref="KlFactors"/>.</summary>
    public double ProposedKlFactors { get; set; }

    /// <summary>X'l of the accepted state (weighted), one for each column.</summary>
    public double[]? CrossProduct { get; set; }

    /// <summary>The sum of E l^2 (weighted) of the accepted state: one number, and with missing entries one more for each column.</summary>
    public double SumSecond { get; set; }

    /// <summary>See <see cref="SumSecond"/>.</summary>
    public double[]? SumSecondByColumn { get; set; }

    /// <summary>The same three sums of the sweep under way.</summary>
    public double[]? ProposedCrossProduct { get; set; }

    /// <summary>See <see cref="ProposedCrossProduct"/>.</summary>
    public double ProposedSumSecond { get; set; }

    /// <summary>See <see cref="ProposedCrossProduct"/>.</summary>
    public double[]? ProposedSumSecondByColumn { get; set; }

    /// <summary>Whether it has fixed entries, by the options; such factors come first.</summary>
    public required bool IsFixed { get; init; }

    /// <summary>Whether the accepted factor is entirely zero on one side.</summary>
    public bool IsZero { get; set; }

    /// <summary>Whether the proposed factor is.</summary>
    public bool ProposedIsZero { get; set; }

    /// <summary>Sum of E l^2 over all rows, unweighted (for the proportion of variance explained).</summary>
    public double PlainSumSecond { get; set; }

    /// <summary>The sum of squares that the factor explains: sum_i E l_i^2 sum_j E f_j^2.</summary>
    public double Explained => PlainSumSecond * (Variance.Sum() + Mean.Sum(m => m * m));

    /// <summary>The same of the proposal.</summary>
    public double ProposedPlainSumSecond { get; set; }

    /// <summary>The family of the loadings' prior.</summary>
    public required PriorFamily LoadingsFamily { get; init; }

    /// <summary>The family of the factor's prior.</summary>
    public required PriorFamily FactorsFamily { get; init; }

    /// <summary>While a prior is being fitted at fixed pseudo-data: an EM step on from the best one so far.</summary>
    public Prior? BestPriorEm { get; set; }

    /// <summary>The next loadings priors as the proposal's sweep suggests them; they count once it is accepted.</summary>
    public Prior? ProposedPriorEm { get; set; }

    /// <summary>See <see cref="ProposedPriorEm"/>.</summary>
    public Prior? ProposedPriorNewton { get; set; }

    /// <summary>Writes the factor as the one of an index.</summary>
    public void Write(ArraySet to, int k)
    {
        var scalars = new double[ScalarCount];
        scalars[(int)FactorField.KlLoadings] = KlLoadings;
        scalars[(int)FactorField.ProposedKlLoadings] = ProposedKlLoadings;
        scalars[(int)FactorField.KlFactors] = KlFactors;
        scalars[(int)FactorField.ProposedKlFactors] = ProposedKlFactors;
        scalars[(int)FactorField.SumSecond] = SumSecond;
        scalars[(int)FactorField.ProposedSumSecond] = ProposedSumSecond;
        scalars[(int)FactorField.PlainSumSecond] = PlainSumSecond;
        scalars[(int)FactorField.ProposedPlainSumSecond] = ProposedPlainSumSecond;
        scalars[(int)FactorField.IsFixed] = IsFixed ? 1 : 0;
        scalars[(int)FactorField.IsZero] = IsZero ? 1 : 0;
        scalars[(int)FactorField.ProposedIsZero] = ProposedIsZero ? 1 : 0;
        scalars[(int)FactorField.LoadingsFamily] = (int)LoadingsFamily;
        scalars[(int)FactorField.FactorsFamily] = (int)FactorsFamily;
        to.Set(FactorKeys.Scalars.At(k), scalars);
        Put(FactorKeys.Mean, Mean);
        Put(FactorKeys.Variance, Variance);
        Put(FactorKeys.PreviousMean, PreviousMean);
        Put(FactorKeys.PreviousVariance, PreviousVariance);
        Put(FactorKeys.ProposedMean, ProposedMean);
        Put(FactorKeys.ProposedVariance, ProposedVariance);
        Put(FactorKeys.FalseSignRate, FalseSignRate);
        Put(FactorKeys.CrossProduct, CrossProduct);
        Put(FactorKeys.SumSecondByColumn, SumSecondByColumn);
        Put(FactorKeys.ProposedCrossProduct, ProposedCrossProduct);
        Put(FactorKeys.ProposedSumSecondByColumn, ProposedSumSecondByColumn);
        Put(FactorKeys.LoadingsPrior, LoadingsPrior is null ? null : PriorCodec.Encode(LoadingsPrior));
        Put(FactorKeys.LoadingsPriorEm, LoadingsPriorEm is null ? null : PriorCodec.Encode(LoadingsPriorEm));
        Put(FactorKeys.LoadingsPriorNewton, LoadingsPriorNewton is null ? null : PriorCodec.Encode(LoadingsPriorNewton));
        Put(FactorKeys.AcceptedLoadingsPrior, AcceptedLoadingsPrior is null ? null : PriorCodec.Encode(AcceptedLoadingsPrior));
        Put(FactorKeys.FactorsPrior, FactorsPrior is null ? null : PriorCodec.Encode(FactorsPrior));
        Put(FactorKeys.ProposedFactorsPrior, ProposedFactorsPrior is null ? null : PriorCodec.Encode(ProposedFactorsPrior));
        Put(FactorKeys.BestPriorEm, BestPriorEm is null ? null : PriorCodec.Encode(BestPriorEm));
        Put(FactorKeys.ProposedPriorEm, ProposedPriorEm is null ? null : PriorCodec.Encode(ProposedPriorEm));
        Put(FactorKeys.ProposedPriorNewton, ProposedPriorNewton is null ? null : PriorCodec.Encode(ProposedPriorNewton));

        void Put(StateKey key, double[]? values)
        {
            if (values is not null)
            {
                to.Set(key.At(k), values);
            }
        }
    }

    /// <summary>Reads the factor of an index.</summary>
    public static EbmfFactor Read(ArraySet from, int k)
    {
        var scalars = from.Get(FactorKeys.Scalars.At(k));
        return new EbmfFactor
        {
            Mean = Array(FactorKeys.Mean)!,
            Variance = Array(FactorKeys.Variance)!,
            PreviousMean = Array(FactorKeys.PreviousMean),
            PreviousVariance = Array(FactorKeys.PreviousVariance),
            ProposedMean = Array(FactorKeys.ProposedMean),
            ProposedVariance = Array(FactorKeys.ProposedVariance),
            FalseSignRate = Array(FactorKeys.FalseSignRate),
            CrossProduct = Array(FactorKeys.CrossProduct),
            SumSecondByColumn = Array(FactorKeys.SumSecondByColumn),
            ProposedCrossProduct = Array(FactorKeys.ProposedCrossProduct),
            ProposedSumSecondByColumn = Array(FactorKeys.ProposedSumSecondByColumn),
            LoadingsPrior = Prior(FactorKeys.LoadingsPrior),
            LoadingsPriorEm = Prior(FactorKeys.LoadingsPriorEm),
            LoadingsPriorNewton = Prior(FactorKeys.LoadingsPriorNewton),
            AcceptedLoadingsPrior = Prior(FactorKeys.AcceptedLoadingsPrior),
            FactorsPrior = Prior(FactorKeys.FactorsPrior),
            ProposedFactorsPrior = Prior(FactorKeys.ProposedFactorsPrior),
            BestPriorEm = Prior(FactorKeys.BestPriorEm),
            ProposedPriorEm = Prior(FactorKeys.ProposedPriorEm),
            ProposedPriorNewton = Prior(FactorKeys.ProposedPriorNewton),
            KlLoadings = scalars[(int)FactorField.KlLoadings],
            ProposedKlLoadings = scalars[(int)FactorField.ProposedKlLoadings],
            KlFactors = scalars[(int)FactorField.KlFactors],
            ProposedKlFactors = scalars[(int)FactorField.ProposedKlFactors],
            SumSecond = scalars[(int)FactorField.SumSecond],
            ProposedSumSecond = scalars[(int)FactorField.ProposedSumSecond],
            PlainSumSecond = scalars[(int)FactorField.PlainSumSecond],
            ProposedPlainSumSecond = scalars[(int)FactorField.ProposedPlainSumSecond],
            IsFixed = scalars[(int)FactorField.IsFixed] != 0,
            IsZero = scalars[(int)FactorField.IsZero] != 0,
            ProposedIsZero = scalars[(int)FactorField.ProposedIsZero] != 0,
            LoadingsFamily = (PriorFamily)(int)scalars[(int)FactorField.LoadingsFamily],
            FactorsFamily = (PriorFamily)(int)scalars[(int)FactorField.FactorsFamily],
        };

        double[]? Array(StateKey key) => from.Has(key.At(k)) ? from.Get(key.At(k)) : null;

        Prior? Prior(StateKey key) => Array(key) is { } values ? PriorCodec.Decode(values) : null;
    }
}
