using FitCluster.Math.Models;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>Fits that start from a finished fit.</summary>
public class TwinEbStartTests
{
    // Rounding of sums of some thousand terms, as in ConjugateModelTests.
    private const double Rounding = 1e-12;

    [Theory]
    [InlineData(false, TwinEbPrior.Twin)]
    [InlineData(true, TwinEbPrior.Twin)]
    [InlineData(false, TwinEbPrior.Rows)]
    [InlineData(true, TwinEbPrior.Columns)]
    [InlineData(false, TwinEbPrior.Single)]
    [InlineData(true, TwinEbPrior.Single)]
    [InlineData(false, TwinEbPrior.Fixed)]
    [InlineData(true, TwinEbPrior.Fixed)]
    public void A_fit_that_was_stopped_early_goes_on_where_it_was(bool gaussian, TwinEbPrior prior)
    {
        for (ulong seed = 1; seed <= 3; seed++)
        {
            var problem = new ConjugateProblem(seed, gaussian, validates: false);
            var options = problem.Options with { Prior = prior, Steps = 200, Tolerance = 0 };
            var whole = new ConjugateFit(options, problem.Shards(2));
            var stopped = new ConjugateFit(options with { Steps = 60 }, problem.Shards(2));
            var goesOn = GoOn(options with { Steps = 140 }, problem, stopped, 2);
            var (elbo, before, after) = (whole.Result.Scalar("elbo"), stopped.Result.Scalar("elbo"), goesOn.Result.Scalar("elbo"));
            var first = goesOn.Trace.First(t => !double.IsNaN(t.Objective)).Objective;
            Assert.True(goesOn.GreatestFall() <= Rounding, $"seed {seed}: the objective fell by {goesOn.GreatestFall()} of itself");
            Assert.True(first >= before - (1e-4 * double.Abs(before)), $"seed {seed}: it began at {first}, the other ended at {before}");
            Assert.True(after >= before - (Rounding * double.Abs(before)), $"seed {seed}: it ended at {after}, the other at {before}");
            Assert.Equal(elbo, after, 2e-3 * double.Abs(elbo));
            Assert.DoesNotContain(goesOn.Trace, t => t.Phase == "start" && !double.IsNaN(t.Objective));
            Assert.Equal(stopped.Result["row_prior_weight"].Length, goesOn.Result["row_prior_weight"].Length);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_fit_that_was_stopped_before_its_split_is_split_when_it_goes_on(bool gaussian)
    {
        var problem = new ConjugateProblem(4, gaussian);
        var options = problem.Options with { Steps = 150, Tolerance = 0 };
        var stopped = new ConjugateFit(options, problem.Shards(), endEarlyAfter: 9);
        Assert.Single(stopped.Result["row_prior_weight"]);
        var (whole, goesOn) = (new ConjugateFit(options, problem.Shards()), GoOn(options, problem, stopped));
        Assert.Equal(6, goesOn.Result["row_prior_weight"].Length);
        Assert.True(goesOn.GreatestFall() <= Rounding);
        Assert.Equal(whole.Result.Scalar("elbo"), goesOn.Result.Scalar("elbo"), 0.02 * double.Abs(whole.Result.Scalar("elbo")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rows_that_the_given_fit_does_not_have_are_fitted_too(bool gaussian)
    {
        // The given fit has the first half of the training rows; the other half, and the held-out rows, are new.
        var problem = new ConjugateProblem(5, gaussian, 120);
        var half = problem.HeldOutFrom / 2;
        var few = new ConjugateFit(problem.Options with { Rows = half }, ConjugateFit.Shards(problem.Y[..half], problem.Kind, half));
        var options = problem.Options with { Steps = 150, Tolerance = 0 };
        var whole = new ConjugateFit(options, problem.Shards(3));
        var more = GoOn(options, problem, few, 3);
        Assert.True(more.GreatestFall() <= Rounding, $"the objective fell by {more.GreatestFall()} of itself");
        Assert.True(more.Report.Failure is null && more.RowMeans.All(double.IsFinite));
        Assert.Equal(whole.Result.Scalar("elbo"), more.Result.Scalar("elbo"), 0.02 * double.Abs(whole.Result.Scalar("elbo")));

        // Without a word about rows all of them are new.
        var columnsAlone = new ConjugateFit(options with { Start = Start(problem, few) }, problem.Shards(3));
        Assert.True(columnsAlone.GreatestFall() <= Rounding);
        Assert.Equal(more.Result.Scalar("elbo"), columnsAlone.Result.Scalar("elbo"), 0.02 * double.Abs(more.Result.Scalar("elbo")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_fit_with_more_factors_ends_about_where_a_fresh_one_of_as_many_does(bool gaussian)
    {
        // Three factors were planted. The objective counts a cost for each component and factor: it need not rise with them.
        var problem = new ConjugateProblem(6, gaussian);
        var given = new ConjugateFit(problem.Options with { Factors = 2 }, problem.Shards(2));
        var more = GoOn(problem.Options with { Steps = 300 }, problem, given, 2);
        Assert.Equal([40, 3], more.Result.Get("columns_mean").Shape);
        Assert.True(more.GreatestFall() <= Rounding, $"the objective fell by {more.GreatestFall()} of itself");
        var fresh = new ConjugateFit(problem.Options with { Steps = 300 }, problem.Shards(2));
        Assert.True(
            more.Result.Scalar("elbo") > fresh.Result.Scalar("elbo") - (0.01 * double.Abs(fresh.Result.Scalar("elbo"))),
            $"{more.Result.Scalar("elbo")} where a fresh fit has {fresh.Result.Scalar("elbo")} and the given one " +
            $"{given.Result.Scalar("elbo")}");
        Assert.True(!gaussian || more.Result.Scalar("elbo") > given.Result.Scalar("elbo"));
    }

    [Fact]
    public void Only_the_first_restart_starts_from_the_given_fit()
    {
        var problem = new ConjugateProblem(7);
        var options = problem.Options with { Steps = 60, Restarts = 2 };
        var fresh = new ConjugateFit(options, problem.Shards());
        var goesOn = GoOn(options, problem, fresh);
        Assert.NotEqual(fresh.Result["restartElbos"][0], goesOn.Result["restartElbos"][0]);
        Assert.Equal(fresh.Result["restartElbos"][1], goesOn.Result["restartElbos"][1]);
    }

    [Theory]
    [InlineData(TwinEbLikelihood.Poisson, TwinEbPrior.Twin)]
    [InlineData(TwinEbLikelihood.Gaussian, TwinEbPrior.Twin)]
    [InlineData(TwinEbLikelihood.Poisson, TwinEbPrior.Single)]
    [InlineData(TwinEbLikelihood.Gaussian, TwinEbPrior.Rows)]
    public void The_reference_optimizer_starts_with_the_given_moments(TwinEbLikelihood likelihood, TwinEbPrior prior)
    {
        // Steps too small to be seen: what comes out is what went in.
        var options = ReferenceProblem.Options(60, 20, likelihood, prior) with { Steps = 60 };
        var given = new Reference(options, ReferenceProblem.Make(1, 60, 20, likelihood, 2));
        var still = options with
        {
            Steps = 1,
            RowLearningRate = 1e-12,
            ColumnLearningRate = 1e-12,
            MixtureLearningRate = 1e-12,
            LeastLearningRate = 0,
            WeightDecay = 0,
            Start = new TwinEbStart(likelihood, given.Run.Result)
        };
        var shards = ReferenceProblem.Make(1, 60, 20, likelihood, 3);
        var same = new Reference(still, WithRows(shards, given.Means, given.Sds, 3, 60));
        var (first, second) = likelihood == TwinEbLikelihood.Poisson ? ("shape", "rate") : ("mean", "sd");
        foreach (var name in new[]
        {
            "columns_mean", "columns_sd", "row_prior_weight", "column_prior_weight", $"row_prior_{first}", $"row_prior_{second}",
            $"column_prior_{first}", $"column_prior_{second}"
        })
        {
            AssertClose(given.Run.Result[name], same.Run.Result[name], name);
        }

        AssertClose(given.Means, same.Means, "rows_mean");
        AssertClose(given.Sds, same.Sds, "rows_sd");

        // A row that the given fit does not have starts as in a fresh one.
        var means = (double[])given.Means.Clone();
        means.AsSpan(7 * 3, 3).Fill(double.NaN);
        var (some, none) =
            (new Reference(still, WithRows(shards, means, given.Sds, 3, 60)), new Reference(still with { Start = null }, shards));
        AssertClose(none.Means[21..24], some.Means[21..24], "row 7");
        AssertClose(given.Means[24..27], some.Means[24..27], "row 8");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_reference_optimizer_goes_on_from_where_a_fit_was_stopped(int localSteps)
    {
        var options = ReferenceProblem.Options(60, 20, TwinEbLikelihood.Poisson) with { Steps = 800, LocalSteps = localSteps };
        var shards = ReferenceProblem.Make(3, 60, 20, TwinEbLikelihood.Poisson, 2);
        var stopped = new Reference(options, shards);
        var goesOn = new Reference(options with { Start = new TwinEbStart(TwinEbLikelihood.Poisson, stopped.Run.Result) },
            WithRows(shards, stopped.Means, stopped.Sds, 3, 60));
        var gain = stopped.Run.Objectives[^1] - stopped.Run.Objectives[0];

        // Losses are as noisy as their draws: means of ten epochs.
        var (end, begin, last) =
            (stopped.Run.Objectives[^10..].Average(), goesOn.Run.Objectives[..10].Average(), goesOn.Run.Objectives[^10..].Average());
        Assert.True(begin > end - (0.1 * gain), $"it began at {begin} where the other ended at {end} from {stopped.Run.Objectives[0]}");
        Assert.True(last > end, $"it ended at {last}, the other at {end}");
    }

    [Fact]
    public void The_reference_optimizer_takes_what_the_default_one_has_found_and_more_factors()
    {
        var problem = new ConjugateProblem(8);
        var given = new ConjugateFit(problem.Options with { Factors = 2 }, problem.Shards());
        var options = problem.Options with { Optimizer = TwinEbOptimizer.Reference, Steps = 300 };
        var (fresh, goesOn) = (new Reference(
            options, problem.Shards()), new Reference(options with { Start = Start(problem, given) }, Shards(problem, given, 1)));
        Assert.Null(goesOn.Run.Report.Failure);
        Assert.True(goesOn.Run.Objectives[0] > fresh.Run.Objectives[0],
            $"the first epoch is at {goesOn.Run.Objectives[0]}, a fresh one's at {fresh.Run.Objectives[0]}");
    }

    [Fact]
    public void What_cannot_be_started_from_is_said_at_once()
    {
        var problem = new ConjugateProblem(9);
        var fit = new ConjugateFit(problem.Options with { Steps = 30 }, problem.Shards());
        var start = Start(problem, fit);
        var options = problem.Options with { Start = start };
        Assert.Empty(TwinEbOptionsCheck.Problems(options));
        Assert.Equal(
        [
            "the fit to start from has another likelihood",
            "the fit to start from has 40 columns, the data have 50: use the same columns in the same order",
            "factors is 2, but the fit to start from has 3: use at least as many",
            "the fit to start from has 6 row components where 7 are asked for: use the same prior and rowComponents",
            "the fit to start from has 5 column components where 1 are asked for: use the same prior and columnComponents",
        ], TwinEbOptionsCheck.Problems(options with
        {
            Likelihood = TwinEbLikelihood.Gaussian,
            Columns = 50,
            Factors = 2,
            RowComponents = 7,
            Prior = TwinEbPrior.Rows
        }));

        var spoilt = new ArraySet();
        foreach (var array in fit.Result.Where(a => a.Name is not ("columns_sd" or "row_prior_rate")))
        {
            spoilt.Set(array.Clone());
        }

        spoilt["columns_mean"][4] = -1;
        spoilt["column_prior_shape"][0] = double.NaN;
        spoilt["column_prior_weight"][0] = 0.5;
        var words = Assert.Throws<ArgumentException>(() => new TwinEbStart(TwinEbLikelihood.Poisson, spoilt)).Message;
        Assert.Contains("'columns_mean' has -1 at 4: it must be finite and at least 0", words, StringComparison.Ordinal);
        Assert.Contains("'columns_sd' is not there, or does not have 120 numbers", words, StringComparison.Ordinal);
        Assert.Contains("'row_prior_rate' is not there, or does not have 18 numbers", words, StringComparison.Ordinal);
        Assert.Contains("component 1 of 'column_prior' is not a distribution", words, StringComparison.Ordinal);
    }

    private static TwinEbStart Start(ConjugateProblem problem, ConjugateFit given) => new(problem.Options.Likelihood, given.Result);

    private static ConjugateFit GoOn(TwinEbOptions options, ConjugateProblem problem, ConjugateFit given, int shards = 1) =>
        new(options with { Start = Start(problem, given) }, Shards(problem, given, shards));

    private static ShardData[] Shards(ConjugateProblem problem, ConjugateFit given, int shards)
    {
        var factors = given.Result.Get("columns_mean").Shape[1];
        return WithRows(problem.Shards(shards), given.RowMeans, [.. given.Rows.SelectMany(r => r["rows_sd"])], factors,
            given.RowMeans.Length / factors);
    }

    // The given fit's rows are the first of the matrix.
    private static ShardData[] WithRows(
        ShardData[] shards, double[] means, double[] sds, int factors, int givenRows) => [.. shards.Select(shard =>
    {
        double[] Of(double[] values) => [.. Enumerable.Range(0, shard.Block.Rows * factors).Select(at =>
            shard.FirstRow + (at / factors) < givenRows ? values[(int)(shard.FirstRow * factors) + at] : double.NaN)];
        var extras = new ArraySet();
        foreach (var array in shard.Extras)
        {
            extras.Set(array);
        }

        int[] shape = [shard.Block.Rows, factors];
        return shard with { Extras = extras.Set(TwinEbStart.RowMeans, Of(means), shape).Set(TwinEbStart.RowSds, Of(sds), shape) };
    })];

    private static void AssertClose(double[] expected, double[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var at = 0; at < expected.Length; at++)
        {
            Assert.True(double.Abs(expected[at] - actual[at]) <= 1e-6 * double.Max(1, double.Abs(expected[at])),
                $"{what}[{at}] is {actual[at]:R} where {expected[at]:R} was given");
        }
    }

    private sealed class Reference
    {
        public Reference(TwinEbOptions options, ShardData[] shards)
        {
            Run = new ReferenceRun(options, shards);
            var model = new TwinEbReferenceModel(options);
            var rows = shards.Select((d, s) => model.ShardResult(d, Run.States[s])).ToArray();
            (Means, Sds) = ([.. rows.SelectMany(r => r["rows_mean"])], [.. rows.SelectMany(r => r["rows_sd"])]);
        }

        public ReferenceRun Run { get; }

        public double[] Means { get; }

        public double[] Sds { get; }
    }
}
