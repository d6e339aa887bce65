using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

public class ConjugateModelTests
{
    // Rounding of sums of some thousand terms; a real fall is larger by orders.
    private const double Rounding = 1e-12;

    [Theory]
    [InlineData(TwinEbPrior.Twin, false)]
    [InlineData(TwinEbPrior.Rows, false)]
    [InlineData(TwinEbPrior.Columns, false)]
    [InlineData(TwinEbPrior.Single, false)]
    [InlineData(TwinEbPrior.Fixed, false)]
    [InlineData(TwinEbPrior.Twin, true)]
    [InlineData(TwinEbPrior.Rows, true)]
    [InlineData(TwinEbPrior.Columns, true)]
    [InlineData(TwinEbPrior.Single, true)]
    [InlineData(TwinEbPrior.Fixed, true)]
    public void The_objective_never_falls(TwinEbPrior prior, bool gaussian)
    {
        for (ulong seed = 1; seed <= 4; seed++)
        {
            var problem = new ConjugateProblem(seed, gaussian);
            var fit = new ConjugateFit(problem.Options with { Prior = prior, Steps = 150, Tolerance = 0 }, problem.Shards());
            Assert.True(fit.GreatestFall() <= Rounding, $"seed {seed}: the objective fell by {fit.GreatestFall()} of itself");
            Assert.True(double.IsFinite(fit.Result.Scalar("heldOutLogLik")), $"seed {seed}");
            Assert.True(double.IsFinite(fit.Result.Scalar("testLogLik")), $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(false, 3, 40)]
    [InlineData(true, 3, 40)]
    [InlineData(false, 9, 300)] // five blocks of columns: some shards have none
    [InlineData(true, 9, 300)]
    public void Several_shards_agree_with_one(bool gaussian, int shards, int columns)
    {
        var problem = new ConjugateProblem(7, gaussian, columns: columns);
        var options = problem.Options with { Steps = 60, Tolerance = 0 };
        var (one, several) = (new ConjugateFit(options, problem.Shards()), new ConjugateFit(options, problem.Shards(shards)));
        Assert.Equal(one.Rounds, several.Rounds);
        foreach (var name in new[] { "elbo", "heldOutLogLik", "testLogLik", "rmse", "mae" })
        {
            Assert.Equal(one.Result.Scalar(name), several.Result.Scalar(name), 1e-8 * double.Abs(one.Result.Scalar(name)));
        }

        Assert.All(one.RowMeans.Zip(several.RowMeans), pair => Assert.Equal(pair.First, pair.Second, 1e-8));
        Assert.All(one.Result["columns_mean"].Zip(several.Result["columns_mean"]), pair => Assert.Equal(pair.First, pair.Second, 1e-8));
    }

    [Fact]
    public void A_dense_block_gives_what_a_sparse_one_gives()
    {
        var problem = new ConjugateProblem(8);
        var options = problem.Options with { Steps = 30 };
        var (sparse, dense) = (new ConjugateFit(options, problem.Shards()), new ConjugateFit(options, problem.Shards(dense: true)));
        Assert.Equal(sparse.Result.Scalar("elbo"), dense.Result.Scalar("elbo"), 1e-9 * double.Abs(sparse.Result.Scalar("elbo")));
        Assert.Equal(sparse.Result.Scalar("testLogLik"), dense.Result.Scalar("testLogLik"), 1e-9);
    }

    [Fact]
    public void Zeros_that_are_missing_do_not_lower_the_rates()
    {
        var problem = new ConjugateProblem(9);
        var options = problem.Options with { Steps = 60, Tolerance = 0 };
        var observed = new ConjugateFit(options, problem.Shards());
        var missing = new ConjugateFit(options, problem.Shards(unstored: UnstoredEntries.Missing));
        Assert.True(missing.GreatestFall() <= Rounding, $"the objective fell by {missing.GreatestFall()} of itself");
        double Mean(ConjugateFit fit) => Enumerable.Range(0, 3).Sum(l =>
            Enumerable.Range(0, problem.HeldOutFrom).Average(
                i => fit.RowMeans[(i * 3) + l]) * Enumerable.Range(0, 40).Average(j => fit.Result["columns_mean"][(j * 3) + l]));
        var stored = problem.Y.SelectMany(r => r).Where(x => x > 0).Average();
        var all = problem.Y.SelectMany(r => r).Average();
        Assert.Equal(all, Mean(observed), 0.15 * all);
        Assert.True(Mean(missing) > 0.8 * stored, $"mean rate {Mean(missing)}, mean of stored cells {stored}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Planted_means_are_recovered(bool gaussian)
    {
        var problem = new ConjugateProblem(10, gaussian, 150, 100);
        var fit = new ConjugateFit(problem.Options, problem.Shards());
        var (u, v) = (fit.RowMeans, fit.Result["columns_mean"]);
        var (error, total) = (0.0, 0.0);
        var mean = problem.Means.SelectMany(r => r).Average();
        for (var i = 0; i < problem.HeldOutFrom; i++)
        {
            for (var j = 0; j < 100; j++)
            {
                var fitted = Enumerable.Range(0, 3).Sum(l => u[(i * 3) + l] * v[(j * 3) + l]);
                error += (fitted - problem.Means[i][j]) * (fitted - problem.Means[i][j]);
                total += (mean - problem.Means[i][j]) * (mean - problem.Means[i][j]);
            }
        }

        Assert.True(error < 0.1 * total, $"{error / total:P1} of the variance of the true means is not explained");
        Assert.True(fit.Report.Converged);
    }

    [Fact]
    public void The_best_of_several_restarts_by_validation_is_kept_with_its_rows()
    {
        var problem = new ConjugateProblem(11);
        var options = problem.Options with { Restarts = 3, Steps = 40 };
        var fit = new ConjugateFit(options, problem.Shards());
        var scores = fit.Result["restartScores"];
        Assert.Equal(3, scores.Distinct().Count());
        Assert.Equal(scores.Max(), fit.Result.Scalar("heldOutLogLik"));
        Assert.Equal(Array.IndexOf(scores, scores.Max()), (int)fit.Result.Scalar("restart"));

        // RMSE from the results: rows and columns are of the same restart.
        var (u, v, sum, count) = (fit.RowMeans, fit.Result["columns_mean"], 0.0, 0);
        for (var i = 0; i < problem.HeldOutFrom; i++)
        {
            for (var j = 0; j < 40; j++)
            {
                if (problem.Kind(i, j) == (int)HeldOutKind.Validation)
                {
                    var error = problem.Y[i][j] - Enumerable.Range(0, 3).Sum(l => u[(i * 3) + l] * v[(j * 3) + l]);
                    (sum, count) = (sum + (error * error), count + 1);
                }
            }
        }

        Assert.Equal(double.Sqrt(sum / count), fit.Result.Scalar("rmse"), 1e-12);
    }

    [Fact]
    public void A_fit_that_is_ended_early_has_results_and_did_not_converge()
    {
        var problem = new ConjugateProblem(12);
        var fit = new ConjugateFit(problem.Options with { Restarts = 5 }, problem.Shards(), endEarlyAfter: 9);
        Assert.True(fit.Rounds < 18, $"{fit.Rounds} rounds");
        Assert.False(fit.Report.Converged);
        Assert.True(double.IsFinite(fit.Result.Scalar("testLogLik")));
    }

    [Fact]
    public void A_matrix_without_a_training_cell_fails_in_words()
    {
        var problem = new ConjugateProblem(13);
        var shards = ConjugateFit.Shards(problem.Y, (_, _) => (int)HeldOutKind.Validation, problem.HeldOutFrom);
        var model = new TwinEbConjugateModel(problem.Options);
        var global = model.InitialGlobal();
        global = model.Update(global, model.Local(model.Broadcast(global), shards[0], model.InitialShard(shards[0])));
        Assert.Contains("no training cell", model.Report(global).Failure);
    }

    [Fact]
    public void A_fit_without_held_out_cells_keeps_the_restart_of_the_greatest_objective_and_reports_no_score()
    {
        var problem = new ConjugateProblem(15);
        var fit = new ConjugateFit(
            problem.Options with { Restarts = 3, Steps = 30 }, ConjugateFit.Shards(problem.Y, (_, _) => 0, problem.Y.Length));
        Assert.Equal(fit.Result["restartElbos"].Max(), fit.Result.Scalar("elbo"));
        Assert.False(fit.Result.Contains("heldOutLogLik"));
        Assert.False(fit.Result.Contains("testLogLik"));
    }

    [Fact]
    public void A_matrix_of_held_out_rows_fails_in_words()
    {
        var problem = new ConjugateProblem(16);
        var shards = ConjugateFit.Shards(problem.Y, problem.Kind, 0);
        var model = new TwinEbConjugateModel(problem.Options);
        var global = model.InitialGlobal();
        global = model.Update(global, model.Local(model.Broadcast(global), shards[0], model.InitialShard(shards[0])));
        Assert.Contains("all rows are held out", model.Report(global).Failure);
        Assert.Empty(model.GlobalResult(global));
    }

    [Fact]
    public void Rows_without_a_cell_and_columns_without_a_count_do_no_harm()
    {
        var problem = new ConjugateProblem(14);
        foreach (var row in problem.Y)
        {
            row[5] = 0;
        }

        problem.Y[3].AsSpan().Clear();
        var shards = ConjugateFit.Shards(
            problem.Y, (i, j) => i == 4 ? (int)HeldOutKind.Validation : problem.Kind(i, j), problem.HeldOutFrom);
        var fit = new ConjugateFit(problem.Options, shards);
        Assert.True(double.IsFinite(fit.Result.Scalar("heldOutLogLik")));
        Assert.All(fit.RowMeans, x => Assert.True(x >= 0 && double.IsFinite(x)));
    }
}
