using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>
/// A small simulated matrix with clusters of rows and columns, a validation mask and held-out rows; and the rates it was drawn from.
/// </summary>
internal sealed class ConjugateProblem
{
    public ConjugateProblem(ulong seed, bool gaussian = false, int rows = 60, int columns = 40, double scale = 1,
        double dispersion = double.PositiveInfinity, bool validates = true, bool isUnstructured = false)
    {
        const int Factors = 3;
        double Side(ulong stream, int entity, int factor)
        {
            var cluster = entity % 4;
            var level = gaussian
                ? 1.5 * Philox.Normal(seed, stream, (ulong)((cluster * Factors) + factor))
                : (cluster + factor) % 3 == 0 ? 1.5 : 0.15;
            return gaussian
                ? level + (0.4 * Philox.Normal(seed, stream + 1, (ulong)((entity * Factors) + factor)))
                : level * ConjugateDraw.Gamma(5, seed, stream, 0, entity, factor) / 5;
        }

        (Y, Means) = (new double[rows][], new double[rows][]);
        for (var i = 0; i < rows; i++)
        {
            (Y[i], Means[i]) = (new double[columns], new double[columns]);
            for (var j = 0; j < columns; j++)
            {
                for (var l = 0; l < Factors; l++)
                {
                    Means[i][j] += Side(11, i, l) * Side(21, j, l);
                }

                Means[i][j] = scale * (isUnstructured ? ConjugateDraw.Gamma(2, seed, 42, 0, 0, j) : Means[i][j]);
                var theta = double.IsFinite(dispersion) ? ConjugateDraw.Gamma(dispersion, seed, 41, 0, i, j) / dispersion : 1;
                Y[i][j] = gaussian
                    ? Means[i][j] + Philox.Normal(seed, 31, (ulong)((i * columns) + j))
                    : Poisson(theta * Means[i][j], Philox.Uniform(seed, 32, (ulong)((i * columns) + j)));
            }
        }

        HeldOutFrom = rows * 4 / 5;
        Kind = (i, j) =>
        {
            var u = Philox.Uniform(seed, 33, (ulong)((i * columns) + j));
            return i < HeldOutFrom
                ? u < 0.15 ? (int)(validates ? HeldOutKind.Validation : HeldOutKind.Ignored)
                    : gaussian && u > 0.9 ? (int)HeldOutKind.Ignored : 0
                : u < 0.3 ? (int)HeldOutKind.Test : u < 0.4 ? (int)HeldOutKind.Ignored : 0;
        };
        Options = new TwinEbOptions
        {
            Rows = rows,
            Columns = columns,
            Factors = Factors,
            Likelihood = gaussian ? TwinEbLikelihood.Gaussian : TwinEbLikelihood.Poisson,
            RowComponents = 6,
            ColumnComponents = 5,
            HeldOutSamples = 40,
            Seed = seed,
        };
    }

    public double[][] Y { get; }

    public double[][] Means { get; }

    public int HeldOutFrom { get; }

    public Func<int, int, int> Kind { get; }

    public TwinEbOptions Options { get; }

    /// <summary>Large counts that vary far more than Poisson's.</summary>
    public static ConjugateProblem Overdispersed(ulong seed) => new(seed, rows: 100, columns: 60, scale: 40, dispersion: 0.8);

    public ShardData[] Shards(int count = 1, bool dense = false, UnstoredEntries unstored = UnstoredEntries.Zero) =>
        ConjugateFit.Shards(Y, Kind, HeldOutFrom, count, unstored, dense);

    // By inversion of the distribution function; of large means near enough, a logistic number.
    private static double Poisson(double mean, double uniform)
    {
        if (mean > 100)
        {
            return double.Max(0, double.Floor(mean + (double.Sqrt(mean) * double.Log(uniform / (1 - uniform)) / 1.7)));
        }

        var (x, p) = (0, double.Exp(-mean));
        for (var sum = p; sum < uniform && x < 1000; sum += p)
        {
            x++;
            p *= mean / x;
        }

        return x;
    }
}
