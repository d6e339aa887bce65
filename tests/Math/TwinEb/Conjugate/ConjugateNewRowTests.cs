using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>Rows that no sweep has seen, under frozen columns and prior: coordinate ascent from more than one start.</summary>
public class ConjugateNewRowTests
{
    private const int Columns = 8;
    private const int Steps = 500;
    private const double Tolerance = 1e-12;

    // Two factors: the first is in every column alike, the second in the even ones only. The components have one factor each, and of the
    // second there is next to nothing in the prior's mean.
    private static readonly double[] s_columns =
        [.. Enumerable.Range(0, 2 * Columns).Select(at => at % 2 == 0 ? 1.0 : at % 4 == 1 ? 2 : 0.01)];
    private static readonly ConjugateGammaPrior s_prior = Prior(0.999, [2, 0.3, 0.3, 20], [1, 300, 300, 5]);

    [Fact]
    public void A_row_whose_factor_only_a_rare_component_has_is_found_there_and_has_the_moments_of_quadrature()
    {
        double[] counts = [7, 0, 9, 0, 8, 0, 10, 0];
        var (first, mean) = Quadrature(counts);
        Assert.True(first < 1e-3, $"the first component has {first}: this row would have no other optimum");

        // From the prior's mean alone the row stays where the first component is.
        var near = Moments(counts, isNew: false);
        Assert.True(
            near.Mean[0] > 2, $"the start at the prior's mean ended at {string.Join(", ", near.Mean)}: this row needs no other start");
        var found = Moments(counts, isNew: true);
        Assert.Equal(mean[1], found.Mean[1], 0.01 * mean[1]);
        Assert.True(found.Mean[0] < 0.2, $"{found.Mean[0]} of the first factor, by quadrature {mean[0]}");
    }

    [Fact]
    public void A_row_of_the_component_next_to_the_prior_s_mean_keeps_that_start()
    {
        double[] counts = [3, 2, 2, 3, 2, 2, 3, 2];
        var (first, _) = Quadrature(counts);
        Assert.True(first > 0.999, $"the first component has {first}");
        Assert.Equal(Moments(counts, isNew: false).Mean, Moments(counts, isNew: true).Mean);
        Assert.Equal(Moments(counts, isNew: false).Sd, Moments(counts, isNew: true).Sd);
    }

    [Fact]
    public void A_row_without_a_training_cell_has_the_moments_of_the_prior()
    {
        var data = ConjugateFit.Shards([new double[Columns]], (_, _) => (int)HeldOutKind.Ignored, 0)[0];
        var mean = Moments(data, isNew: true).Mean;
        for (var l = 0; l < 2; l++)
        {
            Assert.Equal(
                (0.999 * s_prior.Shapes[l] / s_prior.Rates[l]) + (0.001 * s_prior.Shapes[2 + l] / s_prior.Rates[2 + l]), mean[l], 1e-12);
        }
    }

    [Fact]
    public void Components_one_at_a_time_have_together_the_normalizer_of_the_mixture()
    {
        var posterior = new ConjugateGammaPosterior(s_prior);
        var (s, t) = (new double[posterior.Stride], new double[posterior.Stride]);
        (s[0], s[1], t[0], t[1]) = (0.4, 3.1, 2.5, 1.7);
        var whole = posterior.Evaluate(s, t);
        var (mean, responsibilities) = ((double[])posterior.Mean.Clone(), posterior.Responsibilities.ToArray());
        var (sum, average) = (0.0, 0.0);
        for (var c = 0; c < 2; c++)
        {
            var part = double.Exp(posterior.EvaluateGiven(c, s, t) - whole);
            Assert.Equal(responsibilities[c], part, 1e-12);
            var (shape, rate) = posterior.Given(c, 1, s[1], t[1]);
            Assert.Equal(shape / rate, posterior.Mean[1], 1e-12);
            Assert.Equal(GammaFunctions.Digamma(shape) - double.Log(rate), posterior.Log[1], 1e-12);
            (sum, average) = (sum + part, average + (part * posterior.Mean[1]));
        }

        Assert.Equal(1, sum, 1e-12);
        Assert.Equal(mean[1], average, 1e-12);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(60)]
    public void New_rows_are_the_same_in_other_shards(int shards)
    {
        var problem = new ConjugateProblem(5);
        var fit = new ConjugateFit(problem.Options, problem.Shards());
        var projection = new TwinEbProjection(problem.Options, fit.Result);
        double[] Rows(int count) => [.. ConjugateFit.Shards(problem.Y, (_, _) => 0, problem.Y.Length, count).SelectMany(
            shard => projection.Project(shard)["rows_mean"])];
        var (one, several) = (Rows(1), Rows(shards));
        for (var at = 0; at < one.Length; at++)
        {
            // Which components are evaluated and which bounded depends on the vectors before.
            Assert.Equal(one[at], several[at], 1e-10 * double.Max(1, one[at]));
        }
    }

    private static (double[] Mean, double[] Sd) Moments(double[] counts, bool isNew) =>
        Moments(ConjugateFit.Shards([counts], (_, _) => 0, 0)[0], isNew);

    private static (double[] Mean, double[] Sd) Moments(ShardData data, bool isNew)
    {
        var likelihood = new ConjugatePoisson(new TwinEbOptions { Rows = 1, Columns = Columns, Factors = 2 });
        int[] shape = [Columns, 2];
        var broadcast = new ArraySet().Set("column.means", s_columns, shape).Set(
            "column.logs", [.. s_columns.Select(v => double.Log(v))], shape).Set("column.spread", 1).Set("column.power", 1);
        s_prior.Write(broadcast, ConjugateKeys.RowPrior);
        var shard = new ArraySet();
        likelihood.NewRows(broadcast, shard, 1);
        var fitter = likelihood.RowFitter(data, broadcast);
        Assert.True(isNew ? fitter.FitNew(shard, 0, Steps, Tolerance) : fitter.Fit(shard, 0, Steps, Tolerance));
        var (mean, sd) = (new double[2], new double[2]);
        fitter.Moments(mean, sd);
        return (mean, sd);
    }

    // The first component's share and E u under the exact posterior, by midpoints in log u of both factors.
    private static (double First, double[] Mean) Quadrature(double[] counts)
    {
        const double Step = 0.02;
        var (mass, mean) = (new double[2], new double[2]);
        for (var y0 = -30.0; y0 < 4; y0 += Step)
        {
            for (var y1 = -30.0; y1 < 4; y1 += Step)
            {
                double[] u = [double.Exp(y0), double.Exp(y1)];
                var logLikelihood = 0.0;
                for (var j = 0; j < Columns; j++)
                {
                    var rate = (u[0] * s_columns[2 * j]) + (u[1] * s_columns[(2 * j) + 1]);
                    logLikelihood += (counts[j] * double.Log(rate)) - rate;
                }

                for (var k = 0; k < 2; k++)
                {
                    var log = logLikelihood + double.Log(s_prior.Weights[k]);
                    for (var l = 0; l < 2; l++)
                    {
                        var (a, b) = (s_prior.Shapes[(2 * k) + l], s_prior.Rates[(2 * k) + l]);
                        log += (a * double.Log(b)) - GammaFunctions.LogGamma(a) + (a * (l == 0 ? y0 : y1)) - (b * u[l]);
                    }

                    var density = double.Exp(log);
                    mass[k] += density;
                    (mean[0], mean[1]) = (mean[0] + (density * u[0]), mean[1] + (density * u[1]));
                }
            }
        }

        var total = mass[0] + mass[1];
        return (mass[0] / total, [mean[0] / total, mean[1] / total]);
    }

    private static ConjugateGammaPrior Prior(double first, double[] shapes, double[] rates)
    {
        var prior = new ConjugateGammaPrior(2, 2);
        (prior.Weights[0], prior.Weights[1]) = (first, 1 - first);
        shapes.CopyTo(prior.Shapes, 0);
        rates.CopyTo(prior.Rates, 0);
        return prior;
    }
}
