using FitCluster.Math.Models;
using FitCluster.Math.TwinEb;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>
/// What each option of the schedule does, by fits whose epochs are one batch and have the losses of a script: so what must follow can be
/// counted by hand.
/// </summary>
public sealed class ReferenceScheduleTests
{
    private const int Rows = 60;
    private const int Columns = 20;

    // Epochs are a round each, and nothing ends them but what a test turns on.
    private static readonly TwinEbOptions s_options = ReferenceProblem.Options(Rows, Columns, TwinEbLikelihood.Poisson) with
    {
        BatchSize = Rows,
        Steps = 12,
        PlateauFactor = 1,
        LeastLearningRate = 0,
        DivergenceFactor = 1e9,
        EarlyStopRise = 1e9,
    };

    [Fact]
    public void Rates_are_multiplied_by_the_factor_when_more_epochs_than_the_patience_were_not_lower_by_the_threshold()
    {
        var options = s_options with { PlateauFactor = 0.5, PlateauPatience = 2, PlateauThreshold = 0.1 };

        // The first epoch does not count. Lowest 100; 91 is not a tenth lower, nor 90 (which is equal); 89 is; after it 80.5 is not, 80 is.
        double[] losses = [50, 100, 91, 90, 89, 89, 80.5, 95, 85, 85, 80, 85];
        double[] rates = [1, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5];
        Assert.Equal(rates, Rates(options, losses));

        // Without patience each of them counts; and the count begins again after a plateau.
        double[] impatient = [1, 1, 0.5, 0.25, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.0078125, 0.00390625];
        Assert.Equal(impatient, Rates(options with { PlateauPatience = 0 }, losses));

        // Another factor; and without a threshold everything lower counts.
        double[] mild = [1, 1, 1, 1, 1, 1, 1, 0.75, 0.75, 0.75, 0.75, 0.75];
        Assert.Equal(mild, Rates(options with { PlateauFactor = 0.75 }, losses));
        double[] strict = [1, 1, 1, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5];
        Assert.Equal(strict, Rates(options with { PlateauThreshold = 0 }, losses));
    }

    [Fact]
    public void A_plateau_makes_the_steps_after_it_shorter_by_the_factor()
    {
        var options = s_options with { PlateauFactor = 0.25, PlateauPatience = 0, Steps = 4, RestoreBest = false };
        double[] losses = [10, 10, 10, 10];
        var (with, without) = (Scripted(options, losses), Scripted(options with { PlateauFactor = 1 }, losses));
        double Moved(ReferenceRun run, int epoch, int at) => run.Globals[epoch + 1]["columns"][at] - run.Globals[epoch]["columns"][at];
        for (var at = 0; at < 2 * Columns * options.Factors; at++)
        {
            // Epoch 3 is the first after the plateau of epoch 2: up to there both runs are the same one, and so are the moments of its
            // step.
            Assert.Equal(Moved(without, 2, at), Moved(with, 2, at));
            Assert.Equal(0.25 * Moved(without, 3, at), Moved(with, 3, at), 1e-14);
        }
    }

    [Theory]
    [InlineData(1, 2.0, 3)]
    [InlineData(2, 2.0, 6)]
    [InlineData(3, 2.0, 10)]
    [InlineData(4, 2.0, 12)]
    [InlineData(1, 2.5, 6)]
    [InlineData(2, 2.5, 12)]
    public void A_restart_stops_after_so_many_rises_in_a_row_of_at_least_so_much(int epochs, double rise, int expected)
    {
        // Rises:          -  -  2  -  2   3   -   2   2   2   -   2
        double[] losses = [9, 8, 10, 9, 11, 14, 12, 14, 16, 18, 17, 19];
        var run = Scripted(s_options with { EarlyStopEpochs = epochs, EarlyStopRise = rise }, losses);
        Assert.Equal(losses[..expected].Select(loss => -loss), run.Objectives);
    }

    [Fact]
    public void A_restart_stops_when_the_smallest_rate_falls_below_the_least()
    {
        // Plateaus from epoch 2 on, each halves: the smallest rate is 0.01, 0.005, 0.0025, 0.00125 after epochs 1, 2, 3, 4.
        var options = s_options with { PlateauFactor = 0.5, PlateauPatience = 0, RowLearningRate = 0.04, MixtureLearningRate = 0.02 };
        var losses = Enumerable.Repeat(10.0, 12).ToArray();
        Assert.Equal(5, Scripted(options with { LeastLearningRate = 0.002 }, losses).Objectives.Count);
        Assert.Equal(4, Scripted(options with { LeastLearningRate = 0.0026 }, losses).Objectives.Count);
        Assert.Equal(4, Scripted(
            options with { LeastLearningRate = 0.0052, RowLearningRate = 0.02, ColumnLearningRate = 0.04 }, losses).Objectives.Count);
        Assert.Equal(12, Scripted(options, losses).Objectives.Count);
    }

    [Fact]
    public void A_loss_of_more_than_the_factor_times_the_one_before_is_divergence()
    {
        double[] losses = [10, 10, -10, 29, -86, 10, 10, 10, 10, 10, 10, 10];
        Assert.Empty(Scripted(s_options with { DivergenceFactor = 2.95 }, losses[..4]).Notes);
        Assert.Single(Scripted(s_options with { DivergenceFactor = 2.85 }, losses[..4]).Notes);
        Assert.Empty(Scripted(s_options with { DivergenceFactor = 3 }, losses).Notes);
        Assert.Single(Scripted(s_options with { DivergenceFactor = 2.95 }, losses).Notes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public void A_restart_goes_back_so_often_each_time_with_half_the_rates(int retries)
    {
        // Every loss but the first is divergence, and the epoch after a retreat is compared with none: an epoch of 10, one of a million.
        var run = Scripted(s_options with { Retries = retries, DivergenceFactor = 1000 },
            [.. Enumerable.Range(0, 12).Select(e => e % 2 == 0 ? 10.0 : 1e6)]);
        Assert.Equal(retries + 1, run.Notes.Count);
        for (var retry = 1; retry <= retries; retry++)
        {
            Assert.Contains(
                $"with {double.Pow(0.5, retry):G3} of its learning rates (retry {retry})", run.Notes[retry - 1], StringComparison.Ordinal);
        }

        const string Cause = "an epoch's loss of 1E+06 is more than 1000 times the 10 before";
        Assert.All(run.Notes, note => Assert.Contains($"diverged ({Cause})", note, StringComparison.Ordinal));
        Assert.StartsWith($"the fit diverged {retries + 1} times (retries {retries}), at last because {Cause}; lower the learning rates",
            run.Report.Failure, StringComparison.Ordinal);
        Assert.Equal(2 * (retries + 1), run.Objectives.Count + run.Notes.Count);
    }

    [Theory]
    [InlineData(0, 3, "the gradient of the rows, or the loss, of a shard is not finite")]
    [InlineData(1, 3, "the gradient of the columns is not finite")]
    [InlineData(2, 2, "the gradient of the rows' prior is not finite")]
    [InlineData(3, 3, "the gradient of the columns' prior is not finite")]
    public void What_is_not_finite_is_named_the_first_of_all_shards(int one, int other, string cause)
    {
        var model = new TwinEbReferenceModel(s_options);
        var data = Assert.Single(Data());
        var (global, shard) = (model.InitialGlobal(), model.InitialShard(data));
        for (var round = 0; round < 4; round++)
        {
            var partial = model.Local(model.Broadcast(global), data, shard);
            if (round == 3)
            {
                partial["flags"][one]++;
                partial["flags"][other]++;
            }

            global = model.Update(global, partial);
        }

        Assert.Equal($"the fit diverged ({cause}) and went back to its last good state with 0.5 of its learning rates (retry 1)",
            model.Report(global).Note);
    }

    [Fact]
    public void A_shard_flags_the_array_that_is_not_finite()
    {
        var model = new TwinEbReferenceModel(s_options);
        var data = Assert.Single(Data());
        var (global, shard) = (model.InitialGlobal(), model.InitialShard(data));
        for (var round = 0; round < 3; round++)
        {
            global = model.Update(global, model.Local(model.Broadcast(global), data, shard));
        }

        var broadcast = model.Broadcast(global);
        broadcast["columns"].AsSpan().Fill(double.NaN);
        var partial = model.Local(broadcast, data, shard);
        Assert.Equal([1, 0, 0, 0], partial["flags"]);
        Assert.All(partial.Where(a => a.Name != "flags"), a => Assert.All(a.Values, v => Assert.Equal(0, v)));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(9)]
    public void A_restart_ends_with_rows_columns_and_priors_of_its_epoch_of_lowest_loss_unless_told_not_to(int lowest)
    {
        // The first epoch has the lowest loss of all, but does not count.
        var losses = Enumerable.Range(0, 12).Select(e => e == 0 ? 1.0 : e == lowest ? 5.0 : 10 - (0.01 * e)).ToArray();
        var restored = Scripted(s_options, losses);
        var last = Scripted(s_options with { RestoreBest = false }, losses);
        var upToLowest = Scripted(s_options with { RestoreBest = false, Steps = lowest + 1 }, losses);
        foreach (var part in ReferenceKeys.Parts)
        {
            Assert.Equal(upToLowest.Global.Get(part), restored.Global.Get(part));
            Assert.NotEqual(upToLowest.Global.Get(part), last.Global.Get(part));
            Assert.Equal(last.Globals[12].Get(part), last.Global.Get(part));
        }

        Assert.Equal(upToLowest.Rows, restored.Rows);
        Assert.NotEqual(upToLowest.Rows, last.Rows);
    }

    [Theory]
    [InlineData(16, 4, 4)]
    [InlineData(17, 4, 4)]
    [InlineData(19, 4, 4)]
    [InlineData(20, 4, 5)]
    [InlineData(1, 4, 1)]
    public void Steps_are_taken_in_whole_epochs_of_batches(int steps, int batches, int epochs)
    {
        var run = new ReferenceRun(s_options with { Steps = steps, BatchSize = Rows / batches }, Data());
        Assert.Equal(epochs, run.Objectives.Count);
        Assert.Equal(epochs * batches, run.Globals.Count(g => g["scalars"][(int)ReferenceField.Apply] == 1));
    }

    [Theory]
    [InlineData(null, 6)]
    [InlineData(9, 9)]
    [InlineData(1, 1)]
    public void Held_out_rows_take_their_own_steps_or_half_of_a_restarts(int? projectionSteps, int expected)
    {
        // 12 held-out rows in batches of 60: a step each epoch.
        var run = new ReferenceRun(s_options with { ProjectionSteps = projectionSteps },
            ReferenceProblem.Make(1, Rows, Columns, TwinEbLikelihood.Poisson, heldOutRows: 5));
        Assert.Equal(expected, run.Globals.Count(g => g["scalars"][(int)ReferenceField.Apply] == 2));

        // In batches of 5, 12 rows are 3 steps an epoch, and whole epochs are taken.
        var inBatches = new ReferenceRun(s_options with { ProjectionSteps = 8, BatchSize = 5 },
            ReferenceProblem.Make(1, Rows, Columns, TwinEbLikelihood.Poisson, heldOutRows: 5));
        Assert.Equal(6, inBatches.Globals.Count(g => g["scalars"][(int)ReferenceField.Apply] == 2));
    }

    [Fact]
    public void With_a_tolerance_a_restart_ends_when_20_epochs_did_not_lower_the_lowest_loss_by_that_share()
    {
        // Lowest: 100 in epoch 0, 89 in epoch 2; nothing from then on is a tenth lower.
        double[] losses = [100, 95, 89, .. Enumerable.Range(0, 57).Select(e => 88 - (0.1 * e))];
        var options = s_options with { Steps = 60 };
        var run = Scripted(options with { Tolerance = 0.1 }, losses);
        Assert.Equal(3 + 20, run.Objectives.Count);
        Assert.True(run.Report.Converged);

        // A fiftieth: 87.2 (epoch 11), 85.4 (29) and 83.6 (47) are lower by that, so 20 epochs never pass without one.
        var finer = Scripted(options with { Tolerance = 0.02 }, losses);
        Assert.Equal(60, finer.Objectives.Count);
        Assert.False(finer.Report.Converged);
        var none = Scripted(options, losses);
        Assert.Equal(60, none.Objectives.Count);
        Assert.True(none.Report.Converged);
    }

    private static ShardData[] Data() => ReferenceProblem.Make(1, Rows, Columns, TwinEbLikelihood.Poisson);

    private static double[] Rates(TwinEbOptions options, double[] losses) =>
        [.. Scripted(options, losses).Globals.Skip(1).Take(losses.Length).Select(g => g["scalars"][(int)ReferenceField.RateFactor])];

    // A fit whose epochs have these losses.
    private static ReferenceRun Scripted(TwinEbOptions options, double[] losses)
    {
        var epoch = 0;
        return new ReferenceRun(options with { Steps = int.Min(options.Steps!.Value, losses.Length) }, Data(), spoil: (round, partial) =>
        {
            if (partial.Contains("sums"))
            {
                partial["sums"][1] = losses[int.Min(epoch++, losses.Length - 1)];
            }

            return partial;
        });
    }
}
