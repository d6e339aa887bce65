using FitCluster.Math.TwinEb;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

public sealed class TwinEbOptionsCheckTests
{
    private static readonly TwinEbOptions s_sound = new() { Rows = 200, Columns = 150 };

    [Fact]
    public void Sound_options_have_no_problem()
    {
        Assert.Empty(TwinEbOptionsCheck.Problems(s_sound));
        Assert.Empty(TwinEbOptionsCheck.Problems(s_sound with { Rows = 20, Columns = 10, Prior = TwinEbPrior.Single }));
    }

    [Fact]
    public void Every_problem_is_listed_at_once()
    {
        var problems = TwinEbOptionsCheck.Problems(
            s_sound with { Factors = 0, RowComponents = 201, ClipNorm = double.NaN, PlateauFactor = 1.5, Restarts = 0 });
        Assert.Equal(
        [
            "factors is 0: it must be from 1 to 1024",
            "rowComponents is 201, but there are 200 rows: use at most as many components as rows",
            "clipNorm is NaN: it must be a finite number above 0",
            "plateauFactor is 1.5: it must be above 0 and at most 1",
            "restarts is 0: it must be at least 1",
        ], problems);
    }

    [Fact]
    public void An_option_that_cannot_take_effect_is_a_problem()
    {
        Assert.Contains("particles is 3, which only the reference optimizer draws",
            TwinEbOptionsCheck.Problems(s_sound with { Particles = 3 })[0], StringComparison.Ordinal);
        Assert.Single(TwinEbOptionsCheck.Problems(s_sound with { LocalSteps = 2 }));
        Assert.Single(TwinEbOptionsCheck.Problems(s_sound with { HeldOutSubtractsValue = true }));
        Assert.Single(TwinEbOptionsCheck.Problems(s_sound with { Likelihood = TwinEbLikelihood.Gaussian, HeldOutZeroSample = true }));
        Assert.Empty(TwinEbOptionsCheck.Problems(s_sound with { Particles = 3, LocalSteps = 2, Optimizer = TwinEbOptimizer.Reference }));
    }

    [Fact]
    public void A_model_refuses_unsound_options_with_all_problems()
    {
        var error = Assert.Throws<ArgumentException>(() => new TwinEbReferenceModel(s_sound with { Factors = 0, Restarts = 0 }));
        Assert.Contains("factors is 0: it must be from 1 to 1024; restarts is 0", error.Message, StringComparison.Ordinal);
    }
}
