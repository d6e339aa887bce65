using FitCluster.Math.Ebnm;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm.Exact;

/// <summary>
/// Log-likelihood, mean, standard deviation and false sign rate under given mixtures of points, normals and uniforms, against values of 50
/// digits and more (grids.csv, by generate_grids.py): z from 0 to 1e150, s from 1e-150 to 1e150, scales and widths from far below to
/// far above s.
/// </summary>
public sealed class GridPosteriorTests
{
    private const double Tolerance = 1e-9;

    public static TheoryData<PriorFamily> Families =>
    [
        PriorFamily.NormalScaleMixture, PriorFamily.Npmle, PriorFamily.Unimodal, PriorFamily.UnimodalSymmetric,
        PriorFamily.UnimodalNonnegative, PriorFamily.UnimodalNonpositive,
    ];

    [Theory]
    [MemberData(nameof(Families))]
    public void Posteriors_of_grid_families_are_exact_to_1e_9_over_the_whole_range(PriorFamily family)
    {
        var solver = EbnmFamilies.Get(family);
        var table = ExactPosterior.Of(family, "grids.csv");
        Assert.True(table.Count > 50);
        var wrong = new List<string>();
        foreach (var exact in table)
        {
            var prior = exact.Prior;
            double[] x = [exact.X], s = [exact.S], mean = [0], variance = [0], lfsr = [0];
            var logLikelihood = solver.Moments(prior, x, s, mean, variance);
            solver.FalseSignRates(prior, x, s, lfsr);

            // A mean that is small because two sides cancel is right beside the deviation; one near a mode beside the mode.
            Check("log-likelihood", exact.LogLikelihood, logLikelihood, 0);
            Check("mean", exact.Mean, mean[0], (1e-15 * double.Abs(prior.Mode)) + (1e-13 * exact.Deviation));
            Check("lfsr", exact.Lfsr, lfsr[0], 0);
            Assert.InRange(lfsr[0], 0, 1);

            // The square of a deviation beyond these is no normal number.
            if (exact.Deviation is > 1e-145 and < 1e145)
            {
                Check("sd", exact.Deviation, double.Sqrt(variance[0]), 0);
            }

            var statistics = new double[solver.StatisticsLength(prior)];
            solver.Accumulate(prior, x, s, mean, variance, statistics);
            Check("accumulated log-likelihood", exact.LogLikelihood, statistics[GridStatistics.LogLikelihood], 0);
            Assert.True(Array.TrueForAll(statistics, v => double.IsFinite(v) || family == PriorFamily.Npmle), exact.ToString());

            void Check(string what, double expected, double actual, double slack)
            {
                // Numbers below the normal range have fewer digits.
                if (!(double.Abs(actual - expected) <= (Tolerance * double.Abs(expected)) + slack + 3e-308))
                {
                    wrong.Add($"{what} {actual:R}, not {expected:R}: {exact}");
                }
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {table.Count} lines:\n{string.Join('\n', wrong.Take(20))}");
    }
}
