using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The published model's sites for a set of options (mrazomej/scribe at b7372e30), and the map from a draw of them to r, odds, gate and
/// omega by leaf and gene, with its derivatives. Immutable.
/// </summary>
internal sealed class NbReferenceProblem
{
    // The reference's floors of phi and omega.
    private const double LeastOdds = 1e-6;

    private readonly NbOptions _options;
    private readonly NbReferenceTarget _first;
    private readonly NbReferenceTarget _second;
    private readonly NbReferenceTarget? _gate;
    private readonly NbReferenceTarget? _omega;
    private readonly NbReferenceSite? _weights;

    /// <summary>The sites of a model.</summary>
    public NbReferenceProblem(NbOptions options)
    {
        (_options, Shape) = (options, NbShape.Of(options));
        List<NbReferenceSite> sites = [];
        var priors = options.Priors;
        var (k, d, g) = (options.Components, options.Datasets.Count, options.Genes);
        _first = First(sites, k, d, g);
        _second = Second(sites, k, d, g);
        if (options.ZeroInflation)
        {
            _gate = priors.GateDatasets.Family != NbFamily.None
                ? About(sites, "gate", new(k, d, g), new(1, 1, 1), (-5, 0.01), priors.GateDatasets, (-2, 0.5))
                : priors.GateGenes.Family != NbFamily.None
                    ? About(sites, "gate", new(k, 1, g), new(1, 1, 1), (-5, 1), priors.GateGenes, (-2, 0.5))
                    : new NbReferenceTarget(sites, "gate_t", new(k, 1, g), -2, 1);
        }

        if (options.Overdispersion == NbOverdispersion.Bnb)
        {
            var family = priors.OverdispersionGenes.Family == NbFamily.None
                ? new NbHierarchy(NbFamily.Horseshoe)
                : priors.OverdispersionGenes;
            var perDataset = priors.OverdispersionDatasets.Family != NbFamily.None ? d : 1;
            var location = family.Family == NbFamily.Gaussian ? (0.0, 1.0) : (-5, 1);
            _omega = About(sites, "omega", new(1, perDataset, g), new(1, 1, 1), location, family, (0, 1));
        }

        if (k > 1)
        {
            var length = options.DatasetWeights ? k * d : k;
            _weights = new NbReferenceSite("weights", NbReferenceSiteKind.Dirichlet, length, options.WeightConcentration, 0,
                options.WeightConcentration, 0)
            {
                Group = k,
            };
            sites.Add(_weights);
        }

        var (offset, parameters) = (0, 0);
        foreach (var site in sites)
        {
            (site.Offset, site.ParameterOffset) = (offset, parameters);
            (offset, parameters) = (offset + site.Length, parameters + site.ParameterLength);
        }

        (Sites, ParameterLength) = (sites, parameters);
    }

    /// <summary>Numbers of leaves and genes.</summary>
    public NbShape Shape { get; }

    /// <summary>The sites.</summary>
    public IReadOnlyList<NbReferenceSite> Sites { get; }

    /// <summary>Parameters of all guides.</summary>
    public int ParameterLength { get; }

    /// <summary>The guides' parameters at the start.</summary>
    public double[] InitialParameters()
    {
        var parameters = new double[ParameterLength];
        foreach (var site in Sites)
        {
            var first = site.IsLocationScale ? site.First : double.Log(site.First);
            parameters.AsSpan(site.ParameterOffset, site.Length).Fill(first);
            parameters.AsSpan(site.ParameterOffset + site.Length, site.ParameterLength - site.Length).Fill(double.Log(site.Second));
        }

        return parameters;
    }

    /// <summary>What the options have that the published optimizer has not; empty if nothing.</summary>
    public static IReadOnlyList<string> Problems(NbOptions options)
    {
        List<string> problems = [];
        var priors = options.Priors;
        if (priors.MeanComponents.Family != NbFamily.None &&
            (priors.MeanDatasets.Family != NbFamily.None || options.Design.Count > 0))
        {
            problems.Add("the reference optimizer has one hierarchy of the mean: across components or across datasets, not both");
        }

        if (priors.GateGenes.Family != NbFamily.None && priors.GateDatasets.Family != NbFamily.None)
        {
            problems.Add("the reference optimizer has one hierarchy of the gate: across genes or across datasets, not both");
        }

        if (priors.ProbabilityGenes.Family != NbFamily.None && priors.ProbabilityDatasets.Family != NbFamily.None &&
            priors.ProbabilityMode != NbProbabilityMode.TwoLevel)
        {
            problems.Add("probability across genes and across datasets together is mode two_level");
        }

        if (options.Design.Any(factor => factor.Hierarchy.Family == NbFamily.Neg))
        {
            problems.Add("effects of a factor are Gaussian or horseshoe, not NEG");
        }

        return problems;
    }

    /// <summary>The likelihood's parameters of a draw.</summary>
    public NbPoint Point(NbReferenceDraw draw)
    {
        var point = new NbPoint(Shape, _options.ZeroInflation);
        for (var at = 0; at < point.R.Length; at++)
        {
            var (k, d, g) = Place(at);
            var (t1, t2) = (_first.Value(draw, k, d, g), _second.Value(draw, k, d, g));
            (point.R[at], point.Odds[at]) = Likelihood(t1, t2);
            if (_gate is not null)
            {
                point.Gate[at] = VectorSoftplus.Logistic(_gate.Value(draw, k, d, g));
            }

            if (_omega is not null)
            {
                point.Omega[at] = double.Max(LeastOdds, Link(_omega.Value(draw, k, d, g)));
            }
        }

        return point;
    }

    /// <summary>Adds the likelihood's derivatives (times a scale) to those of the draw.</summary>
    public void Backward(NbReferenceDraw draw, NbPointGradient gradient, ReadOnlySpan<double> cells, double scale)
    {
        for (var at = 0; at < gradient.LogR.Length; at++)
        {
            var (k, d, g) = Place(at);
            var (byR, byOdds) = (scale * gradient.LogR[at], scale * gradient.LogOdds[at]);
            var (slope1, slope2) = (LogSlope(_first.Value(draw, k, d, g)), LogSlope(_second.Value(draw, k, d, g)));
            var (by1, by2) = _options.Parametrization switch
            {
                NbParametrization.Canonical => (byR * slope1, byOdds),
                NbParametrization.MeanProb => (byR * slope1, byOdds - byR),
                NbParametrization.MeanOdds => (byR * slope1, IsFloored(_second.Value(draw, k, d, g)) ? 0 : (byR - byOdds) * slope2),
                _ => (byOdds * slope1, (byR - byOdds) * slope2),
            };
            _first.Backward(draw, k, d, g, by1);
            _second.Backward(draw, k, d, g, by2);
            _gate?.Backward(draw, k, d, g, scale * gradient.LogitGate[at]);
            if (_omega is not null)
            {
                var t = _omega.Value(draw, k, d, g);
                _omega.Backward(draw, k, d, g, IsFloored(t) ? 0 : scale * gradient.LogOmega[at] * LogSlope(t));
            }
        }

        for (var leaf = 0; _weights is not null && leaf < Shape.Leaves; leaf++)
        {
            draw.GradientOf(_weights)[WeightAt(leaf / Shape.Datasets, leaf % Shape.Datasets)] += scale * cells[leaf];
        }
    }

    /// <summary>D x K: log w.</summary>
    public void LogWeights(NbReferenceDraw draw, Span<double> logWeights)
    {
        for (var i = 0; _weights is not null && i < logWeights.Length; i++)
        {
            logWeights[i] = double.Log(draw.Of(_weights)[WeightAt(i % Shape.Components, i / Shape.Components)]);
        }
    }

    /// <summary>The divergences of all guides; adds their derivatives, with the other sign, to the draw's and the parameters'.</summary>
    public double Divergence(NbReferenceDraw draw, ReadOnlySpan<double> parameters, Span<double> gradients) =>
        draw.Divergence(gradients) + _first.Divergence(draw, parameters, gradients) + _second.Divergence(draw, parameters, gradients) +
        (_gate?.Divergence(draw, parameters, gradients) ?? 0) + (_omega?.Divergence(draw, parameters, gradients) ?? 0);

    // Of one leaf and gene, from the index.
    private (int K, int D, int G) Place(int at) =>
        (at / Shape.Genes / Shape.Datasets, at / Shape.Genes % Shape.Datasets, at % Shape.Genes);

    private int WeightAt(int component, int dataset) => ((_options.DatasetWeights ? dataset : 0) * Shape.Components) + component;

    private (double R, double Odds) Likelihood(double t1, double t2)
    {
        var value = Link(t1);
        switch (_options.Parametrization)
        {
            case NbParametrization.Canonical:
                return (value, double.Exp(t2));
            case NbParametrization.MeanProb:
                return (value * double.Exp(-t2), double.Exp(t2));
            case NbParametrization.MeanOdds:
                var phi = double.Max(LeastOdds, Link(t2));
                return (value * phi, 1 / phi);
            default:
                var r = Link(t2);
                return (r, value / r);
        }
    }

    private double Link(double t) => _options.Link == NbLink.Exp ? double.Exp(t) : VectorSoftplus.Softplus(t);

    private double LogSlope(double t) =>
        _options.Link == NbLink.Exp ? 1 : VectorSoftplus.Logistic(t) / VectorSoftplus.Softplus(t);

    private bool IsFloored(double t) => Link(t) < LeastOdds;

    private NbReferenceTarget First(List<NbReferenceSite> sites, int k, int d, int g)
    {
        var name = _options.Parametrization == NbParametrization.Canonical ? "r" : "mu";
        var priors = _options.Priors;
        if (_options.Design.Count > 0)
        {
            var target = new NbReferenceTarget(new NbReferenceExtent(k, d, g),
                new NbReferenceTarget(sites, name + "_loc", new(k, 1, g), 0, 1));
            foreach (var factor in _options.Design)
            {
                var extent = new NbReferenceExtent(k, factor.Levels.Count, g);
                var label = $"{name}_{factor.Name}";
                var scale = new NbReferenceScale(sites, label, factor.Hierarchy, g, (-2, 0.5), factor.FixedScale);
                target.AddTerm(sites, new NbReferenceTerm(NbReferenceSite.Normal(label + "_z", extent.Length, 0, 1), scale, extent,
                    factor.LevelOfDataset));
            }

            return target;
        }

        return priors.MeanDatasets.Family != NbFamily.None
            ? About(sites, name, new(k, d, g), new(k, 1, g), (0, 1), priors.MeanDatasets, (-2, 0.5))
            : priors.MeanComponents.Family != NbFamily.None
                ? About(sites, name, new(k, 1, g), new(1, 1, g), (0, 1), priors.MeanComponents, (-2, 0.5))
                : new NbReferenceTarget(sites, name + "_t", new(k, 1, g), 0, 1);
    }

    private NbReferenceTarget Second(List<NbReferenceSite> sites, int k, int d, int g)
    {
        var priors = _options.Priors;
        if (_options.Parametrization == NbParametrization.MeanDisp)
        {
            return priors.DispersionDatasets.Family != NbFamily.None
                ? About(sites, "r", new(k, d, g), new(k, 1, g), (0, 1), priors.DispersionDatasets, (-2, 0.5))
                : new NbReferenceTarget(sites, "r_t", new(k, 1, g), 0, 1);
        }

        var name = _options.Parametrization == NbParametrization.MeanOdds ? "phi" : "p";
        var (genes, datasets) = (priors.ProbabilityGenes, priors.ProbabilityDatasets);
        if (datasets.Family == NbFamily.None)
        {
            return genes.Family != NbFamily.None
                ? About(sites, name, new(k, 1, g), new(1, 1, 1), (0, 1), genes, (0, 0.5))
                : new NbReferenceTarget(sites, name + "_t", new(k, 1, 1), 0, 1);
        }

        if (_options.Priors.ProbabilityMode == NbProbabilityMode.Scalar)
        {
            return About(sites, name, new(k, d, 1), new(k, 1, 1), (0, 1), datasets, (0, 0.5));
        }

        if (_options.Priors.ProbabilityMode == NbProbabilityMode.TwoLevel && genes.Family != NbFamily.None)
        {
            var centre = About(sites, name + "_gene", new(k, 1, g), new(1, 1, 1), (0, 1), genes, (0, 0.5));
            return new NbReferenceTarget(sites, name, new(k, d, g), centre, datasets, g, (0, 0.5));
        }

        return About(sites, name, new(k, d, g), new(k, 1, g), (0, 1), datasets, (0, 0.5));
    }

    // Under a hierarchy about a location site; scales by gene where there are genes.
    private static NbReferenceTarget About(
        List<NbReferenceSite> sites, string name, NbReferenceExtent extent, NbReferenceExtent locations, (double, double) location,
            NbHierarchy hierarchy,
        (double, double) raw)
    {
        var centre = new NbReferenceTarget(sites, name + "_loc", locations, location.Item1, location.Item2);
        return new NbReferenceTarget(sites, name, extent, centre, hierarchy, extent.Genes, raw);
    }
}
