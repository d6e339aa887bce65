using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>The scale of a hierarchy, one or one by gene, as a function of its sites' draws (mrazomej/scribe at b7372e30).</summary>
internal sealed class NbReferenceScale
{
    private readonly NbFamily _family;
    private readonly double _fixed;
    private readonly bool _isByGene;
    private readonly NbReferenceSite? _raw;
    private readonly NbReferenceSite? _tau;
    private readonly NbReferenceSite? _lambda;
    private readonly NbReferenceSite? _slab;
    private readonly NbReferenceSite? _psi;

    /// <summary>Adds the sites of a hierarchy's scale.</summary>
    /// <param name="sites">Where they are added.</param>
    /// <param name="name">The target's name.</param>
    /// <param name="hierarchy">The family; none: a fixed scale.</param>
    /// <param name="genes">Scales by gene; Gaussian and fixed have one.</param>
    /// <param name="raw">Gaussian: location and scale of the scale's raw coordinate.</param>
    /// <param name="fixedScale">Without a family.</param>
    public NbReferenceScale(List<NbReferenceSite> sites, string name, NbHierarchy hierarchy, int genes, (double, double) raw,
        double fixedScale = 1)
    {
        (_family, _fixed, _isByGene) = (hierarchy.Family, fixedScale, genes > 1);
        switch (hierarchy.Family)
        {
            case NbFamily.Gaussian:
                _raw = Add(NbReferenceSite.Normal(name + "_scale_raw", 1, raw.Item1, raw.Item2));
                break;
            case NbFamily.Horseshoe:
                var freedom = hierarchy.SlabDf / 2;
                _tau = Add(NbReferenceSite.HalfCauchy(name + "_tau", 1, hierarchy.Tau0));
                _lambda = Add(NbReferenceSite.HalfCauchy(name + "_lambda", genes, 1));
                _slab = Add(NbReferenceSite.InverseGamma(name + "_c_sq", 1, freedom, freedom * hierarchy.SlabScale * hierarchy.SlabScale));
                break;
            case NbFamily.Neg:
                var zeta = Add(NbReferenceSite.Gamma(name + "_zeta", genes, hierarchy.A, hierarchy.Tau, null));
                _psi = Add(NbReferenceSite.Gamma(name + "_psi", genes, hierarchy.U, 0, zeta));
                break;
            default:
                break;
        }

        NbReferenceSite Add(NbReferenceSite site)
        {
            sites.Add(site);
            return site;
        }
    }

    /// <summary>The scale of a gene.</summary>
    public double Value(NbReferenceDraw draw, int gene)
    {
        gene = _isByGene ? gene : 0;
        switch (_family)
        {
            case NbFamily.Gaussian:
                return VectorSoftplus.Softplus(draw.Of(_raw!)[0]);
            case NbFamily.Horseshoe:
                var (global, slab) = (draw.Of(_tau!)[0] * draw.Of(_lambda!)[gene], draw.Of(_slab!)[0]);
                return global * double.Sqrt(slab / (slab + (global * global)));
            case NbFamily.Neg:
                return double.Sqrt(draw.Of(_psi!)[gene]);
            default:
                return _fixed;
        }
    }

    /// <summary>Adds what a derivative in the log of a gene's scale is in the sites.</summary>
    public void Backward(NbReferenceDraw draw, int gene, double byLog)
    {
        gene = _isByGene ? gene : 0;
        switch (_family)
        {
            case NbFamily.Gaussian:
                var raw = draw.Of(_raw!)[0];
                draw.GradientOf(_raw!)[0] += byLog * VectorSoftplus.Logistic(raw) / VectorSoftplus.Softplus(raw);
                break;
            case NbFamily.Horseshoe:
                var (global, slab) = (draw.Of(_tau!)[0] * draw.Of(_lambda!)[gene], draw.Of(_slab!)[0]);
                var share = slab / (slab + (global * global));
                draw.GradientOf(_tau!)[0] += byLog * share;
                draw.GradientOf(_lambda!)[gene] += byLog * share;
                draw.GradientOf(_slab!)[0] += byLog * (1 - share) / 2;
                break;
            case NbFamily.Neg:
                draw.GradientOf(_psi!)[gene] += byLog / (2 * draw.Of(_psi!)[gene]);
                break;
            default:
                break;
        }
    }
}
