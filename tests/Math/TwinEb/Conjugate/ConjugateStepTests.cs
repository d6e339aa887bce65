using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>Every update against brute force on a tiny problem.</summary>
public class ConjugateStepTests
{
    [Fact]
    public void The_posterior_of_a_gamma_mixture_has_the_moments_of_quadrature()
    {
        var prior = new ConjugateGammaPrior(2, 1);
        (prior.Weights[0], prior.Weights[1]) = (0.3, 0.7);
        (prior.Shapes[0], prior.Shapes[1], prior.Rates[0], prior.Rates[1]) = (0.8, 5, 2, 1.5);
        var (s, t) = (1.7, 0.9);
        var posterior = new ConjugateGammaPosterior(prior);
        var (padS, padT) = (new double[posterior.Stride], new double[posterior.Stride]);
        (padS[0], padT[0]) = (s, t);
        var normalizer = posterior.Evaluate(padS, padT);
        posterior.Variances(padS, padT);

        // Midpoints in y = log x, where the integrand is smooth and falls to nothing at both ends.
        var (mass, mean, log, square, first) = (0.0, 0.0, 0.0, 0.0, 0.0);
        const double Step = 1e-3;
        for (var y = -40.0; y < 6; y += Step)
        {
            var x = double.Exp(y);
            double Density(int k) => prior.Weights[k] * double.Exp(
                (prior.Shapes[k] * double.Log(prior.Rates[k])) -
                    GammaFunctions.LogGamma(prior.Shapes[k]) + ((prior.Shapes[k] - 1) * y) - (prior.Rates[k] * x));
            var likelihood = double.Exp((s * y) - (t * x)) * x * Step;
            var total = (Density(0) + Density(1)) * likelihood;
            (mass, mean, log, square) = (mass + total, mean + (total * x), log + (total * y), square + (total * x * x));
            first += Density(0) * likelihood;
        }

        Assert.Equal(double.Log(mass), normalizer, 1e-9);
        Assert.Equal(mean / mass, posterior.Mean[0], 1e-9);
        Assert.Equal(log / mass, posterior.Log[0], 1e-9);
        Assert.Equal((square / mass) - (mean / mass * (mean / mass)), posterior.Variance[0], 1e-8);
        Assert.Equal(first / mass, posterior.Responsibilities[0], 1e-9);
    }

    [Fact]
    public void The_gamma_m_step_is_a_maximum_of_its_penalized_objective()
    {
        var (before, statistics) = GammaProblem();
        const double Strength = 1.5, ShapeStrength = 4;
        var after = ConjugateGammaStep.Mixture(before, statistics, Strength, ShapeStrength);

        // With the centre as it was; then the centre with the components as they became.
        double Objective(double[] shapes, double[] rates, double[] weights) =>
            GammaObjective(before, statistics, shapes, rates, weights, Strength, ShapeStrength);
        var best = Objective(after.Shapes, after.Rates, after.Weights);
        Assert.True(best > Objective(before.Shapes, before.Rates, before.Weights));
        foreach (var factor in new[] { 0.99, 1.01 })
        {
            for (var at = 0; at < after.Shapes.Length; at++)
            {
                var (shapes, rates) = ((double[])after.Shapes.Clone(), (double[])after.Rates.Clone());
                shapes[at] *= factor;
                Assert.True(Objective(shapes, rates, after.Weights) < best, $"shape {at} x {factor}");
                shapes[at] = after.Shapes[at];
                rates[at] *= factor;
                Assert.True(Objective(shapes, rates, after.Weights) < best, $"rate {at} x {factor}");
            }

            double[] weights = [after.Weights[0] * factor, 1 - (after.Weights[0] * factor)];
            Assert.True(Objective(after.Shapes, after.Rates, weights) < best, $"weights x {factor}");
        }
    }

    [Fact]
    public void A_new_centre_never_raises_the_cost_of_the_components()
    {
        var (before, statistics) = GammaProblem();
        var after = ConjugateGammaStep.Mixture(before, statistics, 1.5, 4);
        var same = after.Clone();
        before.CentreShapes.CopyTo(same.CentreShapes, 0);
        before.CentreRates.CopyTo(same.CentreRates, 0);
        Assert.True(after.Penalty(1.5, 4) >= same.Penalty(1.5, 4));
        Assert.True(after.Penalty(1.5, 4) <= 0);
    }

    [Fact]
    public void The_divergence_of_two_gammas_is_that_of_quadrature()
    {
        var (a0, b0, a, b) = (1.3, 0.7, 2.6, 1.9);
        var sum = 0.0;
        double Log(double shape, double rate, double y) =>
            (shape * double.Log(rate)) - GammaFunctions.LogGamma(shape) + (shape * y) - (rate * double.Exp(y));
        for (var y = -30.0; y < 6; y += 1e-3)
        {
            sum += 1e-3 * double.Exp(Log(a0, b0, y)) * (Log(a0, b0, y) - Log(a, b, y));
        }

        Assert.Equal(sum, new ConjugateGammaPrior.Centre(a0, b0).Divergence(a, b, double.Log(b), GammaFunctions.LogGamma(a)), 1e-9);
    }

    [Fact]
    public void The_normal_update_without_a_mixture_is_the_exact_posterior()
    {
        // Two factors: precision A + I / variance, packed (0,0), (1,0), (1,1).
        var prior = ConjugateNormalPrior.One(2, 0.5, 2);
        double[] a = [3, 1, 2], h = [0.7, -1.1];
        var posterior = new ConjugateNormalPosterior(prior);
        var normalizer = posterior.Evaluate(a, h);
        posterior.Given(0, out _, out var covariance);
        var (p00, p10, p11) = (3.5, 1.0, 2.5);
        var (b0, b1) = (0.7 + 0.25, -1.1 + 0.25);
        var determinant = (p00 * p11) - (p10 * p10);
        Assert.Equal(((p11 * b0) - (p10 * b1)) / determinant, posterior.Mean[0], 1e-14);
        Assert.Equal(((p00 * b1) - (p10 * b0)) / determinant, posterior.Mean[1], 1e-14);
        Assert.Equal(p11 / determinant, covariance[0], 1e-14);
        Assert.Equal(-p10 / determinant, covariance[1], 1e-14);
        Assert.Equal(p00 / determinant, covariance[2], 1e-14);

        // The evidence: log of the integral of the prior times exp(h'x - x'Ax/2).
        var evidence = (-0.5 * double.Log(determinant * 4)) + (0.5 * ((b0 * posterior.Mean[0]) + (b1 * posterior.Mean[1]))) -
            (2 * 0.25 / 4);
        Assert.Equal(evidence, normalizer, 1e-13);
    }

    [Fact]
    public void The_posterior_of_a_normal_mixture_has_the_moments_of_quadrature()
    {
        var prior = new ConjugateNormalPrior(2, 2);
        double[] weights = [0.4, 0.6], means = [-1, 0.5, 1.2, -0.3], variances = [0.5, 1.1, 0.9, 0.2];
        weights.CopyTo(prior.Weights, 0);
        means.CopyTo(prior.Means, 0);
        variances.CopyTo(prior.Variances, 0);
        double[] a = [1.5, 0.6, 0.8], h = [0.4, 0.9];
        var posterior = new ConjugateNormalPosterior(prior);
        var normalizer = posterior.Evaluate(a, h);
        double Density(double x, int at) =>
            double.Exp(-0.5 * (x - means[at]) * (x - means[at]) / variances[at]) / double.Sqrt(2 * double.Pi * variances[at]);
        var (mass, first, mean0, mean1, second) = (0.0, 0.0, 0.0, 0.0, 0.0);
        const double Step = 0.01;
        for (var x = -8.0; x < 8; x += Step)
        {
            for (var y = -8.0; y < 8; y += Step)
            {
                var likelihood =
                    Step * Step * double.Exp((h[0] * x) + (h[1] * y) - (0.5 * ((a[0] * x * x) + (2 * a[1] * x * y) + (a[2] * y * y))));
                var (p0, p1) =
                    (weights[0] * Density(x, 0) * Density(y, 1) * likelihood, weights[1] * Density(x, 2) * Density(y, 3) * likelihood);
                (mass, first) = (mass + p0 + p1, first + p0);
                (mean0, mean1, second) = (mean0 + ((p0 + p1) * x), mean1 + ((p0 + p1) * y), second + ((p0 + p1) * x * y));
            }
        }

        Assert.Equal(double.Log(mass), normalizer, 1e-9);
        Assert.Equal(first / mass, posterior.Given(0, out _, out _), 1e-9);
        Assert.Equal(mean0 / mass, posterior.Mean[0], 1e-9);
        Assert.Equal(mean1 / mass, posterior.Mean[1], 1e-9);
        Assert.Equal(second / mass, posterior.Second[1], 1e-9);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(1)]
    [InlineData(7.5)]
    public void Gamma_draws_have_their_mean_and_variance(double shape)
    {
        const int Count = 40_000;
        var draws = Enumerable.Range(0, Count).Select(i => ConjugateDraw.Gamma(shape, 5, ConjugateDraw.RowScore, i, 17, 3)).ToArray();
        var mean = draws.Average();
        var variance = draws.Average(x => (x - mean) * (x - mean));

        // Five standard errors of each: Var(mean) = a / n, Var(variance) = (2 a^2 + 6 a) / n.
        Assert.True(double.Abs(mean - shape) < 5 * double.Sqrt(shape / Count), $"mean {mean} of shape {shape}");
        Assert.True(double.Abs(variance - shape) < 5 * double.Sqrt(((2 * shape * shape) + (6 * shape)) / Count),
            $"variance {variance} of shape {shape}");
    }

    private static (ConjugateGammaPrior Prior, ConjugateGammaStatistics Statistics) GammaProblem()
    {
        var prior = new ConjugateGammaPrior(2, 2);
        for (var at = 0; at < 4; at++)
        {
            (prior.Shapes[at], prior.Rates[at]) = (0.5 + (0.4 * at), 1 + (0.3 * at));
        }

        (prior.Weights[0], prior.Weights[1]) = (0.5, 0.5);
        (prior.CentreShapes[0], prior.CentreShapes[1], prior.CentreRates[0], prior.CentreRates[1]) = (0.9, 1.4, 1.1, 0.6);
        var statistics = new ConjugateGammaStatistics([3.2, 8.9], [-2.1, -4.4, 1.2, -9.3], [4.1, 2.2, 14.5, 5.6]);
        return (prior, statistics);
    }

    private static double GammaObjective(
        ConjugateGammaPrior centre, ConjugateGammaStatistics statistics, double[] shapes, double[] rates, double[] weights, double strength,
        double shapeStrength)
    {
        var prior = new ConjugateGammaPrior(2, 2);
        shapes.CopyTo(prior.Shapes, 0);
        rates.CopyTo(prior.Rates, 0);
        weights.CopyTo(prior.Weights, 0);
        centre.CentreShapes.CopyTo(prior.CentreShapes, 0);
        centre.CentreRates.CopyTo(prior.CentreRates, 0);
        var sum = prior.Penalty(strength, shapeStrength);
        for (var at = 0; at < shapes.Length; at++)
        {
            sum += at % 2 == 0 ? statistics.Counts[at / 2] * double.Log(weights[at / 2]) : 0;
            sum += (statistics.Counts[at / 2] * ((shapes[at] * double.Log(rates[at])) - GammaFunctions.LogGamma(shapes[at])))
                + ((shapes[at] - 1) * statistics.Logs[at]) - (rates[at] * statistics.Means[at]);
        }

        return sum;
    }
}
