using FitCluster.Math.NegativeBinomial;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Nb.Tests.Reference;

/// <summary>The path of the published optimizer, by its trace: means of one-draw bounds over windows of 500 steps.</summary>
public sealed class ReferencePathTests
{
    private const int Window = 500;

    [Theory]
    [InlineData(1, "1.pub")]
    [InlineData(2, "2_neg.pub")]
    [InlineData(3, "3_neg.pub")]
    [InlineData(5, "5_horseshoe.pub")]
    public void The_first_steps_take_the_published_path(int problem, string name)
    {
        var windows = Windows(problem, name, 2);
        foreach (var (i, (ours, published, error)) in windows.Index())
        {
            // Two means of independent draws, each with this error (one phi moves all genes); a window gains 10,000 and more on the last.
            Assert.True(double.Abs(ours - published) < 4 * double.Sqrt(2) * error,
                $"window {i + 1}: {ours:F1}, published {published:F1} +- {error:F1}");
        }
    }

    [Fact]
    public void The_end_is_that_of_the_published_optimizer()
    {
        Assert.SkipUnless(Effort.IsLong, "50,000 steps take half a minute: under ./test --long");
        var windows = Windows(1, "1.pub", 100)[^20..];
        var (ours, published) = (windows.Average(w => w.Ours), windows.Average(w => w.Published));
        var error = double.Sqrt(2 * windows.Sum(w => w.Error * w.Error)) / windows.Count;
        Assert.Equal(published, ours, 4 * error);
    }

    private static List<(double Ours, double Published, double Error)> Windows(int problem, string name, int count)
    {
        var file = SharedFolder.RequireJson($"reference/scribe/runs/{problem}.json");
        var data = ReferenceRun.Data(file);
        var neg = new NbHierarchy(NbFamily.Neg);
        var run = new ReferenceRun(
            new NbOptions
            {
                Genes = data.Block.Columns,
                Cells = data.Block.Rows,
                Capture = problem == 3 ? NbCapture.None : NbCapture.Free,
                ZeroInflation = problem == 3,
                Link = NbLink.Softplus,
                Optimizer = NbOptimizer.Reference,
                Datasets = problem == 5 ? ["a", "b"] : ["a"],
                Seed = 42,
                Priors = problem switch
                {
                    2 => new NbPriors { ProbabilityGenes = neg },
                    3 => new NbPriors { GateGenes = neg },
                    5 => new NbPriors { MeanDatasets = new NbHierarchy(NbFamily.Horseshoe) },
                    _ => new NbPriors(),
                },
            }, data);
        var trace = file.GetProperty("runs").GetProperty(name).GetProperty("settings").GetProperty("trace").Matrix();
        List<(double, double, double)> windows = [];
        for (var w = 0; w < count; w++)
        {
            var sum = 0.0;
            for (var step = 0; step < Window; step++)
            {
                run.Round();
                sum += run.Report.Objective / Window;
            }

            Assert.Equal((w + 1) * Window, trace[w][0]);
            windows.Add((sum, trace[w][1], trace[w][2]));
        }

        return windows;
    }
}
