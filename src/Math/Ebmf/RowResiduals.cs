using FitCluster.Math.Models;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// sum_j v_j E r_ij^2 of one row at a time. A row without missing entries costs its stored entries times K plus K^2: the unstored zeros
/// come in through F'VF, unless too little is left of its digits (<see cref="Cancellation"/>); other rows cost their observed entries
/// times K.
/// </summary>
internal sealed class RowResiduals
{
    private readonly MatrixBlock _block;
    private readonly ObservedRow _reader;
    private readonly double[][] _f;
    private readonly double[][] _fVariance;
    private readonly double[] _v;
    private readonly double[] _gram;
    private readonly double[] _sumVariance;
    private readonly double[] _products;
    private readonly double _sumWeights;
    private double[][] _l = [];
    private double[][] _lVariance = [];
    private int _row;

    public RowResiduals(ShardData data, double[][] f, double[][] fVariance, double[] v)
    {
        (_block, _f, _fVariance, _v) = (data.Block, f, fVariance, v);
        _reader = new ObservedRow(data, KnownErrors.None, []);
        var k = f.Length;
        _gram = new double[k * k];
        _sumVariance = new double[k];
        _products = new double[k];
        for (var j = 0; j < v.Length; j++)
        {
            _sumWeights += v[j];
            for (var t = 0; t < k; t++)
            {
                _sumVariance[t] += v[j] * fVariance[t][j];
                for (var other = 0; other < k; other++)
                {
                    _gram[(t * k) + other] += v[j] * f[t][j] * f[other][j];
                }
            }
        }
    }

    /// <summary>The observed entries of the row.</summary>
    public int Count { get; private set; }

    /// <summary>sum over observed j of v_j E r_ij^2.</summary>
    public double Sum { get; private set; }

    /// <summary>sum over observed j of v_j y_ij^2.</summary>
    public double Squares { get; private set; }

    /// <summary>The same about the row's weighted mean.</summary>
    public double Centred { get; private set; }

    /// <summary>E r_ij^2 of an entry y_ij, from the moments of every factor.</summary>
    public static double Square(
        double y, int i, int j, double[][] l, double[][] lVariance, double[][] f, double[][] fVariance)
    {
        var (residual, spread) = (y, 0.0);
        for (var k = 0; k < f.Length; k++)
        {
            var (mean, fitted) = (l[k][i], f[k][j]);
            residual -= mean * fitted;
            spread += (mean * mean * fVariance[k][j]) + (lVariance[k][i] * ((fitted * fitted) + fVariance[k][j]));
        }

        return (residual * residual) + spread;
    }

    /// <summary>Reads a row, with the moments of its loadings.</summary>
    public void Read(int row, double[][] l, double[][] lVariance)
    {
        (_l, _lVariance, _row) = (l, lVariance, row);
        if (_block.IsSparse && _block.Unstored == UnstoredEntries.Zero)
        {
            ReadSparse(row);
            return;
        }

        _reader.Read(row);
        Count = _reader.Count;
        var (sum, squares, plain, weights) = (0.0, 0.0, 0.0, 0.0);
        for (var e = 0; e < Count; e++)
        {
            var (v, y) = (_v[_reader.Columns[e]], _reader.Values[e]);
            sum += v * Square(y, _reader.Columns[e]);
            squares += v * y * y;
            plain += v * y;
            weights += v;
        }

        (Sum, Squares, Centred) = (sum, squares, LeastVariance.Centred(squares, plain, weights));
    }

    /// <summary>Adds the row in hand, weighted by u, to the sums of its columns.</summary>
    public void AddByColumn(double u, WeightedColumns to)
    {
        if (_block.IsSparse && _block.Unstored == UnstoredEntries.Zero)
        {
            _reader.Read(_row);
        }

        for (var e = 0; e < _reader.Count; e++)
        {
            var (j, y) = (_reader.Columns[e], _reader.Values[e]);
            to.Add(j, u, y, Square(y, j));
        }
    }

    private double Square(double y, int j) => Square(y, _row, j, _l, _lVariance, _f, _fVariance);

    private void ReadSparse(int row)
    {
        var columns = _block.RowColumns(row);
        var values = _block.RowValues(row);
        var k = _f.Length;
        var (sum, plain) = (0.0, 0.0);
        _products.AsSpan().Clear();
        for (var e = 0; e < columns.Length; e++)
        {
            var y = values[e] * _block.Scale;
            var weighted = _v[columns[e]] * y;
            plain += weighted;
            sum += weighted * y;
            for (var t = 0; t < k; t++)
            {
                _products[t] += weighted * _f[t][columns[e]];
            }
        }

        (Squares, Centred) = (sum, LeastVariance.Centred(sum, plain, _sumWeights));
        for (var t = 0; t < k; t++)
        {
            var l = _l[t][row];
            sum += (l * l * _sumVariance[t]) + (_lVariance[t][row] * (_gram[(t * k) + t] + _sumVariance[t])) - (2 * l * _products[t]);
            for (var other = 0; other < k; other++)
            {
                sum += l * _l[other][row] * _gram[(t * k) + other];
            }
        }

        Count = _block.Columns;
        Sum = Cancellation.LosesDigits(Squares, sum) ? OneByOne() : sum;
    }

    private double OneByOne()
    {
        _reader.Read(_row);
        var sum = 0.0;
        for (var j = 0; j < _reader.Count; j++)
        {
            sum += _v[j] * Square(_reader.Values[j], j);
        }

        return sum;
    }
}
