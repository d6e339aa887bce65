using FitCluster.Math.Svi;
using Xunit;

namespace FitCluster.Math.Tests.Svi;

/// <summary>
/// The rules of a schedule, each by losses whose outcome can be counted by hand; a whole fit by them is ReferenceScheduleTests.
/// </summary>
public sealed class ScheduleTests
{
    // Lowest 100; 91 is not a tenth lower, nor 90 (which is equal); 89 is; after it 80.5 is not, 80 is.
    [Fact]
    public void Rates_fall_when_more_epochs_than_the_patience_were_not_lower_by_the_threshold()
    {
        double[] losses = [100, 91, 90, 89, 89, 80.5, 95, 85, 85, 80, 85];
        double[] rates = [1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5];
        Assert.Equal(rates, Rates(new PlateauSchedule(0.5, 2, 0.1), losses, 0.01));
    }

    [Fact]
    public void A_rate_that_would_change_by_less_than_1e_8_is_left_alone()
    {
        var schedule = new PlateauSchedule(0.5, 0, 0);
        Assert.Equal([1, 1, 1], Rates(schedule, [5, 5, 5], 2e-8));
        Assert.Equal([1, 0.5, 0.5], Rates(schedule, [5, 5, 5], 3e-8));
    }

    [Fact]
    public void Decay_is_a_power_of_the_factor_in_steps_or_smooth_and_has_a_floor()
    {
        var smooth = new DecaySchedule(0.1, 100);
        Assert.Equal(1, smooth.RateFactor(0));
        Assert.Equal(double.Sqrt(0.1), smooth.RateFactor(50), 1e-15);
        Assert.Equal(0.01, smooth.RateFactor(200), 1e-15);
        var stairs = new DecaySchedule(0.1, 100, IsStaircase: true);
        Assert.Equal([1, 1, 0.1, 0.1], new long[] { 0, 99, 100, 199 }.Select(stairs.RateFactor));
        Assert.Equal(0.05, new DecaySchedule(0.1, 100, Least: 0.05).RateFactor(1000));
    }

    [Fact]
    public void A_fit_stops_after_so_many_rises_in_a_row()
    {
        double[] losses = [9, 8, 10, 9, 11, 14, 12];
        Assert.Equal(2, StopsAt(new RiseStop(2, 1), losses));
        Assert.Equal(5, StopsAt(new RiseStop(2, 2), losses));
        Assert.Equal(-1, StopsAt(new RiseStop(2, 3), losses));
        Assert.Equal(5, StopsAt(new RiseStop(2.5, 1), losses));
    }

    [Fact]
    public void A_fit_has_converged_when_so_many_epochs_did_not_lower_the_lowest_by_the_share()
    {
        // Shares of the magnitude: a negative loss falls too.
        foreach (var (losses, expected) in new (double[], int)[]
        {
            ([100, 95, 89, 88, 85, 81], 5), ([-100, -105, -111, -112, -115, -121], 5), ([100, 80, 60, 40, 20, 10], -1)
        })
        {
            var (rule, state, at) = (new ToleranceStop(0.1, 3), ToleranceState.Start, -1);
            for (var epoch = 0; epoch < losses.Length && at < 0; epoch++)
            {
                state = rule.Next(state, losses[epoch]);
                at = rule.IsReached(state) ? epoch : -1;
            }

            Assert.Equal(expected, at);
        }
    }

    [Fact]
    public void The_best_epoch_is_that_of_the_lowest_loss_after_the_first()
    {
        Assert.False(BestEpoch.None.IsBeatenBy(0, -1e9));
        Assert.True(BestEpoch.None.IsBeatenBy(1, 1e9));
        Assert.False(new BestEpoch(5).IsBeatenBy(2, 5));
        Assert.True(new BestEpoch(5).IsBeatenBy(2, 4.9));
    }

    [Theory]
    [InlineData(29, -10, false)]
    [InlineData(31, -10, true)]
    [InlineData(-31, 10, true)]
    [InlineData(double.NaN, 10, true)]
    [InlineData(double.NegativeInfinity, 10, true)]
    [InlineData(1e9, double.PositiveInfinity, false)]
    public void A_loss_beyond_the_factor_times_the_one_before_is_divergence(double loss, double previous, bool expected) =>
        Assert.Equal(expected, new DivergenceRule(3, 0).IsDivergence(loss, previous));

    [Fact]
    public void A_fit_goes_back_as_often_as_it_has_retries()
    {
        Assert.True(new DivergenceRule(3, 2).MayGoOn(2));
        Assert.False(new DivergenceRule(3, 2).MayGoOn(3));
        Assert.False(new DivergenceRule(3, 0).MayGoOn(1));
    }

    private static double[] Rates(PlateauSchedule schedule, double[] losses, double greatest)
    {
        var state = PlateauState.Start;
        return [.. losses.Select(loss => (state = schedule.Next(state, loss, greatest)).RateFactor)];
    }

    private static int StopsAt(RiseStop rule, double[] losses)
    {
        var (rises, previous) = (0.0, double.PositiveInfinity);
        for (var epoch = 0; epoch < losses.Length; epoch++)
        {
            rises = rule.Next(rises, losses[epoch], previous);
            if (rule.IsReached(rises))
            {
                return epoch;
            }

            previous = losses[epoch];
        }

        return -1;
    }
}
