using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>What the M-step of a normal mixture needs: sum r_ik, sum r_ik E x_il, sum r_ik E x_il^2.</summary>
internal sealed class ConjugateNormalStatistics(double[] counts, double[] means, double[] squares)
{
    public ConjugateNormalStatistics(int components, int factors)
        : this(new double[components], new double[components * factors], new double[components * factors])
    {
    }

    public double[] Counts { get; } = counts;

    public double[] Means { get; } = means;

    public double[] Squares { get; } = squares;

    public static ConjugateNormalStatistics Read(ArraySet from, ConjugateStatisticsKeys keys) =>
        new(from.Get(keys.Counts), from.Get(keys.Means), from.Get(keys.Squares));

    public void Write(ArraySet to, ConjugateStatisticsKeys keys) =>
        to.Set(keys.Counts, Counts).Set(keys.Means, Means).Set(keys.Squares, Squares);
}
