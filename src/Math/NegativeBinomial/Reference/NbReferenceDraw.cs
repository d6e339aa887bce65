using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>Where the standard normals of a draw come from.</summary>
internal enum NbReferenceDrawKind
{
    /// <summary>Counters.</summary>
    Random,

    /// <summary>All of them 0; Gamma and Dirichlet sites at their means.</summary>
    Zero,
}

/// <summary>
/// One draw of all sites from their guides, and what the log-likelihood (and divergences of other sites) changes with it: gradients in
/// the draws (of log-normal sites: in their logarithms).
/// </summary>
internal sealed class NbReferenceDraw
{
    private const ulong Stream = 0x6E62_6472_0000_0000;
    private readonly IReadOnlyList<NbReferenceSite> _sites;
    private readonly double[] _parameters;
    private readonly double[] _noise;

    /// <summary>Draws; the gradients are 0.</summary>
    public NbReferenceDraw(IReadOnlyList<NbReferenceSite> sites, double[] parameters, ulong seed, long step,
        NbReferenceDrawKind kind = NbReferenceDrawKind.Random)
    {
        (_sites, _parameters) = (sites, parameters);
        var length = sites[^1].Offset + sites[^1].Length;
        (Values, Gradients, _noise) = (new double[length], new double[length], new double[length]);
        var stream = Stream + (ulong)step;
        foreach (var site in sites)
        {
            for (var i = 0; i < site.Length; i++)
            {
                var at = site.Offset + i;
                if (site.IsLocationScale)
                {
                    _noise[at] = kind == NbReferenceDrawKind.Zero ? 0 : Philox.Normal(seed, stream, (ulong)at);
                    var value = First(site, i) + (double.Exp(Second(site, i)) * _noise[at]);
                    Values[at] = site.IsLogNormal ? double.Exp(value) : value;
                }
                else
                {
                    // Noise is the standard Gamma number, value that over the rate; a Dirichlet is divided by its sum below.
                    var shape = double.Exp(First(site, i));
                    _noise[at] = kind == NbReferenceDrawKind.Zero ? shape : GammaGradient.Draw(shape, seed, stream, (ulong)at);
                    Values[at] = site.Kind == NbReferenceSiteKind.Gamma ? _noise[at] * double.Exp(-Second(site, i)) : _noise[at];
                }
            }

            if (site.Kind == NbReferenceSiteKind.Dirichlet)
            {
                Normalize(site);
            }
        }
    }

    /// <summary>The draws, site after site.</summary>
    public double[] Values { get; }

    /// <summary>Derivatives of the bound in the draws.</summary>
    public double[] Gradients { get; }

    /// <summary>A site's draws.</summary>
    public Span<double> Of(NbReferenceSite site) => Values.AsSpan(site.Offset, site.Length);

    /// <summary>A site's derivatives.</summary>
    public Span<double> GradientOf(NbReferenceSite site) => Gradients.AsSpan(site.Offset, site.Length);

    /// <summary>
    /// Divergences of the guides from the priors, Conditional ones apart (their targets'): their sum; adds their derivatives, with the
    /// other sign, to the gradients of the draws they depend on and to those of the parameters.
    /// </summary>
    public double Divergence(Span<double> parameterGradients)
    {
        var sum = 0.0;
        foreach (var site in _sites)
        {
            sum += site.Kind switch
            {
                NbReferenceSiteKind.Normal => NormalDivergence(site, parameterGradients),
                NbReferenceSiteKind.HalfCauchy or NbReferenceSiteKind.InverseGamma => LogNormalDivergence(site, parameterGradients),
                NbReferenceSiteKind.Gamma => GammaDivergence(site, parameterGradients),
                NbReferenceSiteKind.Dirichlet => DirichletDivergence(site, parameterGradients),
                _ => 0,
            };
        }

        return sum;
    }

    /// <summary>Adds the derivatives in the draws, through the guides, to those in the parameters.</summary>
    public void ToParameters(Span<double> parameterGradients)
    {
        foreach (var site in _sites)
        {
            var (first, second) = (site.ParameterOffset, site.ParameterOffset + site.Length);
            for (var i = 0; i < site.Length; i++)
            {
                var at = site.Offset + i;
                if (site.IsLocationScale)
                {
                    parameterGradients[first + i] += Gradients[at];
                    parameterGradients[second + i] += Gradients[at] * _noise[at] * double.Exp(Second(site, i));
                    continue;
                }

                var shape = double.Exp(First(site, i));
                var byShape = shape * GammaGradient.ByShape(shape, _noise[at]);
                if (site.Kind == NbReferenceSiteKind.Gamma)
                {
                    parameterGradients[first + i] += Gradients[at] * byShape * double.Exp(-Second(site, i));
                    parameterGradients[second + i] -= Gradients[at] * Values[at];
                }
                else
                {
                    // Of log w: d log w_j / d g_i = [i = j] / g_i - 1 / sum.
                    var (total, own) = GroupSums(site, i);
                    parameterGradients[first + i] += ((Gradients[at] / _noise[at]) - (own / total)) * byShape;
                }
            }
        }
    }

    private double First(NbReferenceSite site, int i) => _parameters[site.ParameterOffset + i];

    private double Second(NbReferenceSite site, int i) => _parameters[site.ParameterOffset + site.Length + i];

    private void Normalize(NbReferenceSite site)
    {
        var values = Of(site);
        for (var at = 0; at < values.Length; at += site.Group)
        {
            var group = values.Slice(at, site.Group);
            System.Numerics.Tensors.TensorPrimitives.Divide(group, System.Numerics.Tensors.TensorPrimitives.Sum<double>(group), group);
        }
    }

    // Sums over the element's group of Gamma numbers and of gradients (which are in log w).
    private (double Total, double Gradient) GroupSums(NbReferenceSite site, int i)
    {
        var start = site.Offset + (i / site.Group * site.Group);
        return (System.Numerics.Tensors.TensorPrimitives.Sum<double>(_noise.AsSpan(start, site.Group)),
            System.Numerics.Tensors.TensorPrimitives.Sum<double>(Gradients.AsSpan(start, site.Group)));
    }

    private double NormalDivergence(NbReferenceSite site, Span<double> gradients)
    {
        var sum = 0.0;
        for (var i = 0; i < site.Length; i++)
        {
            var (away, rho) = (First(site, i) - site.A, Second(site, i));
            var (precision, variance) = (1 / (site.B * site.B), double.Exp(2 * rho));
            sum += -rho + double.Log(site.B) + ((variance + (away * away)) * precision / 2) - 0.5;
            gradients[site.ParameterOffset + i] -= away * precision;
            gradients[site.ParameterOffset + site.Length + i] -= (variance * precision) - 1;
        }

        return sum;
    }

    // One draw's log q(x) - log p(x), x = e^v.
    private double LogNormalDivergence(NbReferenceSite site, Span<double> gradients)
    {
        var sum = 0.0;
        for (var i = 0; i < site.Length; i++)
        {
            var (at, rho) = (site.Offset + i, Second(site, i));
            var x = Values[at];
            var v = double.Log(x);
            sum += (-0.5 * _noise[at] * _noise[at]) - rho - NormalDistribution.LogRootTwoPi - v;
            gradients[site.ParameterOffset + site.Length + i] += 1;
            if (site.Kind == NbReferenceSiteKind.HalfCauchy)
            {
                var square = x / site.A * (x / site.A);
                sum -= double.Log(2 / (double.Pi * site.A)) - VectorSoftplus.LogOnePlus(square);
                Gradients[at] += 1 - (2 * square / (1 + square));
            }
            else
            {
                sum -= (site.A * double.Log(site.B)) - VectorGammaWide.LogGamma(site.A) - ((site.A + 1) * v) - (site.B / x);
                Gradients[at] += 1 - (site.A + 1) + (site.B / x);
            }
        }

        return sum;
    }

    private double GammaDivergence(NbReferenceSite site, Span<double> gradients)
    {
        var sum = 0.0;
        for (var i = 0; i < site.Length; i++)
        {
            var (a, b) = (double.Exp(First(site, i)), double.Exp(Second(site, i)));
            var rate = site.Rate is null ? site.B : Values[site.Rate.Offset + i];
            sum += ((a - site.A) * VectorGammaWide.Digamma(a)) - VectorGammaWide.LogGamma(a) + VectorGammaWide.LogGamma(site.A) +
                (site.A * double.Log(b / rate)) + (a * (rate - b) / b);
            gradients[site.ParameterOffset + i] -= a * (((a - site.A) * VectorGammaWide.Trigamma(a)) + ((rate - b) / b));
            gradients[site.ParameterOffset + site.Length + i] -= site.A - (a * rate / b);
            if (site.Rate is not null)
            {
                Gradients[site.Rate.Offset + i] -= (a / b) - (site.A / rate);
            }
        }

        return sum;
    }

    private double DirichletDivergence(NbReferenceSite site, Span<double> gradients)
    {
        var sum = 0.0;
        for (var start = 0; start < site.Length; start += site.Group)
        {
            var (total, excess) = (0.0, 0.0);
            for (var i = start; i < start + site.Group; i++)
            {
                total += double.Exp(First(site, i));
                excess += double.Exp(First(site, i)) - site.A;
            }

            sum += VectorGammaWide.LogGamma(total) - VectorGammaWide.LogGamma(site.A * site.Group);
            for (var i = start; i < start + site.Group; i++)
            {
                var c = double.Exp(First(site, i));
                sum += VectorGammaWide.LogGamma(site.A) - VectorGammaWide.LogGamma(c) +
                    ((c - site.A) * (VectorGammaWide.Digamma(c) - VectorGammaWide.Digamma(total)));
                gradients[site.ParameterOffset + i] -=
                    c * (((c - site.A) * VectorGammaWide.Trigamma(c)) - (excess * VectorGammaWide.Trigamma(total)));
            }
        }

        return sum;
    }
}
