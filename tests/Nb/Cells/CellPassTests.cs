using FitCluster.Math.NegativeBinomial;
using Xunit;

namespace FitCluster.Nb.Tests.Cells;

/// <summary>The pass against densities evaluated cell by gene, with E over q(t) by the same 5 nodes.</summary>
public sealed class CellPassTests
{
    private const double Tolerance = 1e-10;
    private static readonly double[] Nodes = [0, -2.8569700138728056, -1.3556261799742659, 1.3556261799742659, 2.8569700138728056];
    private static readonly double[] Weights =
        [8 / 15.0, 0.011257411327720689, 0.22207592200561265, 0.22207592200561265, 0.011257411327720689];

    public static TheoryData<NbCapture, NbParametrization, NbLink, bool, NbOverdispersion, int, int, bool, bool> Models => new()
    {
        { NbCapture.Free, NbParametrization.MeanOdds, NbLink.Softplus, false, NbOverdispersion.None, 1, 1, false, true },
        { NbCapture.Free, NbParametrization.MeanOdds, NbLink.Exp, false, NbOverdispersion.None, 1, 2, true, true },
        { NbCapture.Free, NbParametrization.Canonical, NbLink.Exp, true, NbOverdispersion.None, 2, 1, false, false },
        { NbCapture.Anchored, NbParametrization.MeanOdds, NbLink.Exp, true, NbOverdispersion.None, 2, 2, true, true },
        { NbCapture.Anchored, NbParametrization.MeanDisp, NbLink.Exp, false, NbOverdispersion.None, 3, 1, true, false },
        { NbCapture.Free, NbParametrization.MeanProb, NbLink.Exp, false, NbOverdispersion.Bnb, 1, 1, false, true },
        { NbCapture.Anchored, NbParametrization.MeanOdds, NbLink.Exp, true, NbOverdispersion.Bnb, 2, 2, true, true },
        { NbCapture.None, NbParametrization.MeanOdds, NbLink.Exp, true, NbOverdispersion.None, 2, 1, false, true },
        { NbCapture.None, NbParametrization.MeanOdds, NbLink.Exp, true, NbOverdispersion.Bnb, 1, 2, true, false },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void A_pass_is_the_dense_computation(
        NbCapture capture, NbParametrization parametrization, NbLink link, bool isInflated, NbOverdispersion overdispersion, int components,
        int datasets, bool isByGene, bool isSparse)
    {
        var cells = new CellCase(
            Make(capture, parametrization, link, isInflated, overdispersion, components, datasets, isByGene), isSparse, 11);
        var (layout, histogram) = cells.Histogram();
        cells.Start(layout);
        var tables = cells.Tables(layout);
        tables[NbPassField.KeepLogLikelihood] = 1;
        var statistics = cells.Pass(tables);
        var results = NbCells.Results(cells.Options, cells.Data, cells.Shard);
        double bound = 0, prior = 0, n = 0;
        for (var c = 0; c < cells.CellCount; c++)
        {
            var (t, resp) = (NodesOf(cells, c), Responsibilities(cells, c));
            var expected = new double[components];
            for (var k = 0; k < components; k++)
            {
                for (var i = 0; i < Nodes.Length; i++)
                {
                    expected[k] += Weights[i] * cells.Dense(c, k, double.Exp(Xi(cells.Options, t[i])));
                }

                expected[k] += cells.LogWeight(c, k);
                bound += resp[k] == 0 ? 0 : resp[k] * (expected[k] - double.Log(resp[k]));
                n += resp[k];
            }

            var likelihood = LogSumExp(expected);
            Near(likelihood, results["log_likelihood"][c]);
            for (var k = 0; k < components; k++)
            {
                Assert.Equal(double.Exp(expected[k] - likelihood), resp[k], 1e-9);
            }

            prior += capture == NbCapture.None ? 0 : Prior(cells, c);
        }

        // The bound of the statistics: the cells' term and the genes' functions of them.
        var terms = GeneTerms(tables, statistics, components == 1 ? histogram : null);
        Near(bound + prior, statistics[NbSum.CellTerm] + terms);
        Near(prior, statistics[NbSum.PriorTerm]);
        Near(n, statistics.N.Sum());
        Near(Enumerable.Sum(results["log_likelihood"]), statistics[NbSum.LogLikelihood]);
        Assert.Equal(0, statistics[NbSum.Held]);
        Assert.Equal(0, statistics[NbSum.Unsettled]);
    }

    public static TheoryData<NbCapture, NbParametrization, NbLink, bool, NbOverdispersion, int, int, bool, bool> Captured =>
        [.. Models.Where(row => row.Data.Item1 != NbCapture.None)];

    [Theory]
    [MemberData(nameof(Captured))]
    public void Posteriors_are_at_their_optimum_and_no_step_lowers_the_bound(
        NbCapture capture, NbParametrization parametrization, NbLink link, bool isInflated, NbOverdispersion overdispersion, int components,
        int datasets, bool isByGene, bool isSparse)
    {
        var cells = new CellCase(
            Make(capture, parametrization, link, isInflated, overdispersion, components, datasets, isByGene), isSparse, 12);
        var layout = cells.Histogram().Layout;
        cells.Start(layout);
        var tables = cells.Tables(layout);
        tables[NbPassField.NewtonSteps] = 1;
        var (last, state) = (double.NegativeInfinity, NbCells.Format.View(cells.Shard));
        for (var pass = 0; pass < 25; pass++)
        {
            var statistics = cells.Pass(tables);
            var bound = statistics[NbSum.CellTerm] + GeneTerms(tables, statistics, components == 1 ? cells.Histogram().Histogram : null);
            Assert.True(bound >= last - 1e-8, $"pass {pass}: {bound:R} after {last:R}");
            last = bound;
        }

        for (var c = 0; c < cells.CellCount; c += 4)
        {
            var (m, s) = (state[NbCells.Location][c], state[NbCells.Scale][c]);
            var best = Bound(m, s);
            foreach (var h in new[] { 1e-3, -1e-3 })
            {
                Assert.True(Bound(m + (h * s), s) <= best + 1e-9, $"cell {c}: a better location");
                Assert.True(Bound(m, s * (1 + h)) <= best + 1e-9, $"cell {c}: a better scale");
            }

            double Bound(double location, double scale)
            {
                var resp = Responsibilities(cells, c);
                var sum = PriorAt(cells, c, location, scale);
                for (var i = 0; i < Nodes.Length; i++)
                {
                    var nu = double.Exp(Xi(cells.Options, location + (scale * Nodes[i])));
                    sum += Weights[i] * Enumerable.Range(0, components).Sum(k => resp[k] * cells.Dense(c, k, nu));
                }

                return sum;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Gradients_from_the_statistics_are_those_of_differences(
        NbCapture capture, NbParametrization parametrization, NbLink link, bool isInflated, NbOverdispersion overdispersion, int components,
        int datasets, bool isByGene, bool isSparse)
    {
        var cells = new CellCase(
            Make(capture, parametrization, link, isInflated, overdispersion, components, datasets, isByGene), isSparse, 13);
        var (layout, histogram) = cells.Histogram();
        cells.Start(layout);
        var tables = cells.Tables(layout);
        var statistics = cells.Pass(tables);
        var gradient = new NbPointGradient(
            cells.Shape, cells.Basis, layout, cells.Point, statistics, statistics.HasHistogram ? statistics.H : histogram);
        var genes = cells.Shape.Genes;
        for (var at = 0; at < cells.Point.R.Length; at += 3)
        {
            // The bound at fixed posteriors is linear in the tables' functions: its derivative is theirs.
            Check(cells.Point.R, gradient.LogR, at, at + 1);
            var leaf = at / genes * genes;
            var one = cells.Shape.OddsByGene || cells.Shape.ByEntry;
            Check(cells.Point.Odds, gradient.LogOdds, one ? at : leaf, one ? at + 1 : leaf + genes);
            if (isInflated)
            {
                Check(cells.Point.Gate, gradient.LogitGate, at, at + 1, isLogit: true);
            }

            if (overdispersion == NbOverdispersion.Bnb)
            {
                Check(cells.Point.Omega, gradient.LogOmega, at, at + 1);
            }
        }

        void Check(double[] values, double[] derivatives, int first, int last, bool isLogit = false)
        {
            const double H = 1e-4;
            var kept = values.ToArray();
            var (high, low) = (Moved(H), Moved(-H));
            kept.CopyTo(values, 0);
            var analytic = derivatives[first..last].Sum();
            Assert.Equal((high - low) / (2 * H), analytic, 1e-6 * double.Max(1, double.Abs(analytic)));

            double Moved(double h)
            {
                for (var i = first; i < last; i++)
                {
                    values[i] = isLogit
                        ? 1 / (1 + ((1 - kept[i]) / kept[i] * double.Exp(-h)))
                        : kept[i] * double.Exp(h);
                }

                return GeneTerms(cells.Tables(layout), statistics, components == 1 ? histogram : null);
            }
        }
    }

    private static NbOptions Make(
        NbCapture capture, NbParametrization parametrization, NbLink link, bool isInflated, NbOverdispersion overdispersion, int components,
        int datasets, bool isByGene) => new()
        {
            Genes = 7,
            Cells = 23,
            Capture = capture,
            Parametrization = parametrization,
            Link = link,
            ZeroInflation = isInflated,
            Overdispersion = overdispersion,
            Components = components,
            Datasets = [.. Enumerable.Range(0, datasets).Select(d => $"d{d}")],
            LogCaptureTotal = double.Log(60),
            CaptureSd = 0.4,
            Priors = new NbPriors { ProbabilityGenes = new NbHierarchy(isByGene ? NbFamily.Gaussian : NbFamily.None) },
        };

    private static double GeneTerms(NbTables tables, NbStatistics statistics, double[]? histogram)
    {
        var (shape, sum) = (tables.Shape, Dot(tables.Zero, statistics.W));
        if (shape.ByEntry)
        {
            return sum + Dot(tables.Entry, statistics.S);
        }

        sum -= shape.OddsByGene ? Dot(tables.Psi, statistics.V) : Dot(tables.Psi, statistics.Vu);
        sum += shape.ZeroInflated ? Dot(tables.Chi, statistics.Nz) : 0;
        return sum + Dot(tables.Base, histogram ?? statistics.H);
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double[] Responsibilities(CellCase cells, int c)
    {
        var components = cells.Shape.Components;
        return components == 1 ? [1] : NbCells.Format.View(cells.Shard)[NbCells.Responsibilities][(c * components)..((c + 1) * components)];
    }

    private static double[] NodesOf(CellCase cells, int c)
    {
        var state = NbCells.Format.View(cells.Shard);
        return cells.Options.Capture == NbCapture.None
            ? [.. Nodes.Select(_ => double.PositiveInfinity)]
            : [.. Nodes.Select(x => state[NbCells.Location][c] + (state[NbCells.Scale][c] * x))];
    }

    private static double Xi(NbOptions options, double t)
    {
        var softplus = double.Log(1 + double.Exp(t));
        return options.Capture switch
        {
            NbCapture.None => 0,
            NbCapture.Anchored => -softplus,
            _ when options.Parametrization != NbParametrization.MeanOdds => -double.Log(1 + double.Exp(-t)),
            _ => -double.Log(1 + (options.Link == NbLink.Exp ? double.Exp(t) : softplus)),
        };
    }

    private static double Prior(CellCase cells, int c)
    {
        var state = NbCells.Format.View(cells.Shard);
        return PriorAt(cells, c, state[NbCells.Location][c], state[NbCells.Scale][c]);
    }

    private static double PriorAt(CellCase cells, int c, double m, double s)
    {
        var genes = cells.Shape.Genes;
        var total = cells.Counts.Skip(c * genes).Take(genes).Sum();
        var sum = double.Log(s) + (0.5 * double.Log(2 * double.Pi * double.E));
        for (var i = 0; i < Nodes.Length; i++)
        {
            var t = m + (s * Nodes[i]);
            if (cells.Options.Capture == NbCapture.Free)
            {
                sum += Weights[i] * ((-0.5 * t * t) - (0.5 * double.Log(2 * double.Pi)));
                continue;
            }

            var (mean, sd) = (cells.Options.LogCaptureTotal - double.Log(double.Max(total, 1)), cells.Options.CaptureSd);
            var (z, normalizer) = ((double.Log(1 + double.Exp(t)) - mean) / sd,
                FitCluster.Math.Numerics.NormalDistribution.LogCdf(mean / sd));
            sum += Weights[i] * ((-0.5 * z * z) - (0.5 * double.Log(2 * double.Pi)) - double.Log(sd) - normalizer - double.Log(
                1 + double.Exp(-t)));
        }

        return sum;
    }

    private static double LogSumExp(double[] values)
    {
        var most = values.Max();
        return most + double.Log(values.Sum(v => double.Exp(v - most)));
    }

    private static void Near(double expected, double actual) =>
        Assert.Equal(expected, actual, Tolerance * double.Max(1, double.Abs(expected)));
}
