using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// What the M-step of a Gamma mixture needs, summed over rows (columns) i with responsibilities r_ik: sum r_ik, sum r_ik E[log x_il | k],
/// sum r_ik E[x_il | k].
/// </summary>
internal sealed class ConjugateGammaStatistics(double[] counts, double[] logs, double[] means)
{
    public ConjugateGammaStatistics(int components, int factors)
        : this(new double[components], new double[components * factors], new double[components * factors])
    {
    }

    public double[] Counts { get; } = counts;

    public double[] Logs { get; } = logs;

    public double[] Means { get; } = means;

    public static ConjugateGammaStatistics Read(ArraySet from, ConjugateStatisticsKeys keys) =>
        new(from.Get(keys.Counts), from.Get(keys.Logs), from.Get(keys.Means));

    public void Write(ArraySet to, ConjugateStatisticsKeys keys) => to.Set(keys.Counts, Counts).Set(keys.Logs, Logs).Set(keys.Means, Means);
}
