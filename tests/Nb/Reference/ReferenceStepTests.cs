using FitCluster.Math.Models;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using FitCluster.Nb.Tests.Cells;
using Xunit;

namespace FitCluster.Nb.Tests.Reference;

public sealed class ReferenceStepTests
{
    private static readonly NbHierarchy Gaussian = new(NbFamily.Gaussian);
    private static readonly NbHierarchy Horseshoe = new(NbFamily.Horseshoe);
    private static readonly NbHierarchy Neg = new(NbFamily.Neg);

    private static readonly NbOptions Simple = new()
    {
        Genes = 6,
        Cells = 24,
        Capture = NbCapture.Free,
        Link = NbLink.Softplus,
        Optimizer = NbOptimizer.Reference,
        Datasets = ["a", "b"],
        Seed = 5,
    };

    public static TheoryData<string> Models => [.. Options.Keys];

    private static Dictionary<string, NbOptions> Options { get; } = new()
    {
        ["scalar"] = Simple,
        ["genes"] = Simple with { Priors = new NbPriors { ProbabilityGenes = Gaussian }, Link = NbLink.Exp },
        ["datasets"] = Simple with { Priors = new NbPriors { MeanDatasets = Horseshoe } },
        ["gate"] = Simple with { ZeroInflation = true, Capture = NbCapture.None, Priors = new NbPriors { GateGenes = Neg } },
        ["gates of datasets"] = Simple with
        {
            ZeroInflation = true,
            Parametrization = NbParametrization.Canonical,
            Priors = new NbPriors { GateDatasets = Gaussian },
        },
        ["mixture"] = Simple with
        {
            Components = 3,
            DatasetWeights = true,
            Parametrization = NbParametrization.MeanProb,
            Priors = new NbPriors { MeanComponents = Neg },
        },
        ["mixture of datasets"] = Simple with
        {
            Components = 2,
            ZeroInflation = true,
            Priors = new NbPriors { MeanDatasets = Gaussian, ProbabilityDatasets = Horseshoe, ProbabilityMode = NbProbabilityMode.Scalar },
        },
        ["two levels"] = Simple with
        {
            Priors = new NbPriors
            {
                ProbabilityGenes = Horseshoe, ProbabilityDatasets = Gaussian,
                ProbabilityMode = NbProbabilityMode.TwoLevel
            },
        },
        ["dispersion"] = Simple with
        {
            Parametrization = NbParametrization.MeanDisp,
            Capture = NbCapture.Anchored,
            LogCaptureTotal = 4,
            CaptureSd = 0.4,
            Priors = new NbPriors { DispersionDatasets = Gaussian },
        },
        ["bnb"] = Simple with
        {
            Overdispersion = NbOverdispersion.Bnb,
            ZeroInflation = true,
            Priors = new NbPriors { OverdispersionDatasets = Gaussian }
        },
        ["design"] = Simple with
        {
            Design = [new NbFactor("x", ["u", "v"], [0, 1], Horseshoe), new NbFactor("y", ["w"], [0, 0], NbHierarchy.None, 0.7)],
        },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void Gradients_are_those_of_differences(string model)
    {
        var cells = new CellCase(Options[model], true, 21, 24);
        var run = new ReferenceRun(cells.Options, cells.Data);
        Scatter(run);
        var (_, gradient, ofCells) = run.Bound(NbReferenceDrawKind.Random);
        foreach (var site in run.Problem.Sites)
        {
            // A Gamma number as a function of its shape is not smooth as it is drawn: GammaGradientTests has that. Rates are.
            var first = site.IsLocationScale ? 0 : site.Length;
            for (var i = first; i < site.ParameterLength; i += 1 + (site.Length / 3))
            {
                Check(run.Parameters, site.ParameterOffset + i, gradient[site.ParameterOffset + i], site.Name);
            }
        }

        if (cells.Options.Capture != NbCapture.None)
        {
            var parameters = run.Shards[0].Get(NbReferenceKeys.Parameters);
            for (var i = 1; i < parameters.Length; i += 7)
            {
                Check(parameters, i, ofCells[i], "cells");
            }
        }

        void Check(double[] parameters, int at, double analytic, string what)
        {
            const double H = 1e-5;
            var kept = parameters[at];
            parameters[at] = kept + H;
            var high = run.Bound(NbReferenceDrawKind.Random).Bound;
            parameters[at] = kept - H;
            var low = run.Bound(NbReferenceDrawKind.Random).Bound;
            parameters[at] = kept;
            var numeric = (high - low) / (2 * H);
            Assert.True(
                double.Abs(numeric - analytic) <= 1e-6 * double.Max(10, double.Abs(analytic)),
                    $"{what} {at}: {analytic:R}, by differences {numeric:R}");
        }
    }

    [Theory]
    [InlineData("scalar")]
    [InlineData("genes")]
    [InlineData("mixture of datasets")]
    [InlineData("bnb")]
    public void Gradients_of_batches_are_unbiased(string model)
    {
        var cells = new CellCase(Options[model], true, 22, 24);
        var whole = new ReferenceRun(cells.Options, cells.Data);
        Scatter(whole);
        var (bound, gradient, ofCells) = whole.Bound(NbReferenceDrawKind.Zero);
        var batches = new ReferenceRun(cells.Options with { BatchSize = 6 }, cells.Data);
        Scatter(batches);
        var (meanBound, mean, meanCells) = (0.0, new double[gradient.Length], new double[ofCells.Length]);
        for (var batch = 0; batch < 4; batch++)
        {
            NbReferenceKeys.Format.View(batches.Global)[NbReferenceField.Step] = batch;
            var (one, part, cellPart) = batches.Bound(NbReferenceDrawKind.Zero);
            meanBound += one / 4;
            Add(mean, part);
            Add(meanCells, cellPart);
        }

        Assert.Equal(bound, meanBound, 1e-10 * double.Abs(bound));
        AssertSame(gradient, mean, 1e-9);
        AssertSame(ofCells, meanCells, 1e-9);

        static void Add(double[] sum, double[] part)
        {
            for (var i = 0; i < sum.Length; i++)
            {
                sum[i] += part[i] / 4;
            }
        }
    }

    [Fact]
    public void Two_shards_are_one_and_a_bound_rises()
    {
        var cells = new CellCase(Simple with { Steps = 400, LearningRate = 0.02, BatchSize = 12 }, true, 23, 24);
        var one = new ReferenceRun(cells.Options, cells.Data);
        var two = new ReferenceRun(cells.Options, Half(0, 10), Half(10, 14));
        var start = one.Bound(NbReferenceDrawKind.Zero).Bound;
        for (var round = 0; round < 20; round++)
        {
            one.Round();
            two.Round();
        }

        AssertSame(one.Parameters, two.Parameters, 1e-9);
        while (!one.Report.IsDone)
        {
            one.Round();
        }

        Assert.True(one.Report.Objective > start + 10);
        Assert.Equal(400, NbReferenceKeys.Format.View(one.Global)[NbReferenceField.Step]);
        Assert.All(one.Results, array => Assert.All(array.Values, v => Assert.True(double.IsFinite(v), array.Name)));
        Assert.All(one.ShardResults(0)["capture_mean"], nu => Assert.InRange(nu, 0, 1));
        Assert.Equal(12 * 2, one.ShardResults(0)["log_likelihood"].Length);

        ShardData Half(int first, int count) => cells.Data with
        {
            FirstRow = first,
            Block = MatrixBlock.FromDense(count, 6, cells.Counts.AsSpan(first * 6, count * 6)),
            Extras = new ArraySet().Set(NbCells.DatasetExtra, cells.Datasets[first..(first + count)]),
        };
    }

    [Fact]
    public void A_step_that_is_not_finite_is_not_taken_and_the_best_state_is_restored()
    {
        var cells = new CellCase(Simple with { Steps = 301, LearningRate = 0.3, RestoreBest = true }, true, 24, 24);
        var run = new ReferenceRun(cells.Options, cells.Data);
        var kept = run.Parameters[0];
        run.Parameters[0] = double.NaN;
        run.Round();
        Assert.False(NbReferenceKeys.Format.View(run.Global).Is(NbReferenceField.IsAccepted));
        Assert.Equal(0, NbReferenceKeys.Format.View(run.Global)[NbReferenceField.AppliedSteps]);
        run.Parameters[0] = kept;
        while (!run.Report.IsDone)
        {
            run.Round();
        }

        var state = NbReferenceKeys.Format.View(run.Global);
        Assert.Equal(state[NbReferenceKeys.Best], state[NbReferenceKeys.Parameters]);
        Assert.True(state[NbReferenceField.BestStep] % 100 == 0 && state[NbReferenceField.BestStep] > 0);
        Assert.Equal(run.Shards[0].Get(NbReferenceKeys.Best), run.Shards[0].Get(NbReferenceKeys.Parameters));
        Assert.Equal(300, state[NbReferenceField.AppliedSteps]);
    }

    [Fact]
    public void What_the_published_optimizer_has_not_is_said()
    {
        var options = Simple with
        {
            Priors = new NbPriors
            {
                MeanComponents = Neg, MeanDatasets = Neg, GateGenes = Neg,
                GateDatasets = Neg
            }
        };
        var error = Assert.Throws<ArgumentException>(() => new NbReferenceModel(options));
        Assert.Contains("not both; the reference optimizer has one hierarchy of the gate", error.Message, StringComparison.Ordinal);
    }

    // Guides away from their start, narrow enough for steps of a difference.
    private static void Scatter(ReferenceRun run)
    {
        for (var i = 0; i < run.Parameters.Length; i++)
        {
            run.Parameters[i] += 0.2 * Philox.Normal(3, 8, (ulong)i);
        }

        foreach (var shard in run.Shards.Where(s => s.Has(NbReferenceKeys.Parameters)))
        {
            foreach (ref var value in shard.Get(NbReferenceKeys.Parameters).AsSpan())
            {
                value -= 0.3;
            }
        }
    }

    private static void AssertSame(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        foreach (var (i, value) in expected.Index())
        {
            Assert.Equal(value, actual[i], tolerance * double.Max(1, double.Abs(value)));
        }
    }
}
