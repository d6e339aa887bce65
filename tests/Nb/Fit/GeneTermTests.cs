using System.Runtime.Intrinsics;
using FitCluster.Math.Models;
using FitCluster.Math.NegativeBinomial;
using Xunit;

namespace FitCluster.Nb.Tests.Fit;

/// <summary>The genes' expected log-likelihood from statistics: against the sum over cells and genes, and against finite
/// differences.</summary>
public sealed class GeneTermTests
{
    public static TheoryData<string> Models =>
        ["nb", "by gene", "gated", "gated by gene", "bnb", "gated bnb", "canonical", "mean_prob", "mean_disp"];

    [Theory]
    [MemberData(nameof(Models))]
    public void The_likelihood_from_statistics_is_the_sum_over_cells_and_genes(string name)
    {
        var at = new Point(name);
        var system = new NbSystem(at.Structure);
        new NbLikelihoodTerm(at.Structure, at.Cubature).Add(at.Parameters, at.Evidence, system);
        var fromStatistics = system.Total + at.Statistics[NbSum.CellTerm] - at.Statistics[NbSum.PriorTerm];
        Assert.Equal(at.Dense(), fromStatistics, 1e-9 * double.Abs(fromStatistics));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Gradients_are_those_of_finite_differences(string name)
    {
        var at = new Point(name);
        var n = at.Structure.Coordinates;
        var ascent = new NbAscent(at.Structure, at.Cubature);
        var system = ascent.Evaluate(at.Parameters, at.Evidence);
        for (var g = 0; g < 2; g++)
        {
            for (var i = 0; i < n; i++)
            {
                var moved = i;
                var gene = g;
                var slope = Difference(step => Worth(p => p.Location[(gene * n) + moved] += step));
                Assert.Equal(slope, system.Gradient[(g * n) + i], 2e-6 * double.Max(1, double.Abs(slope)));
            }
        }

        for (var a = 0; a < system.Arrow.Length; a++)
        {
            var s = system.Arrow[a];
            var sum = Enumerable.Range(0, at.Structure.Shape.Genes + 1).Sum(g => system.ArrowGradient[(g * system.Arrow.Length) + a]);
            var slope = Difference(step => Worth(p => p.ScalarLocation[s] += step));
            Assert.Equal(slope, sum, 2e-6 * double.Max(1, double.Abs(slope)));
        }

        // S from its factor F: d/dF = -(precision - S^-1) F on the diagonal, where the rule is exact for what the posterior sees.
        for (var i = 0; i < n; i++)
        {
            var place = SmallMatrix.Packed(i) + i;
            var slope = Difference(step => Worth(p => p.Factor[place] += step));
            var expected = 1 / at.Parameters.Factor[place];
            for (var k = i; k < n; k++)
            {
                expected -= system.Precision[(i * n) + k] * at.Parameters.Factor[SmallMatrix.Packed(k) + i];
            }

            Assert.Equal(slope, expected, 0.02 * double.Max(1, double.Abs(slope) + (1 / at.Parameters.Factor[place])));
        }

        double Worth(Action<NbParameters> move)
        {
            var moved = at.Parameters.Clone();
            move(moved);
            return ascent.Evaluate(moved, at.Evidence).Total;
        }
    }

    private static double Difference(Func<double, double> f)
    {
        const double Step = 1e-4;
        return ((8 * (f(Step) - f(-Step))) - f(2 * Step) + f(-2 * Step)) / (12 * Step);
    }

    // A model after some rounds on a few cells.
    private sealed class Point
    {
        private readonly NbOptions _options;
        private readonly Simulated _data;
        private readonly StateSet<NbShardField> _cells;

        public Point(string name)
        {
            _data = new Simulated(11, 30, 4, 1, 1, (_, _, g) => new NbDensity(0.5 + g, 1 + (0.5 * g), 0.1, 0.3), _ => 0.4);
            _options = Options(name) with { Genes = 4, Cells = 30 };
            Structure = new NbStructure(_options);
            Cubature = new NbCubature(Structure);
            var model = new NbModel(_options);
            var (data, global) = (_data.Shards(1)[0], model.InitialGlobal());
            var shard = model.InitialShard(data);
            for (var round = 0; round < 6; round++)
            {
                global = model.Update(global, model.Local(model.Broadcast(global), data, shard));
            }

            var state = NbFitState.Format.View(global);
            Parameters = state.Parameters(NbFitState.Current);
            Statistics = new NbStatistics(model.Local(model.Broadcast(global), data, shard));
            Evidence = new NbEvidence(
                Structure.Shape, NbFitBroadcast.Basis(state), NbFitBroadcast.Layout(state), Statistics, state[NbFitState.Histogram]);
            _cells = NbCells.Format.View(shard);
        }

        public NbStructure Structure { get; }

        public NbCubature Cubature { get; }

        public NbParameters Parameters { get; }

        public NbStatistics Statistics { get; }

        public NbEvidence Evidence { get; }

        public double Dense()
        {
            var points = new NbPoints(Structure, Cubature);
            var (nodes, weights) = GaussHermite.Of(5);
            var sum = 0.0;
            for (var g = 0; g < _data.Genes; g++)
            {
                points.Place(Parameters, 0, g);
                for (var i = 0; i < Cubature.Count; i++)
                {
                    var gate = _options.ZeroInflation ? 1 / (1 + double.Exp(-points.Gate[i])) : 0;
                    var density = new NbDensity(points.R[i], points.Odds[i], gate, Structure.Shape.ByEntry ? points.Omega[i] : 0);
                    for (var c = 0; c < _data.Cells && Cubature.Weights[i] > 0; c++)
                    {
                        var coordinate = NbCellCoordinate.Of(_options, 0);
                        for (var j = 0; j < nodes.Length; j++)
                        {
                            var t = _cells[NbCells.Location][c] + (_cells[NbCells.Scale][c] * nodes[j]);
                            var nu = double.Exp(coordinate.Xi(Vector512.Create(t)).Value.ToScalar());
                            sum += Cubature.Weights[i] * weights[j] * density.Log(_data.Counts[(c * _data.Genes) + g], nu);
                        }
                    }
                }
            }

            return sum;
        }

        private static NbOptions Options(string name)
        {
            var start = new NbOptions { Genes = 1, Cells = 1, Capture = NbCapture.Free, Link = NbLink.Softplus };
            var byGene = new NbPriors { ProbabilityGenes = new NbHierarchy(NbFamily.Gaussian), GateGenes = new NbHierarchy(NbFamily.Neg) };
            return name switch
            {
                "nb" => start,
                "by gene" => start with { Priors = byGene with { GateGenes = NbHierarchy.None } },
                "gated" => start with { ZeroInflation = true, Priors = byGene with { ProbabilityGenes = NbHierarchy.None } },
                "gated by gene" => start with { ZeroInflation = true, Priors = byGene },
                "bnb" => start with { Overdispersion = NbOverdispersion.Bnb },
                "gated bnb" => start with { Overdispersion = NbOverdispersion.Bnb, ZeroInflation = true },
                "canonical" => start with { Parametrization = NbParametrization.Canonical },
                "mean_prob" => start with { Parametrization = NbParametrization.MeanProb, Link = NbLink.Exp },
                _ => start with { Parametrization = NbParametrization.MeanDisp },
            };
        }
    }
}
