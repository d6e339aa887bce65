using FitCluster.Math.Ebnm;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm.Exact;

/// <summary>
/// Log-likelihood, mean, standard deviation and false sign rate against values of 50 digits and more, over the whole range:
/// z = |x - mode| / s from 0 to 1e150, s from 1e-150 to 1e150, scale / s from 1e-150 to 1e150, weights from 1e-200 to 1 - 1e-12.
/// </summary>
public sealed class ExactPosteriorTests
{
    private const double Tolerance = 1e-9;

    public static TheoryData<PriorFamily> Families =>
    [
        PriorFamily.Normal, PriorFamily.PointNormal, PriorFamily.PointLaplace, PriorFamily.PointExponential, PriorFamily.GeneralizedBinary,
        PriorFamily.Horseshoe, PriorFamily.Flat, PriorFamily.PointMass,
    ];

    [Theory]
    [MemberData(nameof(Families))]
    public void Posteriors_are_exact_to_1e_9_over_the_whole_range(PriorFamily family)
    {
        var solver = EbnmFamilies.Get(family);
        var table = ExactPosterior.Of(family, "posteriors.csv");
        Assert.NotEmpty(table);
        var wrong = new List<string>();
        foreach (var exact in table)
        {
            double[] x = [exact.X], s = [exact.S], mean = [0], variance = [0], lfsr = [0];
            var logLikelihood = solver.Moments(exact.Prior, x, s, mean, variance);
            solver.FalseSignRates(exact.Prior, x, s, lfsr);
            var deviation = PosteriorDeviations.Of(exact.Prior, x, s, variance)[0];
            if (family != PriorFamily.Flat)
            {
                Check("log-likelihood", exact.LogLikelihood, logLikelihood, 0);
            }

            // x - mode is rounded where both are large beside theta.
            Check("mean", exact.Mean, mean[0], 1e-15 * double.Abs(exact.Prior.Mode));
            Check("sd", exact.Deviation, deviation, 0);
            Check("lfsr", exact.Lfsr, lfsr[0], double.Epsilon);

            void Check(string what, double expected, double actual, double slack)
            {
                // Numbers below the normal range have fewer digits.
                var allowed = (Tolerance * double.Abs(expected)) + slack + 3e-308;
                if (!(double.Abs(actual - expected) <= allowed))
                {
                    wrong.Add($"{what} {actual:R}, not {expected:R}: {exact}");
                }
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {4 * table.Count}:\n{string.Join('\n', wrong.Take(40))}");
    }
}
