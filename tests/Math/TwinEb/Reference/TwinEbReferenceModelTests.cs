using FitCluster.Math.Models;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

public sealed class TwinEbReferenceModelTests
{
    private const int Rows = 60;
    private const int Columns = 20;

    public static TheoryData<TwinEbLikelihood, TwinEbPrior> Models => ReferenceGradientTests.Models;

    [Theory]
    [MemberData(nameof(Models))]
    public void A_run_in_rounds_is_the_plain_loop_of_one_machine(TwinEbLikelihood likelihood, TwinEbPrior prior)
    {
        var options = ReferenceProblem.Options(Rows, Columns, likelihood, prior) with { PlateauPatience = 0, PlateauFactor = 0.9 };
        ExpectPlainLoop(options, 10);
    }

    [Fact]
    public void A_run_with_rates_of_its_own_for_rows_columns_and_priors_is_the_plain_loop_too()
    {
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson) with
        {
            RowLearningRate = 0.05,
            ColumnLearningRate = 0.02,
            MixtureLearningRate = 0.004,
            ClipNorm = 30,
            WeightDecay = 0.02,
            Particles = 2,
            BatchSize = 25,
            Steps = 21,
        };
        ExpectPlainLoop(options, 7);
    }

    [Theory]
    [InlineData(TwinEbLikelihood.Poisson, 1)]
    [InlineData(TwinEbLikelihood.Gaussian, 1)]
    [InlineData(TwinEbLikelihood.Poisson, 3)]
    public void Several_shards_agree_with_one(TwinEbLikelihood likelihood, int particles)
    {
        var options = ReferenceProblem.Options(Rows, Columns, likelihood) with { Particles = particles, Restarts = 2 };
        var one = new ReferenceRun(options, ReferenceProblem.Make(2, Rows, Columns, likelihood, 1, heldOutRows: 5));
        foreach (var shards in new[] { 2, 7 })
        {
            var several = new ReferenceRun(options, ReferenceProblem.Make(2, Rows, Columns, likelihood, shards, heldOutRows: 5));
            Assert.Equal(one.Rounds, several.Rounds);
            Close(one.Rows, several.Rows, 1e-8, "rows_mean");
            foreach (var array in one.Result)
            {
                Close(array.Values, several.Result[array.Name], 1e-8, array.Name);
            }
        }
    }

    [Fact]
    public void The_same_options_give_the_same_bits_and_another_seed_does_not()
    {
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson);
        double[] Run(ulong seed) =>
            new ReferenceRun(options with { Seed = seed }, ReferenceProblem.Make(2, Rows, Columns, TwinEbLikelihood.Poisson, 3)).Rows;
        var first = Run(1);
        Assert.Equal(first, Run(1));
        Assert.NotEqual(first, Run(2));
    }

    [Fact]
    public void Local_steps_on_one_shard_are_the_exact_steps()
    {
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson) with { Steps = 20 };
        var data = ReferenceProblem.Make(3, Rows, Columns, TwinEbLikelihood.Poisson);
        var exact = new ReferenceRun(options, data);
        var local = new ReferenceRun(options with { LocalSteps = 3 }, data);
        Assert.True(local.Rounds < exact.Rounds);
        Close(exact.Rows, local.Rows, 1e-9, "rows_mean");
        Close(exact.Result["columns_mean"], local.Result["columns_mean"], 1e-9, "columns_mean");
    }

    [Fact]
    public void Local_steps_on_several_shards_fit_about_as_well_in_fewer_rounds()
    {
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson) with { Steps = 1200 };
        var data = ReferenceProblem.Make(3, Rows, Columns, TwinEbLikelihood.Poisson, 3);
        var exact = new ReferenceRun(options, data);
        var local = new ReferenceRun(options with { LocalSteps = 4 }, data);
        Assert.True(local.Rounds * 3 < exact.Rounds);
        var gain = exact.Objectives[^1] - exact.Objectives[0];
        Assert.True(local.Objectives[^1] > exact.Objectives[^1] - (0.1 * gain),
            $"{local.Objectives[^1]} where exact steps reach {exact.Objectives[^1]} from {exact.Objectives[0]}");
    }

    [Fact]
    public void The_restart_with_the_best_validation_is_kept_with_its_rows()
    {
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson) with { Restarts = 3, Steps = 100 };
        var run = new ReferenceRun(options, ReferenceProblem.Make(4, Rows, Columns, TwinEbLikelihood.Poisson, 2, heldOutRows: 6));
        var scores = run.Result["restartScores"];
        Assert.Equal(3, scores.Length);
        Assert.Equal(scores.Max(), run.Result.Scalar("heldOutLogLik"));
        Assert.Equal(scores.Max(), scores[(int)run.Result.Scalar("restart")]);
        Assert.True(run.Result.Scalar("testLogLik") < 0);

        // Kept rows of training rows score what the kept restart scored: predictions from them have its error.
        var data = ReferenceProblem.Make(4, Rows, Columns, TwinEbLikelihood.Poisson, 1, heldOutRows: 6)[0];
        var (cells, columns) = (new HeldOutCells(data), run.Result["columns_mean"]);
        var (squared, count) = (0.0, 0);
        for (var i = 0; i < Rows; i++)
        {
            for (var c = 0; c < cells.RowKinds(i).Length; c++)
            {
                if (cells.RowKinds(i)[c] == 1)
                {
                    var mean = Enumerable.Range(0, 3).Sum(l => run.Rows[(i * 3) + l] * columns[((int)cells.RowColumns(i)[c] * 3) + l]);
                    squared += (cells.RowValues(i)[c] - mean) * (cells.RowValues(i)[c] - mean);
                    count++;
                }
            }
        }

        Assert.Equal(run.Result.Scalar("rmse"), double.Sqrt(squared / count), 1e-10);
    }

    [Fact]
    public void Held_out_rows_are_fitted_with_columns_and_training_rows_as_they_were()
    {
        var data = ReferenceProblem.Make(5, Rows, Columns, TwinEbLikelihood.Poisson, 2, heldOutRows: 5);
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson) with { Steps = 200 };
        var few = new ReferenceRun(options with { ProjectionSteps = 1 }, data);
        var many = new ReferenceRun(options with { ProjectionSteps = 300 }, data);
        Assert.Equal(few.Result["columns_mean"], many.Result["columns_mean"]);
        for (var i = 0; i < Rows; i++)
        {
            Assert.Equal(i % 5 != 4, few.Rows.AsSpan(i * 3, 3).SequenceEqual(many.Rows.AsSpan(i * 3, 3)));
        }

        Assert.True(many.Result.Scalar("testLogLik") > few.Result.Scalar("testLogLik"));
    }

    [Fact]
    public void A_step_that_is_not_finite_goes_back_to_the_best_epoch_with_half_the_rates()
    {
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson) with { Steps = 200 };
        var data = ReferenceProblem.Make(6, Rows, Columns, TwinEbLikelihood.Poisson, 2);
        ArraySet Spoil(int round, ArraySet partial)
        {
            if (round is 3 or 50)
            {
                partial["flags"][0] = 1;
            }

            return partial;
        }

        var run = new ReferenceRun(options, data, spoil: Spoil);
        Assert.Null(run.Report.Failure);
        Assert.Equal(2, run.Notes.Count);
        Assert.Contains("0.25 of its learning rates", run.Notes[1], StringComparison.Ordinal);
        Assert.True(run.Objectives[^1] > run.Objectives[0]);
    }

    [Fact]
    public void A_fit_that_always_diverges_fails_after_its_retries_and_keeps_finite_results()
    {
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson) with { Steps = 200, Retries = 2 };
        var data = ReferenceProblem.Make(6, Rows, Columns, TwinEbLikelihood.Poisson, 2, heldOutRows: 5);
        var run = new ReferenceRun(options, data, spoil: (round, partial) =>
        {
            if (round > 20 && partial.Contains("sums"))
            {
                partial["flags"][0] = 1;
            }

            return partial;
        });
        Assert.Contains("diverged 3 times (retries 2)", run.Report.Failure, StringComparison.Ordinal);
        Assert.False(run.Report.Converged);
        Assert.True(run.Rows.All(double.IsFinite));
        Assert.True(run.Rounds < 40);
    }

    [Fact]
    public void A_loss_far_beyond_the_epoch_before_is_divergence()
    {
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson) with { Steps = 200 };
        var data = ReferenceProblem.Make(6, Rows, Columns, TwinEbLikelihood.Poisson);
        var run = new ReferenceRun(options, data, spoil: (round, partial) =>
        {
            if (round == 41)
            {
                partial["sums"][1] *= 1e6;
            }

            return partial;
        });
        Assert.Single(run.Notes);
    }

    [Fact]
    public void Huge_learning_rates_end_in_a_failure_or_finite_results()
    {
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson) with
        {
            Steps = 200,
            RowLearningRate = 1e6,
            ColumnLearningRate = 1e6,
            MixtureLearningRate = 1e6
        };
        var run = new ReferenceRun(options, ReferenceProblem.Make(6, Rows, Columns, TwinEbLikelihood.Poisson, 2));
        Assert.True(run.Report.Failure is not null || run.Rows.All(double.IsFinite));
    }

    [Fact]
    public void Ending_early_yields_results_that_are_not_converged()
    {
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson) with { Steps = 4000, Restarts = 2 };
        var run = new ReferenceRun(
            options, ReferenceProblem.Make(7, Rows, Columns, TwinEbLikelihood.Poisson, 2, heldOutRows: 5), endAfterRounds: 30);
        Assert.InRange(run.Rounds, 31, 45);
        Assert.False(run.Report.Converged);
        Assert.Null(run.Report.Failure);
        Assert.True(run.Result.Contains("testLogLik"));
    }

    [Fact]
    public void Without_validation_cells_the_lowest_loss_decides()
    {
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Gaussian) with { Restarts = 2 };
        var run = new ReferenceRun(options, ReferenceProblem.Make(8, Rows, Columns, TwinEbLikelihood.Gaussian, 2, withValidation: false));
        Assert.False(run.Result.Contains("heldOutLogLik"));
        Assert.Equal(run.Result["restartScores"].Max(), run.Result["restartScores"][(int)run.Result.Scalar("restart")]);
        Assert.Contains(run.Rows, x => x != 0);
    }

    [Fact]
    public void All_rows_held_out_is_a_failure_in_words()
    {
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson);
        var run = new ReferenceRun(options, ReferenceProblem.Make(8, Rows, Columns, TwinEbLikelihood.Poisson, 2, heldOutRows: 1));
        Assert.Equal("all rows are held out: at least one training row is needed", run.Report.Failure);
    }

    [Fact]
    public void With_a_tolerance_a_fit_stops_when_its_loss_no_longer_falls()
    {
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson) with { Steps = 40_000, Tolerance = 0.01 };
        var run = new ReferenceRun(options, ReferenceProblem.Make(9, Rows, Columns, TwinEbLikelihood.Poisson));
        Assert.True(run.Report.Converged);
        Assert.True(run.Rounds < 20_000);
        var unsettled = new ReferenceRun(options with { Steps = 40 }, ReferenceProblem.Make(9, Rows, Columns, TwinEbLikelihood.Poisson));
        Assert.False(unsettled.Report.Converged);
    }

    [Theory]
    [InlineData("RowLearningRate")]
    [InlineData("ColumnLearningRate")]
    [InlineData("MixtureLearningRate")]
    [InlineData("ClipNorm")]
    [InlineData("WeightDecay")]
    [InlineData("PlateauFactor")]
    [InlineData("PlateauThreshold")]
    [InlineData("PlateauPatience")]
    [InlineData("Particles")]
    [InlineData("BatchSize")]
    [InlineData("RestoreBest")]
    [InlineData("EarlyStopRise")]
    [InlineData("EarlyStopEpochs")]
    [InlineData("LeastLearningRate")]
    [InlineData("HeldOutSamples")]
    [InlineData("HeldOutZeroSample")]
    public void Every_option_has_an_effect(string name)
    {
        // A schedule in which all of them are in play: plateaus in most epochs, and rises that count.
        var options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson) with
        {
            PlateauPatience = 0,
            PlateauFactor = 0.5,
            PlateauThreshold = 0.5,
            EarlyStopRise = 1e9,
            Steps = 200,
        };
        var changed = name switch
        {
            "RowLearningRate" => options with { RowLearningRate = 0.02 },
            "ColumnLearningRate" => options with { ColumnLearningRate = 0.02 },
            "MixtureLearningRate" => options with { MixtureLearningRate = 0.02 },
            "ClipNorm" => options with { ClipNorm = 1e-9 },
            "WeightDecay" => options with { WeightDecay = 0.1 },
            "PlateauFactor" => options with { PlateauFactor = 0.9 },
            "PlateauThreshold" => options with { PlateauThreshold = 0 },
            "PlateauPatience" => options with { PlateauPatience = 2 },
            "Particles" => options with { Particles = 2 },
            "BatchSize" => options with { BatchSize = 30 },
            "RestoreBest" => options with { RestoreBest = false },
            "EarlyStopRise" => options with { EarlyStopRise = 1e-9, EarlyStopEpochs = 1 },
            "EarlyStopEpochs" => options with { EarlyStopRise = 1e-9, EarlyStopEpochs = 2, RestoreBest = false },
            "LeastLearningRate" => options with { LeastLearningRate = 0.001 },
            "HeldOutSamples" => options with { HeldOutSamples = 1 },
            _ => options with { HeldOutZeroSample = true },
        };
        if (name == "EarlyStopEpochs")
        {
            options = options with { EarlyStopRise = 1e-9, EarlyStopEpochs = 1, RestoreBest = false };
        }

        // Few counts: more zeros than others are held out.
        var data = ReferenceProblem.Make(10, Rows, Columns, TwinEbLikelihood.Poisson, rate: 0.2);
        var (before, after) = (new ReferenceRun(options, data), new ReferenceRun(changed, data));
        Assert.NotEqual(before.Result.Scalar("heldOutLogLik"), after.Result.Scalar("heldOutLogLik"));
    }

    private static void ExpectPlainLoop(TwinEbOptions options, int epochs)
    {
        var data = ReferenceProblem.Make(1, Rows, Columns, options.Likelihood);
        var run = new ReferenceRun(options, data);
        var plain = new ReferenceMonolith(options, data[0]);
        Assert.Equal(epochs, plain.Losses.Count);
        Close(plain.Losses.Select(loss => -loss).ToArray(), run.Objectives.ToArray(), 1e-12, "objective");
        Close(plain.Best[0], run.States[0]["rows"], 1e-11, "rows");
        for (var part = 0; part < 3; part++)
        {
            Close(plain.Best[part + 1], run.Global.Get(ReferenceKeys.Parts[part]), 1e-11, ReferenceKeys.Parts[part].Name);
        }
    }

    private static void Close(double[] expected, double[] actual, double relative, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = expected.Length == 0 ? 0 : expected.Max(double.Abs);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(
                double.Abs(expected[i] - actual[i]) <= relative * double.Max(double.Abs(expected[i]), largest),
                $"{what}[{i}] is {actual[i]:R} where {expected[i]:R} was expected");
        }
    }
}
