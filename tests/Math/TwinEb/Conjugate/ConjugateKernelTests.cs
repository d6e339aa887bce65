using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>The fast kernels of the conjugate optimizer against their slow twins.</summary>
public class ConjugateKernelTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(16)]
    [InlineData(20)]
    [InlineData(132)]
    public void A_component_s_logit_and_moments_are_those_of_the_scalar_twin(int length)
    {
        // More than a block of them, in any order, and one that is not asked for.
        const int Components = 20;
        int[] asked = [.. Enumerable.Range(0, Components).Where(c => c != 7).Reverse()];
        var kernel = new ConjugateGammaKernel(length);
        for (var trial = 0UL; trial < 20; trial++)
        {
            double[] Draw(ulong stream, int count, double low, double high) =>
                [.. Enumerable.Range(0, count).Select(at => double.Exp(low + ((high - low) * Philox.Uniform(trial, stream, (ulong)at))))];
            var (shapes, rates) = (Draw(1, Components * length, -4.6, 9), Draw(2, Components * length, -9, 9));
            var (s, t) = (Draw(3, length, -20, 12), Draw(4, length, -9, 12));
            var (means, logs, logits) = (new double[shapes.Length], new double[shapes.Length], new double[Components]);
            kernel.Evaluate(asked, shapes, rates, s, t, means, logs, logits);
            Assert.Equal(0, logits[7]);
            foreach (var c in asked)
            {
                AssertIsScalarTwin(shapes[(c * length)..][..length], rates[(c * length)..][..length], s, t, logits[c],
                    means[(c * length)..], logs[(c * length)..]);
            }
        }
    }

    private static void AssertIsScalarTwin(
        double[] shapes, double[] rates, double[] s, double[] t, double logit, double[] means, double[] logs)
    {
        var (meansScalar, logsScalar) = (new double[s.Length], new double[s.Length]);
        var scalar = ConjugateGammaKernel.EvaluateScalar(shapes, rates, s, t, meansScalar, logsScalar);

        // Relative to the terms that the sum is made of.
        var size = Enumerable.Range(0, s.Length).Sum(l =>
            double.Abs(GammaFunctions.LogGamma(shapes[l] + s[l])) + ((shapes[l] + s[l]) * double.Abs(double.Log(rates[l] + t[l]))));
        Assert.Equal(scalar, logit, 3e-14 * double.Max(s.Length, size));
        for (var l = 0; l < s.Length; l++)
        {
            Assert.Equal(meansScalar[l], means[l], 1e-14 * meansScalar[l]);
            var digamma = double.Abs(GammaFunctions.Digamma(shapes[l] + s[l])) + double.Abs(double.Log(rates[l] + t[l]));
            Assert.Equal(logsScalar[l], logs[l], 3e-14 * double.Max(1, digamma));
        }
    }

    [Fact]
    public void Padding_adds_nothing_but_rounding()
    {
        double[] ones = [1, 1, 1, 1], zeros = [0, 0, 0, 0], logits = [1];
        new ConjugateGammaKernel(4).Evaluate([0], ones, ones, zeros, zeros, new double[4], new double[4], logits);

        // Four times log Gamma(1), from terms as great as log Gamma(9) = 10.6 and 9 log 9 = 19.8.
        Assert.Equal(0, logits[0], 4 * 3.6e-15);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Components_that_are_left_out_would_have_changed_nothing(bool lessThanTotals)
    {
        const int Factors = 5, Components = 40;
        var (skipped, far) = (0, 0);
        for (var trial = 0UL; trial < 300; trial++)
        {
            double U(ulong stream, int at) => Philox.Uniform(trial, stream, (ulong)at);
            var prior = new ConjugateGammaPrior(Components, Factors);
            for (var k = 0; k < Components; k++)
            {
                prior.Weights[k] = k == 3 ? 0 : 1.0 / (Components - 1);
                for (var l = 0; l < Factors; l++)
                {
                    var shape = double.Exp(-3 + (5 * U(1, (k * Factors) + l)));
                    (prior.Shapes[(k * Factors) + l], prior.Rates[(k * Factors) + l]) =
                        (shape, shape * double.Exp(-2 + (5 * U(2, (k * Factors) + l))));
                }
            }

            var totals = Enumerable.Range(0, Factors).Select(l => double.Exp(8 * U(3, l))).ToArray();
            var (bounded, plain) = (new ConjugateGammaPosterior(prior, totals), new ConjugateGammaPosterior(prior));
            var (s, t) = (new double[plain.Stride], new double[plain.Stride]);
            for (var vector = 0; vector < 5; vector++)
            {
                for (var l = 0; l < Factors; l++)
                {
                    var at = (vector * Factors) + l;
                    t[l] = lessThanTotals ? totals[l] * (0.8 + (0.2 * U(4, at))) : totals[l];
                    s[l] = t[l] * double.Exp(-6 + (7 * U(5, at)));
                }

                var (normalizer, expected) = (bounded.Evaluate(s, t), plain.Evaluate(s, t));
                // What is left out is below 1e-13, each.
                Assert.Equal(expected, normalizer, (Components * 1e-13) + (1e-13 * double.Abs(expected)));
                Assert.All(plain.Responsibilities.ToArray().Zip(bounded.Responsibilities.ToArray()), pair =>
                    Assert.True(double.Abs(pair.First - pair.Second) <= 1e-13 + (1e-11 * pair.First),
                        $"trial {trial}: {pair.First} became {pair.Second}"));
                for (var l = 0; l < Factors; l++)
                {
                    Assert.Equal(plain.Mean[l], bounded.Mean[l], 1e-12 * plain.Mean[l]);
                    Assert.Equal(plain.Log[l], bounded.Log[l], 1e-12 * double.Max(1, double.Abs(plain.Log[l])));
                }

                skipped += plain.EvaluatedCount - bounded.EvaluatedCount;
                far += plain.Responsibilities.ToArray().Count(r => r < 1e-40);
            }
        }

        // The bounds are no tighter than some nats a factor; the limit is at 1e-13.
        Assert.True(far > 100 && skipped > 0.8 * far, $"{skipped} components were left out where {far} are below 1e-40");
    }

    [Fact]
    public void Vectors_past_the_bounded_ones_of_a_run_have_the_same_posterior()
    {
        // Components so near each other that none can be left out: bounds do not pay, and are asked for 8 of each 256 vectors only; far
        // ones, at the end, are left out again.
        const int Factors = 2, Components = 9;
        ConjugateGammaPosterior Posterior(double spread, bool bounded)
        {
            var prior = new ConjugateGammaPrior(Components, Factors);
            for (var k = 0; k < Components; k++)
            {
                prior.Weights[k] = 1.0 / Components;
                for (var l = 0; l < Factors; l++)
                {
                    (prior.Shapes[(k * Factors) + l], prior.Rates[(k * Factors) + l]) = (2, 2 * double.Exp(spread * k));
                }
            }

            return bounded ? new ConjugateGammaPosterior(prior, [40.0, 40.0]) : new ConjugateGammaPosterior(prior);
        }

        foreach (var (spread, least) in new[] { (0.01, 1.0), (3.0, 0.0) })
        {
            var (bounded, plain, evaluated) = (Posterior(spread, bounded: true), Posterior(spread, bounded: false), 0);
            double[] t = [40, 40, 0, 0];
            for (var vector = 0UL; vector < 600; vector++)
            {
                double[] s = [30 * Philox.Uniform(2, 1, vector), 30 * Philox.Uniform(2, 2, vector), 0, 0];
                Assert.Equal(plain.Evaluate(s, t), bounded.Evaluate(s, t), 1e-11);
                Assert.Equal(plain.Mean[0], bounded.Mean[0], 1e-11);
                evaluated += bounded.EvaluatedCount;
            }

            Assert.True(
                least > 0 ? evaluated == 600 * Components : evaluated < 300 * Components, $"spread {spread}: {evaluated} evaluations");
        }
    }

    [Fact]
    public void A_vector_without_a_cell_has_the_prior_for_a_posterior_bounded_or_not()
    {
        var prior = new ConjugateGammaPrior(6, 1);
        for (var k = 0; k < 6; k++)
        {
            (prior.Weights[k], prior.Shapes[k], prior.Rates[k]) = ((k + 1) / 21.0, k + 1, 2);
        }

        var posterior = new ConjugateGammaPosterior(prior, [10.0]);
        Assert.Equal(0, posterior.Evaluate(new double[4], new double[4]), 1e-13);
        Assert.Equal(Enumerable.Range(0, 6).Sum(k => prior.Weights[k] * (k + 1) / 2), posterior.Mean[0], 1e-13);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(20)]
    public void The_passes_over_cells_are_those_of_plain_loops(int stride)
    {
        const int Columns = 30;
        double[] Draw(ulong stream, int count) => [.. Enumerable.Range(0, count).Select(i => Philox.Uniform(6, stream, (ulong)i))];
        var (weights, row, sums) = (Draw(1, Columns * stride), Draw(2, stride), Draw(3, Columns * stride));
        int[] columns = [.. Enumerable.Range(0, Columns).Where(j => j % 3 != 1)];
        double[] values = [.. columns.Select(j => 1.0 + (j % 4))];
        var (expectedS, expectedSums) = (new double[stride], (double[])sums.Clone());
        var expectedRates = columns.Select(j => Enumerable.Range(0, stride).Sum(l => row[l] * weights[(j * stride) + l])).ToArray();
        for (var e = 0; e < columns.Length; e++)
        {
            for (var l = 0; l < stride; l++)
            {
                expectedS[l] += row[l] * values[e] * weights[(columns[e] * stride) + l] / expectedRates[e];
                expectedSums[(columns[e] * stride) + l] += values[e] * row[l] / expectedRates[e];
            }
        }

        var (s, rates) = (new double[stride], new double[columns.Length]);
        ConjugateCells.Shares(columns, values, Columns, weights, row, s);
        ConjugateCells.Scatter(columns, values, Columns, weights, row, sums, rates);
        Assert.All(expectedS.Zip(s), pair => Assert.Equal(pair.First, pair.Second, 1e-13 * pair.First));
        Assert.All(expectedRates.Zip(rates), pair => Assert.Equal(pair.First, pair.Second, 1e-14 * pair.First));
        Assert.All(expectedSums.Zip(sums), pair => Assert.Equal(pair.First, pair.Second, 1e-14 * pair.First));
    }

    [Fact]
    public void A_column_beyond_the_model_s_is_refused_before_anything_is_read()
    {
        var weights = new double[2 * 16];
        var words = Assert.Throws<InvalidOperationException>(
            () => ConjugateCells.Shares([0, 2], [1, 1], 2, weights, new double[16], new double[16]));
        Assert.Contains("column 2", words.Message);
        Assert.Throws<InvalidOperationException>(
            () => ConjugateCells.Scatter([-1], [1], 2, weights, new double[16], new double[32], new double[1]));
    }

    [Fact]
    public void Gamma_numbers_side_by_side_are_the_scalar_ones()
    {
        double[] shapes = [0.01, 0.3, 0.999, 1, 1.5, 4, 250, 1e4];
        var numbers = new double[shapes.Length];
        for (var draw = 0; draw < 2_000; draw++)
        {
            ConjugateDraw.Gammas(shapes, 5, ConjugateDraw.RowScore, draw, 123_456_789_012 + draw, numbers);
            for (var l = 0; l < shapes.Length; l++)
            {
                var expected = ConjugateDraw.Gamma(shapes[l], 5, ConjugateDraw.RowScore, draw, 123_456_789_012 + draw, l);

                // Of u^(1 / shape) the exponent's error, 2e-16 of up to 3,600, stays.
                Assert.Equal(expected, numbers[l], expected * 2e-12);
            }
        }
    }
}
