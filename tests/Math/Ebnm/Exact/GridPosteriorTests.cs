using System.Globalization;
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
        var lines = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Ebnm", "Exact", "grids.csv"))
            .Where(l => l.StartsWith(EbnmFamilies.Name(family) + ",", StringComparison.Ordinal)).ToArray();
        Assert.True(lines.Length > 50);
        var wrong = new List<string>();
        foreach (var line in lines)
        {
            var fields = line.Split(',');
            var prior = new Prior(family, Number(fields[1]), [.. fields[2].Split('|').Select(Component)]);
            double[] x = [Number(fields[3])], s = [Number(fields[4])], mean = [0], variance = [0], lfsr = [0], statistics = [];
            var logLikelihood = solver.Moments(prior, x, s, mean, variance);
            solver.FalseSignRates(prior, x, s, lfsr);
            var deviation = Number(fields[7]);

            // A mean that is small because two sides cancel is right beside the deviation; one near a mode beside the mode.
            Check("log-likelihood", Number(fields[5]), logLikelihood, 0);
            Check("mean", Number(fields[6]), mean[0], (1e-15 * double.Abs(prior.Mode)) + (1e-13 * deviation));
            Check("lfsr", Number(fields[8]), lfsr[0], 0);
            Assert.InRange(lfsr[0], 0, 1);

            // The square of a deviation beyond these is no normal number.
            if (deviation is > 1e-145 and < 1e145)
            {
                Check("sd", deviation, double.Sqrt(variance[0]), 0);
            }

            Array.Resize(ref statistics, solver.StatisticsLength(prior));
            solver.Accumulate(prior, x, s, mean, variance, statistics);
            Check("accumulated log-likelihood", Number(fields[5]), statistics[GridStatistics.LogLikelihood], 0);
            Assert.True(Array.TrueForAll(statistics, v => double.IsFinite(v) || family == PriorFamily.Npmle), line);

            void Check(string what, double expected, double actual, double slack)
            {
                // Numbers below the normal range have fewer digits.
                if (!(double.Abs(actual - expected) <= (Tolerance * double.Abs(expected)) + slack + 3e-308))
                {
                    wrong.Add($"{what} {actual:R}, not {expected:R}: {line}");
                }
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {lines.Length} lines:\n{string.Join('\n', wrong.Take(20))}");
    }

    private static PriorComponent Component(string text)
    {
        var parts = text.Split(':');
        var kind = Enum.Parse<ComponentKind>(parts[0], ignoreCase: true);
        return new PriorComponent(kind, Number(parts[1]), Number(parts[2]), Number(parts[3]), Number(parts[4]), Number(parts[5]));
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
