using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm;

public class GridFamilyTests
{
    public static TheoryData<PriorFamily> All() =>
    [
        PriorFamily.NormalScaleMixture, PriorFamily.Unimodal, PriorFamily.UnimodalSymmetric, PriorFamily.UnimodalNonnegative,
        PriorFamily.UnimodalNonpositive, PriorFamily.Npmle, PriorFamily.Deconvolver,
    ];

    [Theory]
    [MemberData(nameof(All))]
    public void Expectation_steps_never_lower_the_likelihood(PriorFamily name)
    {
        var (x, s) = Observations(301, name == PriorFamily.Deconvolver);
        var family = EbnmFamilies.Get(name);
        var options = new EbnmOptions { NullWeight = 1 };
        var prior = family.ColdStart(Summary(x, s), options);
        var last = double.NegativeInfinity;
        for (var step = 0; step < 60; step++)
        {
            var statistics = Accumulate(family, prior, x, s);
            if (name == PriorFamily.Deconvolver)
            {
                var model = new SplineDeconvolution(Array.ConvertAll(prior.Components, c => c.Location));
                var a = model.Coefficients(Array.ConvertAll(prior.Components, c => c.Weight));
                statistics[1] -= double.Sqrt(a.Sum(v => v * v));
            }

            Assert.True(statistics[1] >= last - 1e-9, $"step {step}: {statistics[1]} after {last}");
            last = statistics[1];
            prior = family.Step(prior, Accumulate(family, prior, x, s), PriorStep.Expectation, options);
            Assert.Equal(1, prior.Components.Sum(c => c.Weight), 1e-12);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Newton_steps_from_a_cold_start_reach_the_fit(PriorFamily name)
    {
        var (x, s) = Observations(400, name == PriorFamily.Deconvolver);
        var family = EbnmFamilies.Get(name);
        var options = new EbnmOptions();
        var prior = family.ColdStart(Summary(x, s), options);
        var rounds = prior.Components.Length <= GridStatistics.MostQuadratic ? 60 : 600;
        for (var step = 0; step < rounds; step++)
        {
            prior = family.Step(prior, Accumulate(family, prior, x, s), PriorStep.Newton, options);
        }

        var fit = family.Fit(x, s, options);
        var reached = Accumulate(family, prior, x, s)[1];
        if (name == PriorFamily.Deconvolver)
        {
            // Its steps climb the penalized likelihood of the scores. A fit is that, or the one of
            // binned scores where that is the likelier.
            Assert.True(fit.LogLikelihood >= reached - 1e-3);
            return;
        }

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{name}: {reached - fit.LogLikelihood:E2} of {fit.LogLikelihood} ({prior.Components.Length})");
        Assert.Equal(fit.LogLikelihood, reached, prior.Components.Length <= GridStatistics.MostQuadratic ? 1e-3 : 0.3);
    }

    [Fact]
    public void A_weight_of_zero_comes_back_in_a_Newton_step()
    {
        var (x, s) = Observations(400, false);
        var family = EbnmFamilies.Get(PriorFamily.NormalScaleMixture);
        var options = new EbnmOptions();
        var prior = family.ColdStart(Summary(x, s), options);
        prior = prior with { Components = [.. prior.Components.Select((c, k) => c with { Weight = k == 0 ? 1 : 0 })] };
        for (var step = 0; step < 80; step++)
        {
            prior = family.Step(prior, Accumulate(family, prior, x, s), PriorStep.Newton, options);
        }

        Assert.Equal(family.Fit(x, s, options).LogLikelihood, Accumulate(family, prior, x, s)[1], 1e-3);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Statistics_of_parts_add_up_and_carry_the_moments(PriorFamily name)
    {
        var (x, s) = Observations(203, name == PriorFamily.Deconvolver);
        s[17] = double.PositiveInfinity;
        x[17] = double.NaN;
        var family = EbnmFamilies.Get(name);
        var prior = family.ColdStart(Summary(x, s), new EbnmOptions());
        var whole = Accumulate(family, prior, x, s);
        var parts = Accumulate(family, prior, x[..77], s[..77]);
        var (mean, variance) = (new double[126], new double[126]);
        family.Accumulate(prior, x.AsSpan(77), s.AsSpan(77), mean, variance, parts);
        Assert.Equal(202, whole[0]);
        for (var k = 0; k < whole.Length; k++)
        {
            Assert.True(double.IsNaN(whole[k])
                ? double.IsNaN(parts[k])
                : double.Abs(whole[k] - parts[k]) <= 1e-10 * double.Max(1, double.Abs(whole[k])));
        }

        var (m, q) = (new double[203], new double[203]);
        Assert.Equal(whole[1], family.Moments(prior, x, s, m, q), 1e-9);
        Assert.Equal(m[77..], mean);
        Assert.Equal(q[77..], variance);
        // No information: the posterior is the prior.
        var priorMean = GridComponent.Of(prior.Components).Sum(c => c.Weight * c.PriorMean);
        Assert.Equal(priorMean, m[17], 1e-12);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void An_observation_without_information_changes_no_fit(PriorFamily name)
    {
        var (x, s) = Observations(150, name == PriorFamily.Deconvolver);
        var family = EbnmFamilies.Get(name);
        var without = family.Fit(x, s, new EbnmOptions());
        var with = family.Fit([.. x, 1e9], [.. s, double.PositiveInfinity], new EbnmOptions());
        Assert.Equal(without.LogLikelihood, with.LogLikelihood, 1e-9);
        Assert.Equal(without.Prior.Components.Length, with.Prior.Components.Length);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Samples_have_the_moments_of_the_posterior(PriorFamily name)
    {
        const int Draws = 20000;
        var (x, s) = Observations(200, name == PriorFamily.Deconvolver);
        var family = EbnmFamilies.Get(name);
        var prior = family.Fit(x, s, new EbnmOptions { NullWeight = 1 }).Prior;
        foreach (var i in new[] { 0, 5, 11 })
        {
            var (xs, ss) = (Enumerable.Repeat(x[i], Draws).ToArray(), Enumerable.Repeat(s[i], Draws).ToArray());
            var (sample, mean, variance) = (new double[Draws], new double[Draws], new double[Draws]);
            var random = new Random(i);
            family.Sample(prior, xs, ss, (_, _) => double.Max(random.NextDouble(), 1e-300), sample);
            family.Moments(prior, xs, ss, mean, variance);
            var sd = double.Sqrt(variance[0]) + 1e-12;
            Assert.InRange((sample.Average() - mean[0]) / sd * double.Sqrt(Draws), -5, 5);
            var squares = Array.ConvertAll(sample, v => (v - mean[0]) * (v - mean[0]));
            var spread = double.Sqrt(squares.Average(q => (q - variance[0]) * (q - variance[0])) / Draws);
            Assert.InRange(squares.Average() - variance[0], (-6 * spread) - 1e-9, (6 * spread) + 1e-9);
        }
    }

    [Theory]
    [InlineData(PriorFamily.NormalScaleMixture)]
    [InlineData(PriorFamily.Unimodal)]
    [InlineData(PriorFamily.UnimodalSymmetric)]
    [InlineData(PriorFamily.UnimodalNonnegative)]
    [InlineData(PriorFamily.UnimodalNonpositive)]
    public void An_estimated_mode_is_found_and_no_worse_than_a_fixed_one(PriorFamily name)
    {
        var family = EbnmFamilies.Get(name);
        foreach (var shift in new[] { 3.7, 0 })
        {
            var (x, s) = Observations(300, false);
            var shifted = Array.ConvertAll(x, v => v + shift);
            var free = family.Fit(shifted, s, new EbnmOptions { EstimateMode = true });
            Assert.Equal(free.Prior.Mode, free.Prior.Components[0].Location);
            Assert.True(family.Traits.Sign != 0 || double.Abs(free.Prior.Mode - shift) < 0.5);
            foreach (var mode in Enumerable.Range(0, 21).Select(q => shifted.Order().ElementAt(q * 299 / 20)).Append(0).Append(shift))
            {
                var known = family.Fit(shifted, s, new EbnmOptions { Mode = mode });
                Assert.True(
                    free.LogLikelihood >= known.LogLikelihood - 1e-6,
                    $"{free.LogLikelihood} at {free.Prior.Mode}, {known.LogLikelihood} at {mode}");
            }

            var again = family.Fit(shifted, s, new EbnmOptions { Mode = free.Prior.Mode });
            Assert.Equal(again.LogLikelihood, free.LogLikelihood, 1e-9);
            Assert.Equal(again.Prior.Components.Length, free.Prior.Components.Length);
        }
    }

    [Theory]
    [InlineData(PriorFamily.Npmle, 200, 1e-3)]
    [InlineData(PriorFamily.Npmle, 5000, 1e-2)]
    [InlineData(PriorFamily.Unimodal, 1000, 1e-3)]
    [InlineData(PriorFamily.UnimodalSymmetric, 1000, 1e-3)]
    [InlineData(PriorFamily.UnimodalNonnegative, 5000, 1e-4)]
    [InlineData(PriorFamily.NormalScaleMixture, 5000, 1e-4)]
    public void Weights_reach_the_optimum_of_their_grid_however_small_the_errors(PriorFamily name, int n, double s)
    {
        const double Penalty = 9;
        var family = EbnmFamilies.Get(name);
        foreach (var isSparse in new[] { true, false })
        {
            var x = Enumerable.Range(0, n).Select(i =>
                (isSparse ? (i % 5 == 0 ? 3 : 0) : 1) * Philox.Normal(7, 3, (ulong)i) + (s * Philox.Normal(7, 4, (ulong)i))).ToArray();
            var fit = family.Fit(x, Enumerable.Repeat(s, n).ToArray(), new EbnmOptions());
            var components = fit.Prior.Components;
            var penalty = name is PriorFamily.Npmle or PriorFamily.NormalScaleMixture ? 0 : Penalty;
            var gradient = new double[components.Length];
            gradient[0] = penalty > 0 ? penalty / components[0].Weight : 0;
            foreach (var value in x)
            {
                var log = Array.ConvertAll(components, c => GridComponentScalar.Posterior(c, value, s).LogLikelihood);
                var most = log.Max();
                var likelihood = log.Zip(components, (l, c) => c.Weight * double.Exp(l - most)).Sum();
                for (var k = 0; k < gradient.Length; k++)
                {
                    gradient[k] += double.Exp(log[k] - most) / likelihood;
                }
            }

            Assert.True(fit.Converged);
            Assert.InRange(fit.Gap, -1e-12, 1e-8);
            Assert.InRange((gradient.Max() / (n + penalty)) - 1, -1e-9, 1e-8);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_warm_start_keeps_the_grid_and_a_fixed_prior_is_kept(PriorFamily name)
    {
        var (x, s) = Observations(250, name == PriorFamily.Deconvolver);
        var family = EbnmFamilies.Get(name);
        var cold = family.Fit(x, s, new EbnmOptions());
        var warm = family.Fit(x, s, new EbnmOptions { Start = cold.Prior });
        Assert.Equal(cold.LogLikelihood, warm.LogLikelihood, 1e-5);
        Assert.Equal(
            cold.Prior.Components.Select(c => (c.Low, c.High, c.Scale)), warm.Prior.Components.Select(c => (c.Low, c.High, c.Scale)));
        var kept = family.Fit(x, s, new EbnmOptions { Start = cold.Prior, FixPrior = true });
        Assert.Same(cold.Prior, kept.Prior);
        Assert.Equal(cold.LogLikelihood, kept.LogLikelihood, 1e-8);
    }

    [Fact]
    public void A_fixed_scale_is_the_only_one_on_the_grid()
    {
        var (x, s) = Observations(100, false);
        var options = new EbnmOptions { Scale = 2 };
        Assert.Equal([0, 2], EbnmFamilies.Get(PriorFamily.NormalScaleMixture).Fit(x, s, options).Prior.Components.Select(c => c.Scale));
        Assert.Equal([(0.0, 0.0), (-2, 0), (0, 2)],
            EbnmFamilies.Get(PriorFamily.Unimodal).Fit(x, s, options).Prior.Components.Select(c => (c.Low, c.High)));
    }

    [Fact]
    public void The_null_weight_pulls_towards_the_point_mass()
    {
        var (x, s) = Observations(200, false);
        var family = EbnmFamilies.Get(PriorFamily.UnimodalSymmetric);
        var biased = family.Fit(x, s, new EbnmOptions());
        var plain = family.Fit(x, s, new EbnmOptions { NullWeight = 1 });
        Assert.True(biased.Prior.Components[0].Weight > plain.Prior.Components[0].Weight);
        Assert.True(biased.LogLikelihood < plain.LogLikelihood);
    }

    [Fact]
    public void Impossible_requests_are_refused_in_a_sentence()
    {
        Assert.Contains("every s is 1", Assert.Throws<ArgumentException>(
            () => EbnmFamilies.Get(PriorFamily.Deconvolver).Fit([1, 2], [1, 2], new EbnmOptions())).Message);
        Assert.Contains("no mode", Assert.Throws<ArgumentException>(
            () => EbnmFamilies.Get(PriorFamily.Npmle).Fit([1], [1], new EbnmOptions { EstimateMode = true })).Message);
        Assert.Contains("Start", Assert.Throws<ArgumentException>(
            () => EbnmFamilies.Get(PriorFamily.Npmle).Fit([1], [1], new EbnmOptions { FixPrior = true })).Message);
        Assert.Contains("equally many",
            Assert.Throws<ArgumentException>(() => EbnmFamilies.Get(PriorFamily.Unimodal).Fit([1], [1, 2], new EbnmOptions())).Message);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Units_do_not_matter(PriorFamily name)
    {
        var isScores = name == PriorFamily.Deconvolver;
        var (x, s) = Observations(120, isScores);
        var family = EbnmFamilies.Get(name);
        var fit = family.Fit(x, s, new EbnmOptions());
        var (mean, variance) = (new double[120], new double[120]);
        family.Moments(fit.Prior, x, s, mean, variance);
        foreach (var c in isScores ? [] : new[] { double.ScaleB(1, -480), double.ScaleB(1, 480), 1e-140, 3e140, 1e-9 })
        {
            var tolerance = double.IsPow2(c) ? 1e-9 : 1e-6;
            var (xc, sc) = (Array.ConvertAll(x, v => c * v), Array.ConvertAll(s, v => c * v));
            var scaled = family.Fit(xc, sc, new EbnmOptions());
            Assert.Equal(fit.Prior.Components.Length, scaled.Prior.Components.Length);
            Assert.Equal(fit.LogLikelihood - (120 * double.Log(c)), scaled.LogLikelihood, tolerance * 120 * double.Abs(double.Log(c)));
            var (meanC, varianceC) = (new double[120], new double[120]);
            family.Moments(scaled.Prior, xc, sc, meanC, varianceC);
            for (var i = 0; i < 120; i++)
            {
                Assert.Equal(mean[i], meanC[i] / c, tolerance);
                Assert.Equal(double.Sqrt(variance[i]), double.Sqrt(varianceC[i]) / c, tolerance);
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Extreme_observations_have_fits_without_exceptions_or_missing_numbers(PriorFamily name)
    {
        var isScores = name == PriorFamily.Deconvolver;
        foreach (var (far, unit) in new[] { (1e17, 1.0), (1e100, 1.0), (1e150, 1.0), (3.0, 1e160), (1e140, 1e-150), (1e12, 1e-10) })
        {
            var x = Enumerable.Range(0, 40).Select(i => isScores || i > 0 ? Philox.Normal(3, 5, (ulong)i) * unit : far * unit).ToArray();
            var s = Enumerable.Range(0, 40).Select(i => isScores ? 1 : i == 7 && unit == 1 ? 1e-10 : unit).ToArray();
            if (isScores)
            {
                x = Array.ConvertAll(x, v => v / unit);
                x[0] = double.Min(far, 1e100);
            }

            var family = EbnmFamilies.Get(name);
            var fit = family.Fit(x, s, new EbnmOptions());
            var (mean, variance, lfsr) = (new double[40], new double[40], new double[40]);
            Assert.True(double.IsFinite(family.Moments(fit.Prior, x, s, mean, variance)), $"{name} {far} {unit}");
            family.FalseSignRates(fit.Prior, x, s, lfsr);
            Assert.All(mean, m => Assert.True(double.IsFinite(m), $"{name} {far} {unit}: mean {m}"));
            Assert.All(variance, v => Assert.True(v >= 0, $"{name} {far} {unit}: variance {v}"));
            Assert.All(lfsr, r => Assert.True(r is >= 0 and <= 1, $"{name} {far} {unit}: lfsr {r}"));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void No_observations_and_equal_ones_have_fits(PriorFamily name)
    {
        var family = EbnmFamilies.Get(name);
        Assert.Equal(0, family.Fit([0], [double.PositiveInfinity], new EbnmOptions()).LogLikelihood);
        Assert.True(double.IsFinite(family.Fit([0, 0, 0], [1, 1, 1], new EbnmOptions()).LogLikelihood));
    }

    internal static (double[] X, double[] S) Observations(int n, bool scores)
    {
        var random = new Random(n);
        var (x, s) = (new double[n], new double[n]);
        for (var i = 0; i < n; i++)
        {
            double Normal() => double.Sqrt(-2 * double.Log(1 - random.NextDouble())) * double.Cos(2 * double.Pi * random.NextDouble());
            s[i] = scores ? 1 : 0.4 + random.NextDouble();
            x[i] = (random.NextDouble() < 0.35 ? 2.5 * Normal() : 0) + (s[i] * Normal());
        }

        return (x, s);
    }

    internal static ObservationSummary Summary(double[] x, double[] s)
    {
        var pairs = x.Zip(s).Where(p => double.IsFinite(p.Second)).ToArray();
        return new ObservationSummary(
            pairs.Length, pairs.Sum(p => p.First), pairs.Sum(p => p.First * p.First), pairs.Sum(p => p.Second * p.Second),
            pairs.Min(p => p.First), pairs.Max(p => p.First), pairs.Min(p => p.Second), pairs.Max(p => p.Second));
    }

    private static double[] Accumulate(IEbnmFamily family, Prior prior, double[] x, double[] s)
    {
        var statistics = new double[family.StatisticsLength(prior)];
        family.Accumulate(prior, x, s, new double[x.Length], new double[x.Length], statistics);
        return statistics;
    }
}
