using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm;

public class MixtureKernelsTests
{
    private static readonly PriorComponent[] Kinds =
    [
        new(ComponentKind.Point, 1, 0, 0), new(ComponentKind.Point, 1, -2.5, 0), new(ComponentKind.Normal, 1, 0.3, 1.7),
        new(ComponentKind.Uniform, 1, 0, 0, -1.5, 0), new(ComponentKind.Uniform, 1, 0, 0, -2, 3),
        new(ComponentKind.Uniform, 1, 0, 0, 0, 0.01),
        new(ComponentKind.TruncatedNormal, 1, 0, 1.3, 0, double.PositiveInfinity),
        new(ComponentKind.TruncatedNormal, 1, 0, 2.1, double.NegativeInfinity, 0), new(ComponentKind.TruncatedNormal, 1, 1, 0.7, -1, 2),
    ];

    public static TheoryData<int> KindIndices() => [.. Enumerable.Range(0, Kinds.Length)];

    [Theory]
    [MemberData(nameof(KindIndices))]
    public void Lanes_agree_with_the_scalar_twin(int kind)
    {
        var random = new Random(kind);
        const int N = 1003;
        var x = Enumerable.Range(0, N).Select(i => (random.NextDouble() - 0.5) * (i % 3 == 0 ? 200 : 12)).ToArray();
        var s = Enumerable.Range(0, N).Select(_ => double.Exp(3 * (random.NextDouble() - 0.5))).ToArray();
        var components = (PriorComponent[])[Kinds[kind]];
        var (mean, variance, negative, zero, positive) = (new double[N], new double[N], new double[N], new double[N], new double[N]);
        var log = MixtureKernels.Moments(components, x, s, mean, variance);
        MixtureKernels.Signs(components, x, s, negative, zero, positive);
        var sum = 0.0;
        for (var i = 0; i < N; i++)
        {
            var (l, m, q) = GridComponentScalar.Posterior(Kinds[kind], x[i], s[i]);
            var (below, at) = GridComponentScalar.Signs(Kinds[kind], x[i], s[i]);
            sum += l;
            Assert.Equal(m, mean[i], 1e-10 * double.Max(1, double.Abs(x[i])));
            Assert.Equal(q, variance[i], 1e-10 * double.Max(1, x[i] * x[i]));
            Assert.Equal(below, negative[i], 1e-12);
            Assert.Equal(at, zero[i]);
            Assert.Equal(1, negative[i] + zero[i] + positive[i], 1e-14);
        }

        Assert.Equal(sum, log, 1e-11 * double.Abs(sum));
    }

    [Fact]
    public void Posteriors_agree_with_quadrature()
    {
        var prior = Array.ConvertAll(Kinds, c => c with { Weight = 1.0 / Kinds.Length });
        double[] x = [-4, -0.7, 0, 0.2, 1.9, 6], s = [1.2, 0.5, 1, 0.3, 2, 0.9];
        var components = prior;
        var (mean, variance) = (new double[6], new double[6]);
        for (var i = 0; i < 6; i++)
        {
            var log = MixtureKernels.Moments(components, x.AsSpan(i, 1), s.AsSpan(i, 1), mean.AsSpan(i, 1), variance.AsSpan(i, 1));
            double l = 0, m = 0, q = 0;
            foreach (var c in prior)
            {
                Integrate(c, (theta, weight) =>
                {
                    var mass = c.Weight * weight * double.Exp(NormalDistribution.LogDensity(x[i] - theta, s[i]));
                    l += mass;
                    m += mass * theta;
                    q += mass * theta * theta;
                });
            }

            Assert.Equal(double.Log(l), log, 1e-8);
            Assert.Equal(m / l, mean[i], 1e-8);
            Assert.Equal((q / l) - (m / l * (m / l)), variance[i], 1e-8);
        }
    }

    [Fact]
    public void Far_tails_stay_finite()
    {
        double[] x = [1000, -1000, 1e6], s = [1, 0.01, 1];
        var (mean, variance) = (new double[3], new double[3]);
        foreach (var kind in Kinds)
        {
            Assert.True(double.IsFinite(MixtureKernels.Moments([kind], x, s, mean, variance)));
            Assert.All(mean.Concat(variance), v => Assert.True(double.IsFinite(v)));
            var tolerance = kind.Kind == ComponentKind.Uniform ? 1e-9 : double.PositiveInfinity;
            Assert.True(mean[0] <= kind.High + tolerance && mean[1] >= kind.Low - tolerance);
        }
    }

    [Fact]
    public void The_tables_of_the_grids_are_computed_again()
    {
        for (var j = 0; j < ScaleGrid.Divergences.Length; j += 8)
        {
            Assert.Equal(1, GridCriterion.Normal(ScaleGrid.TableRatio(j)) / ScaleGrid.Divergences[j], 1e-9);
        }

        for (var j = 0; j < UniformGrid.Tables.Length; j += 6)
        {
            var a = 0.0;
            foreach (var b in UniformGrid.Tables[j].Take(6))
            {
                Assert.Equal(1, b / GridCriterion.NextUniform(a, double.Pow(10, UniformGrid.LogKl(j)), a + 1), 1e-7);
                a = b;
            }
        }
    }

    // Simpson's rule under the component's own density.
    private static void Integrate(PriorComponent c, Action<double, double> add)
    {
        if (c.Kind == ComponentKind.Point)
        {
            add(c.Location, 1);
            return;
        }

        const int Steps = 20000;
        var low = c.Kind == ComponentKind.Normal
            ? c.Location - (12 * c.Scale)
            : double.Max(c.Low, c.Kind == ComponentKind.Uniform ? c.Low : c.Location - (12 * c.Scale));
        var high = c.Kind == ComponentKind.Normal
            ? c.Location + (12 * c.Scale)
            : double.Min(c.High, c.Kind == ComponentKind.Uniform ? c.High : c.Location + (12 * c.Scale));
        double Density(double t) =>
            c.Kind == ComponentKind.Uniform ? 1 : double.Exp(NormalDistribution.LogDensity(t - c.Location, c.Scale));
        double Rule(int k) => k is 0 or Steps ? 1 : k % 2 == 1 ? 4 : 2;
        var h = (high - low) / Steps;
        var total = 0.0;
        for (var k = 0; k <= Steps; k++)
        {
            total += Rule(k) * Density(low + (k * h));
        }

        for (var k = 0; k <= Steps; k++)
        {
            add(low + (k * h), Rule(k) * Density(low + (k * h)) / total);
        }
    }
}
