namespace FitCluster.Math.NegativeBinomial;

/// <summary>How many values of a parameter there are: 1 or all, of components, datasets and genes.</summary>
internal readonly record struct NbReferenceExtent(int Components, int Datasets, int Genes)
{
    /// <summary>All of them.</summary>
    public int Length => Components * Datasets * Genes;

    /// <summary>The index of what a component, dataset and gene have.</summary>
    public int At(int component, int dataset, int gene) =>
        ((((Components > 1 ? component : 0) * Datasets) + (Datasets > 1 ? dataset : 0)) * Genes) + (Genes > 1 ? gene : 0);
}

/// <summary>A part s z of a coordinate that is not centred: z ~ N(0, 1), one by component, level of a factor, and gene.</summary>
internal sealed record NbReferenceTerm(NbReferenceSite Z, NbReferenceScale Scale, NbReferenceExtent Extent,
    IReadOnlyList<int>? LevelOfDataset)
{
    /// <summary>The index of z.</summary>
    public int At(int component, int dataset, int gene) => Extent.At(component, LevelOfDataset?[dataset] ?? dataset, gene);
}

/// <summary>
/// The unconstrained coordinate t of a parameter as the published model has it: t itself with a Normal prior; or, in a hierarchy, t ~
/// N(location, scale) itself (Gaussian), or location + s z (horseshoe, NEG, factors of a design), with a location that is a site or a
/// target.
/// </summary>
internal sealed class NbReferenceTarget
{
    private readonly NbReferenceSite? _site;
    private readonly NbReferenceScale? _scale;
    private readonly NbReferenceTarget? _location;
    private readonly List<NbReferenceTerm> _terms = [];

    /// <summary>A target without a hierarchy: a Normal site.</summary>
    public NbReferenceTarget(List<NbReferenceSite> sites, string name, NbReferenceExtent extent, double location, double scale)
    {
        Extent = extent;
        _site = NbReferenceSite.Normal(name, extent.Length, location, scale);
        sites.Add(_site);
    }

    /// <summary>A target about a location.</summary>
    public NbReferenceTarget(
        List<NbReferenceSite> sites, string name, NbReferenceExtent extent, NbReferenceTarget location, NbHierarchy hierarchy, int scales,
            (double, double) raw)
    {
        (Extent, _location) = (extent, location);
        var scale = new NbReferenceScale(sites, name, hierarchy, scales, raw);
        if (hierarchy.Family == NbFamily.Gaussian)
        {
            _scale = scale;
            _site = NbReferenceSite.Conditional(name + "_t", extent.Length);
            sites.Add(_site);
        }
        else
        {
            AddTerm(sites, new NbReferenceTerm(NbReferenceSite.Normal(name + "_z", extent.Length, 0, 1), scale, extent, null));
        }
    }

    /// <summary>A target that is a location and terms of a design, to be added.</summary>
    public NbReferenceTarget(NbReferenceExtent extent, NbReferenceTarget location) => (Extent, _location) = (extent, location);

    /// <summary>How many values there are.</summary>
    public NbReferenceExtent Extent { get; }

    /// <summary>Adds a term.</summary>
    public void AddTerm(List<NbReferenceSite> sites, NbReferenceTerm term)
    {
        sites.Add(term.Z);
        _terms.Add(term);
    }

    /// <summary>t of a component, dataset and gene.</summary>
    public double Value(NbReferenceDraw draw, int component, int dataset, int gene)
    {
        if (_site is not null)
        {
            return draw.Of(_site)[Extent.At(component, dataset, gene)];
        }

        var value = _location!.Value(draw, component, dataset, gene);
        foreach (var term in _terms)
        {
            value += term.Scale.Value(draw, gene) * draw.Of(term.Z)[term.At(component, dataset, gene)];
        }

        return value;
    }

    /// <summary>Adds what a derivative in that t is in the draws.</summary>
    public void Backward(NbReferenceDraw draw, int component, int dataset, int gene, double byValue)
    {
        if (_site is not null)
        {
            draw.GradientOf(_site)[Extent.At(component, dataset, gene)] += byValue;
            return;
        }

        _location!.Backward(draw, component, dataset, gene, byValue);
        foreach (var term in _terms)
        {
            var at = term.At(component, dataset, gene);
            var scale = term.Scale.Value(draw, gene);
            term.Scale.Backward(draw, gene, byValue * scale * draw.Of(term.Z)[at]);
            draw.GradientOf(term.Z)[at] += byValue * scale;
        }
    }

    /// <summary>
    /// The divergence of the guides of centred sites, here and in the locations, given the draws of locations and scales; adds its
    /// derivatives with the other sign.
    /// </summary>
    public double Divergence(NbReferenceDraw draw, ReadOnlySpan<double> parameters, Span<double> gradients)
    {
        var sum = _location?.Divergence(draw, parameters, gradients) ?? 0;
        if (_scale is null)
        {
            return sum;
        }

        for (var k = 0; k < Extent.Components; k++)
        {
            for (var d = 0; d < Extent.Datasets; d++)
            {
                for (var g = 0; g < Extent.Genes; g++)
                {
                    var first = _site!.ParameterOffset + Extent.At(k, d, g);
                    var second = first + _site.Length;
                    var (sd, rho) = (_scale.Value(draw, g), parameters[second]);
                    var (away, precision) = (parameters[first] - _location!.Value(draw, k, d, g), 1 / (sd * sd));
                    var square = (double.Exp(2 * rho) + (away * away)) * precision;
                    sum += -rho + double.Log(sd) + (square / 2) - 0.5;
                    gradients[first] -= away * precision;
                    gradients[second] -= (double.Exp(2 * rho) * precision) - 1;
                    _location.Backward(draw, k, d, g, away * precision);
                    _scale.Backward(draw, g, square - 1);
                }
            }
        }

        return sum;
    }
}
