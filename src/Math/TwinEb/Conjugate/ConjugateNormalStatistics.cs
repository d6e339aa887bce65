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

    public static ConjugateNormalStatistics Read(ArraySet from, string name) => new(from[name + ".counts"], from[name + ".means"], from[name + ".squares"]);

    public void Write(ArraySet to, string name) => to
        .Set(name + ".counts", Counts).Set(name + ".means", Means).Set(name + ".squares", Squares);
}
