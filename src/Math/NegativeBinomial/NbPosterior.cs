using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The posterior of a finished fit of <see cref="NbModel"/>: of a gene's coordinates a normal distribution with full covariance, of scalars
/// one each. A draw's numbers depend on the seed, its number and the gene alone (Philox), so that leaves of a draw are paired. Immutable.
/// </summary>
public sealed class NbPosterior : INbDraws
{
    private const ulong GeneStream = 0x6E62_4472_0000_0000;
    private const ulong ScalarStream = 0x6E62_5363_0000_0000;

    private readonly NbStructure _structure;
    private readonly NbParameters _parameters;

    /// <summary>Of a fit's results.</summary>
    /// <param name="options">The model.</param>
    /// <param name="results">The coordinator's results: gene_location (genes x n), gene_factor (genes x n (n + 1) / 2), scalars (count x
    /// 2).</param>
    /// <exception cref="ArgumentException">They are not of this model.</exception>
    public NbPosterior(NbOptions options, ArraySet results)
    {
        _structure = new NbStructure(options);
        var (n, scalars) = (_structure.Coordinates, results[NbReport.ScalarsArray]);
        _parameters = new NbParameters(
            results[NbReport.LocationArray], results[NbReport.FactorArray],
            [.. scalars.Where((_, i) => i % 2 == 0)], [.. scalars.Where((_, i) => i % 2 == 1)], []);
        if (_parameters.Location.Length != options.Genes * n || _parameters.Factor.Length != options.Genes * SmallMatrix.Packed(n) ||
            _parameters.ScalarLocation.Length != _structure.Scalars.Count)
        {
            throw new ArgumentException(
                $"gene_location has {_parameters.Location.Length} numbers and scalars {scalars.Length}, " +
                $"and the model {n} coordinates for each of " +
                $"{options.Genes} genes and {_structure.Scalars.Count} scalars: they are of different fits", nameof(results));
        }
    }

    internal NbPosterior(NbStructure structure, NbParameters parameters) => (_structure, _parameters) = (structure, parameters);

    /// <inheritdoc/>
    public void Fill(ulong seed, int number, NbDraw draw)
    {
        var n = _structure.Coordinates;
        Span<double> normals = stackalloc double[n];
        Span<double> t = stackalloc double[n];
        double[] scalars = [.. _parameters.ScalarLocation.Select((m, s) =>
            m + (_parameters.ScalarScale[s] * Philox.Normal(seed, ScalarStream + (ulong)number, (ulong)s)))];
        for (var g = 0; g < draw.Genes; g++)
        {
            var factor = _parameters.Factor.AsSpan(g * SmallMatrix.Packed(n), SmallMatrix.Packed(n));
            for (var i = 0; i < n; i++)
            {
                normals[i] = Philox.Normal(seed, GeneStream + (ulong)number, ((ulong)g * (ulong)n) + (ulong)i);
                t[i] = _parameters.Location[(g * n) + i];
                for (var j = 0; j <= i; j++)
                {
                    t[i] += factor[SmallMatrix.Packed(i) + j] * normals[j];
                }
            }

            Place(t, scalars, g, draw);
        }
    }

    /// <inheritdoc/>
    public void FillMiddle(NbDraw draw)
    {
        var n = _structure.Coordinates;
        for (var g = 0; g < draw.Genes; g++)
        {
            Place(_parameters.Location.AsSpan(g * n, n), _parameters.ScalarLocation, g, draw);
        }
    }

    /// <summary>
    /// Fills the mode of each sampled parameter's marginal density on its own scale, with the Jacobian of its link (exp: e^(m - s^2)), and
    /// what follows from them.
    /// </summary>
    public void FillMode(NbDraw draw)
    {
        var n = _structure.Coordinates;
        Span<double> factor = stackalloc double[n * n];
        Span<double> covariance = stackalloc double[n * n];
        for (var g = 0; g < draw.Genes; g++)
        {
            SmallMatrix.Unpack(_parameters.Factor.AsSpan(g * SmallMatrix.Packed(n), SmallMatrix.Packed(n)), n, factor);
            SmallMatrix.Square(factor, n, false, covariance);
            for (var leaf = 0; leaf < draw.Leaves; leaf++)
            {
                Place(leaf, g, Mode(leaf, g, NbDimension.First, covariance), Mode(leaf, g, NbDimension.Second, covariance),
                    Mode(leaf, g, NbDimension.Gate, covariance), Mode(leaf, g, NbDimension.Omega, covariance), draw);
            }
        }
    }

    /// <summary>
    /// Posterior means and standard deviations, leaves x G each: mean_mean, mean_sd, dispersion_* (r), probability_* (p = a / (1 + a)),
    /// gate_*, overdispersion_* where the model has them; by 7 Gauss-Hermite nodes in each coordinate.
    /// </summary>
    public ArraySet Moments()
    {
        var shape = _structure.Shape;
        var cubature = new NbCubature(_structure, 2);
        var points = new NbPoints(_structure, cubature);
        var results = new ArraySet();
        var length = shape.Leaves * shape.Genes;
        string[] names = ["mean", "dispersion", "probability", "gate", "overdispersion"];
        var moments = names.Select(_ => (Mean: new double[length], Sd: new double[length])).ToArray();
        Span<double> mean = stackalloc double[names.Length];
        Span<double> spread = stackalloc double[names.Length];
        for (var at = 0; at < length; at++)
        {
            points.Place(_parameters, at / shape.Genes, at % shape.Genes);
            mean.Clear();
            spread.Clear();
            var sum = 0.0;
            for (var i = 0; i < cubature.Count; i++)
            {
                var (weight, r, odds) = (cubature.Weights[i], points.R[i], points.Odds[i]);
                sum += weight;
                var share = weight / sum;
                Add(mean, spread, 0, weight, share, r * odds);
                Add(mean, spread, 1, weight, share, r);
                Add(mean, spread, 2, weight, share, odds / (1 + odds));
                Add(mean, spread, 3, weight, share, VectorSoftplus.Logistic(points.Gate[i]));
                Add(mean, spread, 4, weight, share, points.Omega[i]);
            }

            for (var k = 0; k < names.Length; k++)
            {
                (moments[k].Mean[at], moments[k].Sd[at]) = (mean[k], double.Sqrt(spread[k] / sum));
            }
        }

        for (var k = 0; k < names.Length; k++)
        {
            if ((k == 3 && !_structure.Options.ZeroInflation) || (k == 4 && !shape.ByEntry))
            {
                continue;
            }

            results.Set(names[k] + "_mean", moments[k].Mean, [shape.Leaves, shape.Genes])
                .Set(names[k] + "_sd", moments[k].Sd, [shape.Leaves, shape.Genes]);
        }

        return results;

        // Welford's update: no difference of large sums.
        static void Add(Span<double> mean, Span<double> spread, int k, double weight, double share, double value)
        {
            var difference = value - mean[k];
            mean[k] += share * difference;
            spread[k] += weight * difference * (value - mean[k]);
        }
    }

    private void Place(ReadOnlySpan<double> t, ReadOnlySpan<double> scalars, int gene, NbDraw draw)
    {
        for (var leaf = 0; leaf < draw.Leaves; leaf++)
        {
            var second = _structure.SecondScalar[leaf] is var s and >= 0 ? scalars[s] : Sum(t, leaf, NbDimension.Second);
            Place(leaf, gene, Sum(t, leaf, NbDimension.First), second, Sum(t, leaf, NbDimension.Gate), Sum(t, leaf, NbDimension.Omega),
                draw);
        }
    }

    private void Place(int leaf, int gene, double first, double second, double gate, double omega, NbDraw draw)
    {
        var (link, at) = (_structure.Options.Link, (leaf * draw.Genes) + gene);
        var l1 = NbLinks.Log(link, first);
        var (logR, logOdds) = _structure.Options.Parametrization switch
        {
            NbParametrization.Canonical => (l1, second),
            NbParametrization.MeanProb => (l1 - second, second),
            NbParametrization.MeanOdds => (l1 + NbLinks.Log(link, second), -NbLinks.Log(link, second)),
            _ => (NbLinks.Log(link, second), l1 - NbLinks.Log(link, second)),
        };
        (draw.Dispersion[at], draw.Mean[at]) = (double.Exp(logR), double.Exp(logR + logOdds));
        draw.Gate[at] = _structure.Options.ZeroInflation ? VectorSoftplus.Logistic(gate) : 0;
        draw.Omega[at] = _structure.Shape.ByEntry ? NbLinks.Of(link, omega) : 0;
    }

    private double Sum(ReadOnlySpan<double> t, int leaf, NbDimension dimension)
    {
        var sum = 0.0;
        foreach (var i in _structure.Sum(leaf, dimension))
        {
            sum += t[i];
        }

        return sum;
    }

    private double Mode(int leaf, int gene, NbDimension dimension, ReadOnlySpan<double> covariance)
    {
        var n = _structure.Coordinates;
        var (mean, variance) = (0.0, 0.0);
        if (dimension == NbDimension.Second && _structure.SecondScalar[leaf] is var s and >= 0)
        {
            (mean, variance) = (_parameters.ScalarLocation[s], _parameters.ScalarScale[s] * _parameters.ScalarScale[s]);
        }

        foreach (var i in _structure.Sum(leaf, dimension))
        {
            mean += _parameters.Location[(gene * n) + i];
            foreach (var j in _structure.Sum(leaf, dimension))
            {
                variance += covariance[(i * n) + j];
            }
        }

        if (variance == 0)
        {
            return mean;
        }

        var isLogit = dimension == NbDimension.Gate ||
            (dimension == NbDimension.Second &&
                _structure.Options.Parametrization is NbParametrization.Canonical or NbParametrization.MeanProb);
        return NbMode.Of(isLogit ? null : _structure.Options.Link, mean, variance);
    }
}
