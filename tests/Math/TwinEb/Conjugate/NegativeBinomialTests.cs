using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

public sealed class NegativeBinomialTests
{
    private static TwinEbOptions Of(TwinEbOptions options) => options with { Likelihood = TwinEbLikelihood.NegativeBinomial };

    [Theory]
    [InlineData(TwinEbPrior.Twin)]
    [InlineData(TwinEbPrior.Rows)]
    [InlineData(TwinEbPrior.Columns)]
    [InlineData(TwinEbPrior.Single)]
    [InlineData(TwinEbPrior.Fixed)]
    public void The_objective_never_falls(TwinEbPrior prior)
    {
        for (var seed = 1UL; seed <= 4; seed++)
        {
            var (scale, isMissing) = (seed >= 3 ? 300 : 1, seed % 2 == 0);
            var problem = new ConjugateProblem(seed, scale: scale, dispersion: seed % 3 == 1 ? 0.5 : 2);
            var shards = problem.Shards(2, dense: seed == 3, isMissing ? UnstoredEntries.Missing : UnstoredEntries.Zero);
            var fit = new ConjugateFit(Of(problem.Options) with { Prior = prior, Steps = 45, Tolerance = 1e-9 }, shards);
            Assert.True(fit.GreatestFall() < 1e-11, $"seed {seed}, {prior}: the objective fell by {fit.GreatestFall()} of its size");
        }
    }

    [Theory]
    [InlineData(3, 0, 1, 5)]
    [InlineData(400, 90, 1500, 20)]
    public void The_bound_is_below_the_evidence_and_near_it(params int[] counts)
    {
        double[][] y = [[counts[0], counts[1]], [counts[2], counts[3]]];
        var mean = counts.Average();
        var options = new TwinEbOptions
        {
            Rows = 2, Columns = 2, Factors = 1, Prior = TwinEbPrior.Fixed, Likelihood = TwinEbLikelihood.NegativeBinomial,
            RowPriorShape = 2, RowPriorRate = 2, ColumnPriorShape = 1.5, ColumnPriorRate = 1.5 / mean, Tolerance = 1e-10, Steps = 3000,
        };
        var fit = new ConjugateFit(options, ConjugateFit.Shards(y, (_, _) => 0, 2));
        var (elbo, a) = (fit.Result.Scalar("elbo"), fit.Result.Scalar("dispersion"));
        var evidence = Evidence(y, options, a);
        Assert.True(elbo <= evidence + 1e-6, $"bound {elbo} above evidence {evidence}");
        Assert.True(elbo > evidence - 2, $"bound {elbo} far below evidence {evidence}");
    }

    [Fact]
    public void The_dispersion_that_was_planted_is_found_and_of_poisson_counts_none()
    {
        foreach (var (scale, planted) in new[] { (3.0, 2.0), (300, 0.7), (3, double.PositiveInfinity) })
        {
            var problem = new ConjugateProblem(3, rows: 150, columns: 80, scale: scale, dispersion: planted);
            var fit = new ConjugateFit(Of(problem.Options) with { Tolerance = 1e-7 }, ConjugateFit.Shards(problem.Y, (_, _) => 0, 150));
            var found = fit.Result.Scalar("dispersion");
            Assert.True(double.IsFinite(planted) ? double.Abs(double.Log(found / planted)) < 0.2 : found > 20,
                $"dispersion {found} where {planted} was planted");
        }
    }

    [Theory]
    [InlineData(UnstoredEntries.Missing)]
    [InlineData(UnstoredEntries.Zero)]
    public void Held_out_overdispersed_counts_are_likelier_than_under_poisson(UnstoredEntries unstored)
    {
        for (var seed = 1UL; seed <= 3; seed++)
        {
            var problem = ConjugateProblem.Overdispersed(seed);
            var shards = problem.Shards(unstored: unstored);
            var poisson = new ConjugateFit(problem.Options, shards);
            var own = new ConjugateFit(Of(problem.Options), shards);
            foreach (var score in new[] { "heldOutLogLik", "testLogLik" })
            {
                var (one, other) = (own.Result.Scalar(score), poisson.Result.Scalar(score));
                Assert.True(one > other, $"seed {seed}: {score} {one} where poisson has {other}");
            }
        }
    }

    [Fact]
    public void Shards_and_the_block_do_not_matter()
    {
        var problem = new ConjugateProblem(4, scale: 10, dispersion: 1);
        ConjugateFit Fit(int count, bool dense) => new(Of(problem.Options) with { Steps = 30 }, problem.Shards(count, dense));

        var one = Fit(1, false);
        foreach (var other in new[] { Fit(3, false), Fit(2, true) })
        {
            Assert.Equal(one.Result.Scalar("testLogLik"), other.Result.Scalar("testLogLik"), 1e-7);
            Assert.All(one.RowMeans.Zip(other.RowMeans), pair => Assert.Equal(pair.First, pair.Second, 1e-6 * pair.First));
        }
    }

    [Fact]
    public void A_row_that_is_projected_is_what_the_fit_has_for_it()
    {
        var problem = new ConjugateProblem(6, scale: 20, dispersion: 1);
        var shard = ConjugateFit.Shards(problem.Y, (i, j) => i >= problem.HeldOutFrom ? 0 : problem.Kind(i, j), problem.HeldOutFrom)[0];
        var fit = new ConjugateFit(Of(problem.Options), [shard]);
        var rows = ConjugateFit.Shards(problem.Y, (_, _) => 0, problem.Y.Length)[0];
        var projected = new TwinEbProjection(Of(problem.Options), fit.Result).Project(rows);
        var from = problem.HeldOutFrom * problem.Options.Factors;
        foreach (var name in new[] { "rows_mean", "rows_sd" })
        {
            Assert.All(fit.Rows[0][name][from..].Zip(projected[name][from..]), p => Assert.Equal(p.First, p.Second, 1e-9 * p.First));
        }
    }

    // log p(y | a) of 2 x 2 counts and one factor: the trapezoidal rule in the logs of u_1, u_2, v_1, v_2.
    private static double Evidence(double[][] y, TwinEbOptions options, double a)
    {
        const int Points = 60;
        static double[] Logs(double shape, double rate) =>
            [.. Enumerable.Range(0, Points).Select(p => double.Log(shape / rate) - 7 + (11.0 * p / (Points - 1)))];
        static double Density(double log, double shape, double rate) =>
            (shape * log) - (rate * double.Exp(log)) + (shape * double.Log(rate)) - GammaFunctions.LogGamma(shape);
        double Count(double x, double logRate) => GammaFunctions.LogGamma(a + x) - GammaFunctions.LogGamma(a)
            - GammaFunctions.LogGamma(x + 1) + (a * double.Log(a)) + (x * logRate) - ((a + x) * double.Log(a + double.Exp(logRate)));

        var u = Logs(options.RowPriorShape, options.RowPriorRate);
        var v = Logs(options.ColumnPriorShape, options.ColumnPriorRate);
        var step = 11.0 / (Points - 1);

        // Given both columns the rows are independent.
        var total = new List<double>();
        foreach (var v0 in v)
        {
            foreach (var v1 in v)
            {
                var log = Density(v0, options.ColumnPriorShape, options.ColumnPriorRate)
                    + Density(v1, options.ColumnPriorShape, options.ColumnPriorRate) + (4 * double.Log(step));
                foreach (var row in y)
                {
                    log += LogSum(u.Select(at =>
                        Density(at, options.RowPriorShape, options.RowPriorRate) + Count(row[0], at + v0) + Count(row[1], at + v1)));
                }

                total.Add(log);
            }
        }

        return LogSum(total);
    }

    private static double LogSum(IEnumerable<double> terms)
    {
        var all = terms.ToArray();
        var greatest = all.Max();
        return greatest + double.Log(all.Sum(t => double.Exp(t - greatest)));
    }
}
