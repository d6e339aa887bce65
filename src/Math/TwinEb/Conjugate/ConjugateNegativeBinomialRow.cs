using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The training cells of one row under the negative binomial model (docs/twineb-default.md, "Negative binomial"): of each its bound, the
/// weights with which it enters the sums of both sides, and what the dispersion's step needs. A cell y ~ Poisson(theta r), theta ~ Gamma(a,
/// a), r = sum_l u_l v_l, has two bounds: by theta itself (q(theta) is Gamma(a + y, a + R)), good where y is small beside a; and by the
/// rate theta r, whose prior is Gamma(a, a / r) (q is Gamma(a + y, 1 + a / H)), good where y is large. The greater one is taken, cell by
/// cell. L, R and H are sum_l of exp(E log u + E log v), of E u E v and of 1 / (E 1/u E 1/v). Not thread-safe: it owns its buffers.
/// </summary>
internal sealed class ConjugateNegativeBinomialRow
{
    // Counts below it have their log Gamma(a + y) and digamma(a + y) in a table.
    private const int TableLength = 512;

    private readonly double _dispersion;
    private readonly bool _zerosMissing;
    private readonly double[] _logGammas = new double[TableLength];
    private readonly double[] _digammas = new double[TableLength];
    private readonly bool[] _isExcluded;
    private int[] _columns = [];
    private double[] _values = [];
    private double[] _logs = [];

    /// <summary>Cells of rows of so many columns, with dispersion a.</summary>
    public ConjugateNegativeBinomialRow(double dispersion, int columns, bool zerosMissing)
    {
        (_dispersion, _zerosMissing) = (dispersion, zerosMissing);
        _isExcluded = new bool[zerosMissing ? 0 : columns];
        for (var y = 0; y < TableLength; y++)
        {
            (_logGammas[y], _digammas[y]) = (GammaFunctions.LogGamma(dispersion + y), GammaFunctions.Digamma(dispersion + y));
        }
    }

    /// <summary>The training cells.</summary>
    public int Count { get; private set; }

    /// <summary>Their columns.</summary>
    public ReadOnlySpan<int> Columns => _columns.AsSpan(0, Count);

    /// <summary>The weight of exp(E log) of the other side in s: y / L, or 0.</summary>
    public double[] Counts { get; private set; } = [];

    /// <summary>The weight of the other side's mean in t: E theta, or 0.</summary>
    public double[] Rates { get; private set; } = [];

    /// <summary>The same of cells that are bounded by their rate, but for the factor a: 1 / R, or 0.</summary>
    public double[] CentredRates { get; private set; } = [];

    /// <summary>The weight of the other side's harmonic in c, but for the factor a: E (theta r) / H^2, or 0.</summary>
    public double[] Inverses { get; private set; } = [];

    /// <summary>Takes the cells of a row.</summary>
    public void Read(ConjugateRow row)
    {
        var columns = row.Columns;
        var values = row.Values;
        Reserve(_zerosMissing ? columns.Length : _isExcluded.Length);
        if (_zerosMissing)
        {
            columns.CopyTo(_columns);
            values.CopyTo(_values);
            Count = columns.Length;
            return;
        }

        foreach (var column in row.Excluded)
        {
            _isExcluded[column] = true;
        }

        Count = 0;
        for (int j = 0, at = 0; j < _isExcluded.Length; j++)
        {
            var isStored = at < columns.Length && columns[at] == j;
            if (!_isExcluded[j])
            {
                (_columns[Count], _values[Count]) = (j, isStored ? values[at] : 0);
                Count++;
            }

            at += isStored ? 1 : 0;
            _isExcluded[j] = false;
        }
    }

    /// <summary>
    /// Bounds and weights of all cells for a row's exp(E log u), E u and 1 / E (1/u); returns the sum of the bounds, but for -log y!, and
    /// the sum of E log theta - E theta (of a rate: E log(rate / r) - E (rate / r)) of which the dispersion's step is made.
    /// </summary>
    public (double Bound, double Gap) Weigh(
        ConjugateNegativeBinomialColumns columns, ReadOnlySpan<double> weight, ReadOnlySpan<double> mean, ReadOnlySpan<double> harmonic)
    {
        var a = _dispersion;
        for (var e = 0; e < Count; e++)
        {
            Rates[e] = double.Max(FactorKernel.Dot(mean, columns.Mean(_columns[e])), ConjugateCells.LeastRate);
            _logs[e] = a + Rates[e];
        }

        var padded = Padding.To(Count);
        _logs.AsSpan(Count, padded - Count).Fill(1);
        VectorLog.InPlace(_logs.AsSpan(0, padded));
        var (bound, gap) = (Count * a * double.Log(a), 0.0);
        for (var e = 0; e < Count; e++)
        {
            var (y, r, log) = (_values[e], Rates[e], _logs[e]);
            (Counts[e], CentredRates[e], Inverses[e], Rates[e]) = (0, 0, 0, (a + y) / (a + r));
            if (y == 0)
            {
                bound -= a * log;
                gap += _digammas[0] - log - Rates[e];
                continue;
            }

            var column = _columns[e];
            var l = double.Max(FactorKernel.Dot(weight, columns.Weight(column)), ConjugateCells.LeastRate);
            var h = double.Max(FactorKernel.Dot(harmonic, columns.Harmonic(column)), ConjugateCells.LeastRate);
            var (logR, logShare) = (double.Log(r), -double.LogP1(a / h));
            var (byTheta, byRate) = ((y * double.Log(l)) - ((a + y) * log), ((a + y) * logShare) - (a * logR));
            var (logGamma, digamma) = Gammas(y);
            bound += double.Max(byTheta, byRate) + logGamma - _logGammas[0];
            if (byRate > byTheta)
            {
                var ratio = (a + y) / (a + h);
                (CentredRates[e], Inverses[e], Rates[e]) = (1 / r, ratio / h, 0);
                gap += digamma + logShare - logR - ratio;
            }
            else
            {
                Counts[e] = y / l;
                gap += digamma - log - Rates[e];
            }
        }

        return (bound, gap);
    }

    private (double LogGamma, double Digamma) Gammas(double y) => y < TableLength
        ? (_logGammas[(int)y], _digammas[(int)y])
        : (GammaFunctions.LogGamma(_dispersion + y), GammaFunctions.Digamma(_dispersion + y));

    private void Reserve(int count)
    {
        if (_columns.Length < count)
        {
            var length = Padding.To(2 * count);
            (_columns, _values, _logs) = (new int[length], new double[length], new double[length]);
            (Counts, Rates) = (new double[length], new double[length]);
            (CentredRates, Inverses) = (new double[length], new double[length]);
        }
    }
}
