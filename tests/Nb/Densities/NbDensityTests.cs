using System.Runtime.Intrinsics;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Nb.Tests.Densities;

public sealed class NbDensityTests
{
    private const double Golden = 1e-9;

    [Theory]
    [InlineData("nbdm", false, false)]
    [InlineData("zinb", true, false)]
    [InlineData("nbvcp", false, true)]
    [InlineData("zinbvcp", true, true)]
    public void Cells_have_the_published_log_likelihoods(string model, bool isInflated, bool isCaptured)
    {
        var family = SharedFolder.RequireJson("reference/scribe/vectors.json").GetProperty("nb_family");
        var (counts, r) = (family.GetProperty("counts").Matrix(), family.GetProperty("r").Numbers());
        var (gate, nu) = (family.GetProperty("gate").Numbers(), family.GetProperty("nu").Numbers());
        var odds = OddsOf(family.GetProperty("p").GetDouble());
        var expected = family.GetProperty("per_cell_loglik").GetProperty(model).Numbers();
        for (var c = 0; c < counts.Length; c++)
        {
            var capture = isCaptured ? nu[c] : 1;
            var sum = counts[c].Select((u, g) => new NbDensity(r[g], odds, isInflated ? gate[g] : 0).Log(u, capture)).Sum();
            Assert.Equal(expected[c], sum, Golden);
        }
    }

    [Fact]
    public void A_mixture_has_the_published_log_likelihoods_and_responsibilities()
    {
        var vectors = SharedFolder.RequireJson("reference/scribe/vectors.json");
        var (family, mixture) = (vectors.GetProperty("nb_family"), vectors.GetProperty("nbvcp_mixture"));
        var (counts, nu) = (family.GetProperty("counts").Matrix(), family.GetProperty("nu").Numbers());
        var (r, p) = (mixture.GetProperty("r").Matrix(), mixture.GetProperty("p").Numbers());
        double[] logWeights = [.. mixture.GetProperty("weights").Numbers().Select(w => double.Log(w))];
        NbDensity[] genes = [.. from k in Enumerable.Range(0, 2) from value in r[k] select new NbDensity(value, OddsOf(p[k]))];
        for (var c = 0; c < counts.Length; c++)
        {
            var responsibilities = new double[2];
            var value = NbDensity.LogCell(counts[c], genes, logWeights, nu[c], responsibilities);
            Assert.Equal(mixture.GetProperty("per_cell_loglik").Numbers()[c], value, Golden);
            var joint = mixture.GetProperty("per_cell_component_logjoint").Matrix()[c];
            for (var k = 0; k < 2; k++)
            {
                Assert.Equal(mixture.GetProperty("responsibilities").Matrix()[c][k], responsibilities[k], Golden);
                Assert.Equal(joint[k], value + double.Log(responsibilities[k]), Golden);
            }
        }
    }

    [Fact]
    public void The_beta_negative_binomial_has_the_published_values_and_moments()
    {
        foreach (var item in SharedFolder.RequireJson("reference/scribe/vectors.json").GetProperty("bnb").EnumerateArray())
        {
            var density = new NbDensity(
                item.GetProperty("r").GetDouble(), OddsOf(item.GetProperty("p").GetDouble()), 0, item.GetProperty("omega").GetDouble());
            var expected = item.GetProperty("logpmf_0_3_20").Numbers();
            foreach (var (i, u) in new[] { 0, 3, 20 }.Index())
            {
                Assert.Equal(expected[i], density.Log(u), Golden);
            }

            Assert.Equal(item.GetProperty("mean").GetDouble(), density.Mean(), Golden);
            Assert.Equal(item.GetProperty("var").GetDouble(), density.Variance(), Golden);
        }
    }

    [Fact]
    public void The_beta_negative_binomial_nears_the_negative_binomial_as_published()
    {
        var limits = SharedFolder.RequireJson("reference/scribe/vectors.json").GetProperty("bnb_nb_limit_max_abs_dlogpmf_x_lt_60_r5_p0.6");
        foreach (var limit in limits.EnumerateObject())
        {
            var omega = double.Parse(limit.Name, System.Globalization.CultureInfo.InvariantCulture);
            var (plain, beta) = (new NbDensity(5, OddsOf(0.6)), new NbDensity(5, OddsOf(0.6), 0, omega));
            var most = Enumerable.Range(0, 60).Max(u => double.Abs(plain.Log(u) - beta.Log(u)));

            // The published number at 1e-6 was computed with the cancellation that it warns of: 60 digits give another one from 2e-8 on.
            var isExact = omega > 1e-5;
            Assert.Equal(isExact ? limit.Value.GetDouble() : 5.39442215389474118e-05, most, isExact ? Golden : 1e-12);
            Assert.Equal(limit.Value.GetDouble(), most, 1e-7);
        }
    }

    [Fact]
    public void The_beta_negative_binomial_is_exact_down_to_omega_of_1e6()
    {
        foreach (var row in ExactTable.Read("bnb.csv"))
        {
            var actual = BetaNegativeBinomial.Log(row[0], row[1], row[2], row[3]);
            Assert.True(double.Abs(row[4] - actual) <= 1e-11 * double.Max(1, double.Abs(row[4])), $"{string.Join(", ", row)}: {actual:R}");
        }
    }

    [Fact]
    public void Denoised_counts_are_the_published_ones()
    {
        foreach (var item in SharedFolder.RequireJson("reference/scribe/vectors.json").GetProperty("denoise").EnumerateArray())
        {
            var density = new NbDensity(item.GetProperty("r").GetDouble(), OddsOf(item.GetProperty("p").GetDouble()));
            var (mean, variance) = density.Denoise(item.GetProperty("u").GetDouble(), item.GetProperty("nu").GetDouble());
            Assert.Equal(item.GetProperty("mean").GetDouble(), mean, Golden);
            Assert.Equal(item.GetProperty("var").GetDouble(), variance, Golden);
        }
    }

    [Theory]
    [InlineData(0.0, 0.0, 0)]
    [InlineData(0.0, 0.0, 4)]
    [InlineData(0.3, 0.0, 0)]
    [InlineData(0.0, 0.4, 0)]
    [InlineData(0.0, 0.4, 5)]
    [InlineData(0.3, 0.4, 0)]
    [InlineData(0.3, 0.4, 2)]
    public void Denoised_counts_are_those_of_enumeration(double gate, double omega, int seen)
    {
        // m ~ NB(r, odds o / nu) with o = q / (1 - q), q ~ Beta by Gauss-Legendre nodes, binomially thinned; a structural zero hides m.
        var density = new NbDensity(1.7, 0.9, gate, omega);
        const double Nu = 0.35;
        var (sum, first, second) = (0.0, 0.0, 0.0);
        foreach (var (odds, weight) in Odds(1.7, 0.9 * Nu, omega))
        {
            var plain = new NbDensity(1.7, odds / Nu);
            for (var m = 0; m < 700; m++)
            {
                var thinned = m < seen ? 0 : double.Exp(LogBinomial(m, seen, Nu));
                var p = weight * double.Exp(plain.Log(m)) * (((1 - gate) * thinned) + (seen == 0 ? gate : 0));
                (sum, first, second) = (sum + p, first + (p * m), second + (p * m * m));
            }
        }

        var (mean, variance) = density.Denoise(seen, Nu);
        Assert.Equal(first / sum, mean, 1e-6 * (first / sum));
        Assert.Equal((second / sum) - (first / sum * (first / sum)), variance, 1e-5 * variance);
        Assert.Equal(double.Log(sum), density.Log(seen, Nu), 1e-7);
        Assert.Equal((4, 0), density.Denoise(4, 1));
    }

    [Theory]
    [InlineData(2.5, 3.0, 0.0, 0.0)]
    [InlineData(0.3, 8.0, 0.2, 0.0)]
    [InlineData(40.0, 0.1, 0.6, 0.3)]
    [InlineData(3.0, 1.0, 0.1, 0.5)]
    public void Probabilities_sum_to_one_and_give_the_moments(double r, double odds, double gate, double omega)
    {
        var density = new NbDensity(r, odds, gate, omega);
        var (sum, first, second) = (0.0, 0.0, 0.0);
        for (var u = 0; u < 6000; u++)
        {
            var p = double.Exp(density.Log(u, 0.7));
            (sum, first, second) = (sum + p, first + (p * u), second + (p * u * u));
        }

        Assert.Equal(1, sum, 1e-9);
        Assert.Equal(density.Mean(0.7), first, 1e-7 * first);
        Assert.Equal(density.Variance(0.7), second - (first * first), omega > 0 ? 1e-3 * second : 1e-7 * second);
    }

    [Fact]
    public void Great_r_is_the_Poisson_distribution_and_no_gate_no_gate()
    {
        foreach (var u in new[] { 0, 1, 7, 60 })
        {
            var poisson = (u * double.Log(8)) - 8 - Enumerable.Range(1, u).Sum(i => double.Log(i));
            Assert.Equal(poisson, new NbDensity(1e10, 8e-10).Log(u), 1e-6);
            Assert.Equal(new NbDensity(3, 0.7).Log(u), new NbDensity(3, 0.7, 1e-300).Log(u), 1e-13);
        }
    }

    [Fact]
    public void Gradients_of_the_beta_negative_binomial_are_those_of_differences()
    {
        foreach (var (u, r, odds, omega) in new[] { (0.0, 2.0, 0.5, 0.3), (7, 0.4, 3, 1e-3), (300, 20, 4, 0.05), (3, 1.5, 0.1, 1e-6) })
        {
            var (byR, byOdds, byOmega) = BetaNegativeBinomial.Gradient(V(u), V(r), V(odds), V(omega));
            const double H = 1e-5;
            AssertClose(Slope(h => BetaNegativeBinomial.Log(u, r * double.Exp(h), odds, omega)), byR.ToScalar());
            AssertClose(Slope(h => BetaNegativeBinomial.Log(u, r, odds * double.Exp(h), omega)), byOdds.ToScalar());
            AssertClose(Slope(h => BetaNegativeBinomial.Log(u, r, odds, omega * double.Exp(h))), byOmega.ToScalar());

            static double Slope(Func<double, double> f) => (f(H) - f(-H)) / (2 * H);
        }

        static Vector512<double> V(double x) => Vector512.Create(x);
        static void AssertClose(double expected, double actual) =>
            Assert.Equal(expected, actual, 1e-6 * double.Max(1e-2, double.Abs(actual)));
    }

    private static double OddsOf(double p) => p / (1 - p);

    private static double LogBinomial(int m, int u, double nu) =>
        GammaOf(m + 1) - GammaOf(u + 1) - GammaOf(m - u + 1) + (u * double.Log(nu)) + ((m - u) * double.Log(1 - nu));

    private static double GammaOf(double x) => FitCluster.Math.Numerics.GammaFunctions.LogGamma(x);

    // Nodes of the seen odds q / (1 - q), q ~ Beta(alpha, kappa): the midpoint rule in logit q, which converges geometrically.
    private static IEnumerable<(double Odds, double Weight)> Odds(double r, double odds, double omega)
    {
        if (omega == 0)
        {
            return [(odds, 1)];
        }

        var kappa = 2 + ((r + 1) / omega);
        var alpha = odds * (kappa - 1);
        const double Step = 0.05;
        return Enumerable.Range(-300, 600).Select(i => i * Step).Select(t => (double.Exp(t), Step * double.Exp(
            (alpha * t) - ((alpha + kappa) * double.Log(1 + double.Exp(t))) + GammaOf(alpha + kappa) - GammaOf(alpha) - GammaOf(kappa))));
    }
}
