using FitCluster.Math.Ebnm;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The loadings of one row at a time under held factors and priors, and the row's own variance where it has one. With w_j the precisions of
/// the observed entries,
/// G = sum_j w_j E f_j E f_j', D_k = sum_j w_j E f_jk^2 and c = sum_j w_j E f_j y_j, each pass takes for k = 1..K the posterior of l_k at
/// x_k = (c_k - sum over k' != k of
/// E l_k' G_k'k) / D_k, s_k^2 = 1 / (u D_k), and then the variance u or sigma^2 that maximizes the row's ELBO. No step can lower it. There
/// may be several optima: of the one
/// that is reached from least squares and the one from loadings of 0 the better counts. The arrays are overwritten by the next row.
/// </summary>
internal sealed class RowProjection
{
    // Until no loading moves by more than this share of its size and standard deviation, nor the variance by this share of itself.
    private const double Tolerance = 1e-9;
    private const int MostPasses = 2000;

    private readonly EbmfNoise _noise;
    private readonly double[][] _f;
    private readonly double[][] _fVariance;
    private readonly Prior[] _priors;
    private readonly IEbnmFamily[] _families;
    private readonly double[] _shared;
    private readonly double[] _wholeGram;
    private readonly double[] _wholeDenominators;
    private readonly double[] _gram;
    private readonly double[] _denominators;
    private readonly double[] _cross;
    private readonly double[] _x;
    private readonly double[] _s;
    private readonly double[] _squares;

    /// <summary>
    /// Takes E f and var f by column of every factor, the loadings priors, and the columns' precisions or the variances added to known
    /// ones.
    /// </summary>
    public RowProjection(EbmfNoise noise, int columns, double[][] f, double[][] variance, Prior[] priors, double[] shared)
    {
        (_noise, _f, _fVariance, _priors, _shared) = (noise, f, variance, priors, shared);
        _families = [.. priors.Select(p => EbnmFamilies.Get(p.Family))];
        var k = priors.Length;
        (_gram, _denominators, _cross, _x, _s) = (new double[k * k], new double[k], new double[k], new double[k], new double[k]);
        (Mean, Variance, Lfsr) = (new double[k], new double[k], new double[k]);
        _squares = new double[columns];
        for (var j = 0; j < _squares.Length && !noise.ByEntry; j++)
        {
            AddColumn(j, shared[j]);
        }

        (_wholeGram, _wholeDenominators) = ((double[])_gram.Clone(), (double[])_denominators.Clone());
    }

    /// <summary>E l.</summary>
    public double[] Mean { get; }

    /// <summary>Variances of the loadings.</summary>
    public double[] Variance { get; }

    /// <summary>Local false sign rates.</summary>
    public double[] Lfsr { get; }

    /// <summary>The row's part of the residual standard deviation, where it has one.</summary>
    public double ResidualSd => _noise.ByEntry ? double.Sqrt(RowNoise) : 1 / double.Sqrt(RowNoise);

    // The row's precision u; by entry, the variance added to the known ones.
    private double RowNoise { get; set; }

    private bool IsEstimated => _noise.Variance is VarianceStructure.Row or VarianceStructure.Kronecker;

    /// <summary>Fits a row; fixed loadings are given, NaN where one is free.</summary>
    public void Run(ObservedRow row, ReadOnlySpan<double> given)
    {
        RowNoise = InitialNoise(row);
        Sums(row);
        RidgedLeastSquares.Solve(_gram, _cross, Mean);

        // With hardly more entries than loadings the residuals are no measure of the noise: all of the row counts as noise then, as at the
        // start of a fit.
        var elbo = Ascend(row, given, row.Count < 2 * Mean.Length ? 0 : Mean.Length);
        if (Mean.Length > 1 || IsEstimated)
        {
            var (mean, variance, noise) = ((double[])Mean.Clone(), (double[])Variance.Clone(), RowNoise);
            var (x, s) = ((double[])_x.Clone(), (double[])_s.Clone());
            Array.Clear(Mean);
            RowNoise = InitialNoise(row);
            Sums(row);
            if (!(Ascend(row, given, 0) > elbo + (Tolerance * double.Abs(elbo))))
            {
                mean.CopyTo(Mean, 0);
                variance.CopyTo(Variance, 0);
                x.CopyTo(_x, 0);
                s.CopyTo(_s, 0);
                RowNoise = noise;
            }
        }

        for (var k = 0; k < Mean.Length; k++)
        {
            _families[k].FalseSignRates(_priors[k], _x.AsSpan(k, 1), _s.AsSpan(k, 1), Lfsr.AsSpan(k, 1));
            if (!double.IsNaN(given[k]))
            {
                Lfsr[k] = given[k] == 0 ? 1 : 0;
            }
        }
    }

    // What is known of the row's noise before it is estimated.
    private double InitialNoise(ObservedRow row) =>
        _noise.ByEntry ? 0 : _noise.Known == KnownErrors.Row && !IsEstimated && row.Count > 0 ? 1 / row.KnownVariance[0] : 1;

    // From the means at hand to an optimum; its ELBO. The variance to start with heeds the first loadings alone.
    private double Ascend(ObservedRow row, ReadOnlySpan<double> given, int loadings)
    {
        for (var k = 0; k < Mean.Length; k++)
        {
            Variance[k] = 0;
        }

        if (IsEstimated)
        {
            UpdateNoise(row, loadings);
        }

        var (goesOn, divergence) = (true, 0.0);
        for (var pass = 0; goesOn && pass < MostPasses; pass++)
        {
            (goesOn, divergence) = Pass(row.Count, given);
            if (IsEstimated)
            {
                var before = RowNoise;
                UpdateNoise(row, Mean.Length);
                goesOn |= double.Abs(RowNoise - before) > Tolerance * before;
            }
        }

        return divergence + DataTerm(row);
    }

    // One update of every loading: whether one has moved, and the sum of their divergences from the priors.
    private (bool Moved, double Divergence) Pass(int observed, ReadOnlySpan<double> given)
    {
        var (k, u, moved, divergence) = (Mean.Length, _noise.ByEntry ? 1 : RowNoise, false, 0.0);
        for (var t = 0; t < k; t++)
        {
            var (before, d) = (Mean[t], _denominators[t]);
            if (observed > 0 && d > Uninformed.LeastInformation)
            {
                var sum = _cross[t];
                for (var other = 0; other < k; other++)
                {
                    sum -= other == t ? 0 : Mean[other] * _gram[(t * k) + other];
                }

                (_x[t], _s[t]) = (sum / d, 1 / double.Sqrt(u * d));
            }
            else
            {
                (_x[t], _s[t]) = (0, double.PositiveInfinity);
            }

            if (double.IsNaN(given[t]))
            {
                var logLikelihood = _families[t].Moments(
                    _priors[t], _x.AsSpan(t, 1), _s.AsSpan(t, 1), Mean.AsSpan(t, 1), Variance.AsSpan(t, 1));
                divergence += (double.IsNaN(logLikelihood) ? 0 : logLikelihood)
                    + KullbackLeibler.GaussianPart(_x.AsSpan(t, 1), _s.AsSpan(t, 1), Mean.AsSpan(t, 1), Variance.AsSpan(t, 1));
                Uninformed.MakeFinite(_families[t], Variance.AsSpan(t, 1));
            }
            else
            {
                (Mean[t], Variance[t]) = (given[t], 0);
            }

            var sd = double.Sqrt(Variance[t]);
            moved |= double.Abs(Mean[t] - before) > Tolerance * (double.Abs(Mean[t]) + sd);
        }

        return (moved, divergence);
    }

    // The expected squared residuals with the first loadings alone.
    private void Squares(ObservedRow row, int loadings)
    {
        for (var e = 0; e < row.Count; e++)
        {
            var j = row.Columns[e];
            var (fitted, spread) = (0.0, 0.0);
            for (var k = 0; k < loadings; k++)
            {
                var (l, f) = (Mean[k], _f[k][j]);
                fitted += l * f;
                spread += (l * l * _fVariance[k][j]) + (Variance[k] * ((f * f) + _fVariance[k][j]));
            }

            _squares[e] = ((row.Values[e] - fitted) * (row.Values[e] - fitted)) + spread;
        }
    }

    // The row's part of the ELBO that is no divergence, but for -N/2 log 2 pi.
    private double DataTerm(ObservedRow row)
    {
        Squares(row, Mean.Length);
        var sum = 0.0;
        for (var e = 0; e < row.Count; e++)
        {
            var w = Weight(row, e) * (_noise.ByEntry ? 1 : RowNoise);
            sum += double.Log(w) - (w * _squares[e]);
        }

        return 0.5 * sum;
    }

    // The row's variance at the moments of its first loadings.
    private void UpdateNoise(ObservedRow row, int loadings)
    {
        Squares(row, loadings);
        var (residual, total) = (0.0, 0.0);
        for (var e = 0; e < row.Count && !_noise.ByEntry; e++)
        {
            var v = _shared[row.Columns[e]];
            residual += v * _squares[e];
            total += v * row.Values[e] * row.Values[e];
        }

        if (_noise.ByEntry)
        {
            RowNoise = AddedVariance.Minimize(row.KnownVariance.AsSpan(0, row.Count), _squares.AsSpan(0, row.Count));
            Sums(row);
            return;
        }

        var u = row.Count == 0 ? 1 : row.Count / double.Max(residual, LeastVariance.OfAll(row.Count, total));
        RowNoise = row.Count > 0 && _noise.Known != KnownErrors.None ? double.Min(u, 1 / row.KnownVariance[0]) : u;
    }

    // G, D and c at the entries' precisions, but for u. Without weights by entry, G and D of all whole rows are the same.
    private void Sums(ObservedRow row)
    {
        var isWhole = !_noise.ByEntry && row.Count == _squares.Length;
        if (isWhole)
        {
            _wholeGram.CopyTo(_gram, 0);
            _wholeDenominators.CopyTo(_denominators, 0);
        }
        else
        {
            Array.Clear(_gram);
            Array.Clear(_denominators);
        }

        Array.Clear(_cross);
        for (var e = 0; e < row.Count; e++)
        {
            var (j, y) = (row.Columns[e], row.Values[e]);
            var w = Weight(row, e);
            if (!isWhole)
            {
                AddColumn(j, w);
            }

            for (var t = 0; y != 0 && t < _cross.Length; t++)
            {
                _cross[t] += w * _f[t][j] * y;
            }
        }
    }

    // An entry's precision, but for u.
    private double Weight(ObservedRow row, int e) => _noise.ByEntry
        ? 1 / (row.KnownVariance[e] + EntryNoise.Added(_noise, _shared, [RowNoise], 0, row.Columns[e]))
        : _shared[row.Columns[e]];

    private void AddColumn(int j, double w)
    {
        var k = Mean.Length;
        for (var t = 0; t < k; t++)
        {
            var wf = w * _f[t][j];
            _denominators[t] += w * ((_f[t][j] * _f[t][j]) + _fVariance[t][j]);
            for (var other = 0; other < k; other++)
            {
                _gram[(t * k) + other] += wf * _f[other][j];
            }
        }
    }
}
