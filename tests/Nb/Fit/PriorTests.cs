using FitCluster.Math.NegativeBinomial;
using Xunit;

namespace FitCluster.Nb.Tests.Fit;

/// <summary>Integrals over scales against sums on fine grids, their derivatives against differences; draws against moments.</summary>
public sealed class PriorTests
{
    public static TheoryData<int, double, double, double> Places => new()
    {
        { 1, 0.3, 0.9, 0 }, { 1, 1e-6, 1e-6, 0 }, { 2, 0.04, 1.2, 0.3 }, { 4, 7.0, 0.4, -2 }, { 3, 1e-4, 30.0, -4 },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public void Integrals_over_variances_are_those_of_a_fine_grid(int leaves, double within, double between, double logTau)
    {
        foreach (var family in (NbFamily[])[NbFamily.Neg, NbFamily.Horseshoe])
        {
            var block = Block(family, leaves);
            var (value, expectedWithin, expectedBetween) = new ScaleNodes(block, logTau, 1.1).Integrate(within, between);
            Assert.Equal(Grid(block, logTau, within, between), value, 1e-9 * double.Max(1, double.Abs(value)));
            var step = 1e-3 * within;
            var slope = (At(within + step) - At(within - step)) / (2 * step);
            Assert.Equal(-2 * slope, expectedWithin, 1e-5 * double.Abs(expectedWithin) + 1e-9);
            if (block.BetweenCount > 0)
            {
                var up = new ScaleNodes(block, logTau, 1.1).Integrate(within, between + 1e-4).LogH;
                Assert.Equal(-2 * (up - value) / 1e-4, expectedBetween, 1e-4);
            }

            double At(double s) => new ScaleNodes(block, logTau, 1.1).Integrate(s, between).LogH;
        }
    }

    [Theory]
    [InlineData(0.5, 0.3)]
    [InlineData(0.0, 1.0)]
    [InlineData(0.02, 1e-3)]
    [InlineData(5.0, 0.5)]
    [InlineData(-0.4, 0.05)]
    public void Expectations_of_a_marginal_density_hold_at_its_spike(double mean, double sd)
    {
        foreach (var family in (NbFamily[])[NbFamily.Neg, NbFamily.Horseshoe])
        {
            var nodes = new ScaleNodes(Block(family, 0), -2, 1.1);
            var density = new MarginalDensity(MarginalDensity.Tabulate(nodes));
            var (value, byMean, byVariance) = density.Expect(mean, sd * sd);

            // Sums on a grid that is fine about 0 as well: delta = sinh.
            var (sum, total) = (0.0, 0.0);
            for (var x = -30.0; x <= 30; x += 0.0005)
            {
                var delta = 1e-9 * double.Sinh(x);
                var z = (delta - mean) / sd;
                if (double.Abs(z) < 12)
                {
                    var weight = double.Exp(-0.5 * z * z) * double.Cosh(x);
                    total += weight;
                    sum += weight * density.Expect(delta, 1e-22 * ((delta * delta) + 1e-30)).Value;
                }
            }

            Assert.Equal(sum / total, value, 2e-6);
            var h = 1e-3 * sd;
            Assert.Equal((density.Expect(mean + h, sd * sd).Value - density.Expect(mean - h, sd * sd).Value) / (2 * h), byMean, 1e-4 / sd);
            var v = 1e-3 * sd * sd;
            Assert.Equal(
                (density.Expect(mean, (sd * sd) + v).Value - density.Expect(mean, (sd * sd) - v).Value) / (2 * v), byVariance,
                    1e-4 / (sd * sd));
        }
    }

    [Fact]
    public void Draws_have_the_moments_and_modes_that_are_written()
    {
        var data = new Simulated(31, 60, 3, 2, 1, (d, _, g) => new NbDensity(1.5, 1 + g + d, 0.2, 0));
        var options = new NbOptions
        {
            Genes = 3, Cells = 60, Datasets = ["a", "b"], Capture = NbCapture.None, ZeroInflation = true,
            Priors = new NbPriors { MeanDatasets = new NbHierarchy(NbFamily.Gaussian) },
        };
        var results = new MemoryFit(new NbModel(options), data.Shards(1)).Results;
        var posterior = new NbPosterior(options, results);
        var draw = new NbDraw(2, 3);
        const int Draws = 4000;
        var (means, gates) = (new double[6], new double[6]);
        for (var i = 0; i < Draws; i++)
        {
            posterior.Fill(7, i, draw);
            for (var at = 0; at < 6; at++)
            {
                means[at] += draw.Mean[at] / Draws;
                gates[at] += draw.Gate[at] / Draws;
            }
        }

        for (var at = 0; at < 6; at++)
        {
            Assert.Equal(results["mean_mean"][at], means[at], 5 * results["mean_sd"][at] / double.Sqrt(Draws));
            Assert.Equal(results["gate_mean"][at], gates[at], 5 * results["gate_sd"][at] / double.Sqrt(Draws));
        }

        // The exp link: e^(m - s^2).
        var (m, s) = (results["gene_location"], results["gene_factor"]);
        Assert.Equal(double.Exp(m[0] - (s[0] * s[0])), results["mean_map"][0], 1e-12);
    }

    [Fact]
    public void Contradictions_are_listed_all_at_once()
    {
        var hierarchy = new NbHierarchy(NbFamily.Neg);
        var options = new NbOptions
        {
            Genes = 2, Cells = 5,
            Priors = new NbPriors
            {
                MeanComponents = hierarchy, GateGenes = hierarchy, OverdispersionGenes = hierarchy,
                DispersionDatasets = hierarchy
            },
        };
        var problem = Assert.Throws<ArgumentException>(() => new NbModel(options)).Message;
        Assert.Contains("2 components or more", problem, StringComparison.Ordinal);
        Assert.Contains("needs zero inflation", problem, StringComparison.Ordinal);
        Assert.Contains("needs overdispersion bnb", problem, StringComparison.Ordinal);
        Assert.Contains("needs mean_disp", problem, StringComparison.Ordinal);
    }

    // 0 leaves: one coordinate about a scalar.
    private static NbBlock Block(NbFamily family, int leaves)
    {
        var block = new NbBlock("test", new NbHierarchy(family) { U = 0.8, A = 1.3, Tau = 0.6 }, int.Max(leaves, 1));
        if (leaves < 2)
        {
            block.AddIndependent([0]);
        }
        else
        {
            block.AddExchangeable([.. Enumerable.Range(0, leaves)]);
        }

        return block;
    }

    // The midpoint rule in lambda's or psi's own quantiles: psi = tau x / (1 - x) has a beta prime density, lambda = tan(pi x / 2).
    private static double Grid(NbBlock block, double logTau, double within, double between)
    {
        var (sum, h) = (0.0, block.Hierarchy);
        const double Step = 0.002;
        for (var y = -40.0; y < 45; y += Step)
        {
            double logWeight, psi;
            if (h.Family == NbFamily.Neg)
            {
                psi = double.Exp(y);
                logWeight = MathNet.Numerics.SpecialFunctions.GammaLn(h.U + h.A) - MathNet.Numerics.SpecialFunctions.GammaLn(h.U) -
                    MathNet.Numerics.SpecialFunctions.GammaLn(h.A) + (h.A * double.Log(h.Tau)) + (h.U * y)
                        - ((h.U + h.A) * double.Log(psi + h.Tau));
            }
            else
            {
                var square = double.Exp(2 * (logTau + y));
                psi = square / (1 + (square / double.Exp(1.1)));
                logWeight = double.Log(2 / double.Pi) + y - double.Log(1 + double.Exp(2 * y));
            }

            var exponent = logWeight - (0.5 * block.WithinCount * double.Log(2 * double.Pi * psi)) - (within / (2 * psi)) -
                (0.5 * block.BetweenCount * double.Log(2 * double.Pi * (psi + block.Size))) -
                (block.BetweenCount == 0 ? 0 : between / (2 * (psi + block.Size)));
            sum += Step * double.Exp(exponent);
        }

        return double.Log(sum);
    }
}
