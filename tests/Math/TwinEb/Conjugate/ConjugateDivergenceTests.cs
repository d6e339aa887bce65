using FitCluster.Math.Models;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>What the default optimizer says, keeps and hands out when a restart comes to numbers that are not finite.</summary>
public sealed class ConjugateDivergenceTests
{
    [Theory]
    [InlineData(false, false, "columnAbsent")]
    [InlineData(true, false, "columnShifts")]
    [InlineData(false, true, "column.term")]
    [InlineData(true, true, "column.seconds")]
    public void A_first_restart_that_diverges_hands_out_its_last_good_state(bool gaussian, bool inColumns, string name)
    {
        // What the rows or the columns of sweep 6 bring is spoilt, so the columns are those after sweep 5.
        var problem = new ConjugateProblem(21, gaussian, validates: false);
        var shards = problem.Shards(3);
        var spoilt = RowsOf(6) + (inColumns ? 1 : 0);
        var fit = new ConjugateFit(
            problem.Options, shards, spoil: (round, sum) => Spoil(sum, round == spoilt, shard: 1, array: 2), mayFail: true);
        var until = new ConjugateFit(problem.Options, problem.Shards(3), endEarlyAfter: RowsOf(5));
        Assert.StartsWith(
            $"restart 1 diverged in sweep 6 and was given up: the sum '{name}' of shard 1 is not finite, or beyond 1e300; the best so " +
            "far is restart 1 of 1", fit.Report.Failure, StringComparison.Ordinal);
        Assert.True(fit.Report.IsDone);
        Assert.False(fit.Report.Converged);
        Assert.Single(fit.Notes);
        Assert.Equal(until.Rounds, fit.Rounds - (inColumns ? 2 : 1));
        foreach (var array in new[] { "columns_mean", "columns_sd", "row_prior_weight", "column_prior_weight" })
        {
            Assert.Equal(until.Result[array], fit.Result[array]);
        }

        // Rows have been fitted once more to the same columns, which changes the Poisson model's a little; held-out rows begin anew.
        var training = problem.HeldOutFrom * problem.Options.Factors;
        Assert.InRange(fit.RowMeans.Zip(until.RowMeans).Take(training).Average(
            p => double.Abs(p.First - p.Second)) / until.RowMeans.Average(double.Abs), 0, gaussian ? 0 : 0.1);
        Assert.Equal(until.RowMeans[training..], fit.RowMeans[training..]);
        Assert.Equal(until.Result.Scalar("testLogLik"), fit.Result.Scalar("testLogLik"));
        Assert.Equal([-1e300], fit.Result["restartScores"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_restart_that_diverges_leaves_the_best_of_the_others(int spoilt)
    {
        var problem = new ConjugateProblem(22);
        var options = problem.Options with { Restarts = 3, Steps = 8, Tolerance = 0 };
        var whole = new ConjugateFit(options, problem.Shards(2));

        // A restart is 8 sweeps and a score: the third sweep of the spoilt one.
        var sweeps = 0;
        var fit = new ConjugateFit(
            options, problem.Shards(2), mayFail: true,
            spoil: (_, sum) => Spoil(sum, sum.Contains("elbo") && sweeps++ == (8 * spoilt) + 2, 0, 1));
        var scores = (double[])whole.Result["restartScores"].Clone();
        scores[spoilt] = -1e300;
        Assert.Equal(scores, fit.Result["restartScores"]);
        var best = Array.IndexOf(scores, scores.Max());
        Assert.Equal(best, fit.Result.Scalar("restart"));
        Assert.Equal(scores.Max(), fit.Result.Scalar("heldOutLogLik"));
        Assert.Contains($"restart {spoilt + 1} diverged in sweep 3", fit.Report.Failure, StringComparison.Ordinal);
        Assert.Contains($"the best so far is restart {best + 1} of 3", fit.Report.Failure, StringComparison.Ordinal);
        if (best == (int)whole.Result.Scalar("restart"))
        {
            Assert.Equal(whole.RowMeans, fit.RowMeans);
            Assert.Equal(whole.Result["columns_mean"], fit.Result["columns_mean"]);
            Assert.Equal(whole.Result.Scalar("testLogLik"), fit.Result.Scalar("testLogLik"));
        }
    }

    [Fact]
    public void A_row_whose_posterior_is_not_finite_is_named_with_its_shard()
    {
        // 1e160 squared is infinite in the sums of squares; 1e150 is not, but its row's posterior under a noise of 1e-80 is.
        var problem = new ConjugateProblem(23, gaussian: true);
        problem.Y[37][5] = 1e150;
        var fit = new ConjugateFit(
            problem.Options with { Prior = TwinEbPrior.Fixed, NoiseSd = 1e-80 }, problem.Shards(3), mayFail: true);
        Assert.False(fit.Report.IsDone);
        Assert.Contains("(shard ", Row(fit.Report.Failure!), StringComparison.Ordinal);
        Assert.Contains("no restart came so far that there is a best one", fit.Report.Failure, StringComparison.Ordinal);
        Assert.Empty(fit.Result);
    }

    [Theory]
    [InlineData(9e299, 0, "the sum 'logFactorials' of shard 1")]
    [InlineData(double.MaxValue, double.MaxValue, "the sum 'sum' of shard 1")]
    public void Counts_beyond_what_sums_hold_are_named_before_the_first_restart(double count, double other, string what)
    {
        var problem = new ConjugateProblem(24);
        problem.Y[37][5] = count;
        problem.Y[37][6] = other;
        var fit = new ConjugateFit(problem.Options, ConjugateFit.Shards(problem.Y, (_, _) => 0, problem.Y.Length, 2), mayFail: true);
        Assert.StartsWith(what, fit.Report.Failure, StringComparison.Ordinal);
        Assert.Empty(fit.Result);
        Assert.All(fit.RowMeans, x => Assert.True(double.IsNaN(x)));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(30)]
    public void A_row_that_is_not_finite_in_a_later_sweep_is_named_and_all_others_are_handed_out(int sweep)
    {
        // Before the split of components (sweep 20) and after. Row 5 of the second of three shards.
        var problem = new ConjugateProblem(27, validates: false);
        var fit = new ConjugateFit(problem.Options, problem.Shards(3), mayFail: true, spoilRows: (round, states) =>
        {
            if (round == RowsOf(sweep))
            {
                states[1]["row.logs"].AsSpan(5 * problem.Options.Factors, problem.Options.Factors).Fill(double.NaN);
            }
        });
        Assert.StartsWith($"restart 1 diverged in sweep {sweep} and was given up: the posterior of row 26 (shard 1) is not finite",
            fit.Report.Failure, StringComparison.Ordinal);
        var isUnknown = fit.RowMeans.Select(double.IsNaN).ToArray();
        Assert.Equal(Enumerable.Range(0, fit.RowMeans.Length).Select(at => at / problem.Options.Factors == 25), isUnknown);
        Assert.All(fit.Result["columns_mean"], x => Assert.True(x > 0 && double.IsFinite(x)));
        Assert.True(double.IsFinite(fit.Result.Scalar("testLogLik")));
        Assert.False(fit.Result.Contains("heldOutLogLik"));
    }

    [Fact]
    public void Fixed_priors_that_overflow_are_named_at_the_start()
    {
        var problem = new ConjugateProblem(25);
        var options = problem.Options with { Prior = TwinEbPrior.Fixed };
        void Fails(TwinEbOptions poisoned, string with)
        {
            var fit = new ConjugateFit(poisoned, problem.Shards(2), mayFail: true);
            Assert.StartsWith(with, fit.Report.Failure, StringComparison.Ordinal);
            Assert.Empty(fit.Result);
        }

        Fails(options with { RowPriorShape = 1e308, RowPriorRate = 1e308 },
            "restart 1 could not start: 'rowPrior.shapes' of component 1 is not finite, or beyond 1e300");
        Fails(options with { ColumnPriorShape = 1e308, ColumnPriorRate = 1e308 },
            "restart 1 could not start: 'columnPrior.shapes' of component 1");
        Fails(options with { ColumnPriorShape = 1e200, ColumnPriorRate = 1e-200, Restarts = 2 }, "restart 2 could not start: 'column.");
    }

    [Theory]
    [InlineData("elbo", 0, "the objective")]
    [InlineData("columnCounts", 5, "'column.counts' of column 2")]
    [InlineData("columnAbsent", 7, "'column.rates' of column 3")]
    [InlineData("row.means", 1, "'rowPrior.")]
    public void What_of_columns_priors_and_objective_is_not_finite_is_named_and_the_state_before_it_is_kept(string sum, int at, string what)
    {
        var problem = new ConjugateProblem(26, validates: false);
        var fit = new ConjugateFit(problem.Options, problem.Shards(2), mayFail: true, spoil: (round, sums) =>
        {
            if (round == RowsOf(30))
            {
                sums[sum][at] = double.NaN;
            }
        });
        var until = new ConjugateFit(problem.Options, problem.Shards(2), endEarlyAfter: RowsOf(29));
        Assert.StartsWith($"restart 1 diverged in sweep 30 and was given up: {what}", fit.Report.Failure, StringComparison.Ordinal);
        Assert.Equal(until.Result["columns_mean"], fit.Result["columns_mean"]);
        Assert.Equal(until.Result["row_prior_shape"], fit.Result["row_prior_shape"]);
        Assert.Equal(until.Result["column_prior_rate"], fit.Result["column_prior_rate"]);
        Assert.Equal(until.Result.Scalar("elbo"), fit.Result.Scalar("elbo"));
    }

    [Fact]
    public void A_sum_that_is_not_finite_over_shards_alone_cannot_be_since_each_is_bounded()
    {
        var partial = ConjugateFailure.Checked(new ArraySet().Set("fine", 1.0).Set("large", [0, 2e300]), new ShardId(7), -1);
        Assert.Equal("the sum 'large' of shard 7 is not finite, or beyond 1e300", ConjugateFailure.Of(partial));
        var other = ConjugateFailure.Checked(new ArraySet().Set("fine", double.NaN).Set("large", [0.0, 1e300]), new ShardId(9), -1);
        var row = ConjugateFailure.Checked(new ArraySet().Set("fine", 3.0).Set("large", [0.0, 0.0]), new ShardId(3), 1_000_000_000);
        var well = ConjugateFailure.Checked(new ArraySet().Set("fine", 3.0).Set("large", [0.0, 0.0]), new ShardId(1), -1);
        Assert.Null(ConjugateFailure.Of(well));

        // The first shard is named, whatever the order; and nothing that is not finite is left to be summed.
        other.Combine(partial);
        Assert.StartsWith("the sum 'large' of shard 7", ConjugateFailure.Of(other), StringComparison.Ordinal);
        other.Combine(row);
        other.Combine(well);
        Assert.StartsWith("the posterior of row 1000000001 (shard 3)", ConjugateFailure.Of(other), StringComparison.Ordinal);
        Assert.Null(other.FirstNonFinite());
    }

    // Round 0 sums over the data, and each sweep is two: rows, then columns (without validation cells there is no check). As many rounds
    // have been when its rows begin.
    private static int RowsOf(int sweep) => (2 * sweep) - 1;

    private static string Row(string failure) =>
        failure.Contains("the posterior of row ", StringComparison.Ordinal) ? failure : $"no row is named: {failure}";

    // As if a shard had found something that is not finite.
    private static void Spoil(ArraySet sum, bool now, int shard, int array)
    {
        if (now)
        {
            sum.Set(ConjugateKeys.Failed, [shard, array, -1], [1, 3]);
        }
    }
}
