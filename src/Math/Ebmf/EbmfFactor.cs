using FitCluster.Math.Ebnm;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// What the coordinator holds of one factor. Arrays have one value for each column of the data and are never written to
/// once they are set: an update makes new ones.
/// </summary>
internal sealed class EbmfFactor
{
    /// <summary>Posterior means of the accepted state, E f_j.</summary>
    public required double[] Mean { get; set; }

    /// <summary>Second moments of the accepted state, E f_j^2.</summary>
    public required double[] Second { get; set; }

    /// <summary>Means and second moments of the accepted state before; null before the second sweep.</summary>
    public double[]? PreviousMean { get; set; }

    /// <summary>See <see cref="PreviousMean"/>.</summary>
    public double[]? PreviousSecond { get; set; }

    /// <summary>The proposal under judgement.</summary>
    public double[]? ProposedMean { get; set; }

    /// <summary>See <see cref="ProposedMean"/>.</summary>
    public double[]? ProposedSecond { get; set; }

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

    /// <summary>Index among the options' fixed factors, or -1.</summary>
    public int FixedIndex { get; set; } = -1;

    /// <summary>Whether the accepted factor is entirely zero on one side.</summary>
    public bool IsZero { get; set; }

    /// <summary>Whether the proposed factor is.</summary>
    public bool ProposedIsZero { get; set; }

    /// <summary>Sum of E l^2 over all rows, unweighted (for the proportion of variance explained).</summary>
    public double PlainSumSecond { get; set; }

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

    public void Write(ArraySet to, int k)
    {
        var name = $"factor.{k}.";
        to.Set(name + "scalars", [KlLoadings, ProposedKlLoadings, KlFactors, ProposedKlFactors, SumSecond, FixedIndex, IsZero ? 1 : 0, PlainSumSecond,
            ProposedPlainSumSecond, (int)LoadingsFamily, (int)FactorsFamily, ProposedSumSecond, ProposedIsZero ? 1 : 0]);
        Array(to, name + "mean", Mean);
        Array(to, name + "second", Second);
        Array(to, name + "previousMean", PreviousMean);
        Array(to, name + "previousSecond", PreviousSecond);
        Array(to, name + "proposedMean", ProposedMean);
        Array(to, name + "proposedSecond", ProposedSecond);
        Array(to, name + "falseSignRate", FalseSignRate);
        Array(to, name + "crossProduct", CrossProduct);
        Array(to, name + "sumSecondByColumn", SumSecondByColumn);
        Array(to, name + "proposedCrossProduct", ProposedCrossProduct);
        Array(to, name + "proposedSumSecondByColumn", ProposedSumSecondByColumn);
        Write(to, name + "loadingsPrior", LoadingsPrior);
        Write(to, name + "loadingsPriorEm", LoadingsPriorEm);
        Write(to, name + "loadingsPriorNewton", LoadingsPriorNewton);
        Write(to, name + "acceptedLoadingsPrior", AcceptedLoadingsPrior);
        Write(to, name + "factorsPrior", FactorsPrior);
        Write(to, name + "proposedFactorsPrior", ProposedFactorsPrior);
        Write(to, name + "bestPriorEm", BestPriorEm);
        Write(to, name + "proposedPriorEm", ProposedPriorEm);
        Write(to, name + "proposedPriorNewton", ProposedPriorNewton);
    }

    public static EbmfFactor Read(ArraySet from, int k)
    {
        var name = $"factor.{k}.";
        var scalars = from[name + "scalars"];
        return new EbmfFactor
        {
            Mean = from[name + "mean"],
            Second = from[name + "second"],
            PreviousMean = Array(from, name + "previousMean"),
            PreviousSecond = Array(from, name + "previousSecond"),
            ProposedMean = Array(from, name + "proposedMean"),
            ProposedSecond = Array(from, name + "proposedSecond"),
            FalseSignRate = Array(from, name + "falseSignRate"),
            CrossProduct = Array(from, name + "crossProduct"),
            SumSecondByColumn = Array(from, name + "sumSecondByColumn"),
            LoadingsPrior = ReadPrior(from, name + "loadingsPrior"),
            LoadingsPriorEm = ReadPrior(from, name + "loadingsPriorEm"),
            LoadingsPriorNewton = ReadPrior(from, name + "loadingsPriorNewton"),
            AcceptedLoadingsPrior = ReadPrior(from, name + "acceptedLoadingsPrior"),
            FactorsPrior = ReadPrior(from, name + "factorsPrior"),
            ProposedFactorsPrior = ReadPrior(from, name + "proposedFactorsPrior"),
            KlLoadings = scalars[0],
            ProposedKlLoadings = scalars[1],
            KlFactors = scalars[2],
            ProposedKlFactors = scalars[3],
            SumSecond = scalars[4],
            FixedIndex = (int)scalars[5],
            IsZero = scalars[6] != 0,
            PlainSumSecond = scalars[7],
            ProposedPlainSumSecond = scalars[8],
            LoadingsFamily = (PriorFamily)(int)scalars[9],
            FactorsFamily = (PriorFamily)(int)scalars[10],
            ProposedSumSecond = scalars[11],
            ProposedIsZero = scalars[12] != 0,
            ProposedCrossProduct = Array(from, name + "proposedCrossProduct"),
            ProposedSumSecondByColumn = Array(from, name + "proposedSumSecondByColumn"),
            BestPriorEm = ReadPrior(from, name + "bestPriorEm"),
            ProposedPriorEm = ReadPrior(from, name + "proposedPriorEm"),
            ProposedPriorNewton = ReadPrior(from, name + "proposedPriorNewton"),
        };
    }

    private static void Array(ArraySet to, string name, double[]? values)
    {
        if (values is not null)
        {
            to.Set(name, values);
        }
    }

    private static double[]? Array(ArraySet from, string name) => from.Contains(name) ? from[name] : null;

    private static void Write(ArraySet to, string name, Prior? prior)
    {
        if (prior is not null)
        {
            to.Set(name, PriorCodec.Encode(prior));
        }
    }

    private static Prior? ReadPrior(ArraySet from, string name) => from.Contains(name) ? PriorCodec.Decode(from[name]) : null;
}
