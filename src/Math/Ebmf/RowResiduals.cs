using FitCluster.Math.Models;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// sum_j v_j E r_ij^2 of one row at a time. A row without missing entries costs its stored entries times K plus K^2: the unstored zeros
/// come in
/// through F'VF; other rows cost their observed entries times K.
/// </summary>
internal sealed class RowResiduals
{
    private readonly MatrixBlock _block;
    private readonly ObservedRow _reader;
    private readonly double[][] _f;
    private readonly double[][] _f2;
    private readonly double[] _v;
    private readonly double[] _gram;
    private readonly double[] _second;
    private readonly double[] _products;
    private double[][] _l = [];
    private double[][] _l2 = [];
    private int _row;

    public RowResiduals(ShardData data, double[][] f, double[][] f2, double[] v)
    {
        (_block, _f, _f2, _v) = (data.Block, f, f2, v);
        _reader = new ObservedRow(data, KnownErrors.None, []);
        var k = f.Length;
        _gram = new double[k * k];
        _second = new double[k];
        _products = new double[k];
        for (var j = 0; j < v.Length; j++)
        {
            for (var t = 0; t < k; t++)
            {
                _second[t] += v[j] * f2[t][j];
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

    /// <summary>Reads a row, with the moments of its loadings.</summary>
    public void Read(int row, double[][] l, double[][] l2)
    {
        (_l, _l2, _row) = (l, l2, row);
        if (_block.IsSparse && _block.Unstored == UnstoredEntries.Zero)
        {
            ReadSparse(row);
            return;
        }

        _reader.Read(row);
        Count = _reader.Count;
        (Sum, Squares) = (0, 0);
        for (var e = 0; e < Count; e++)
        {
            Sum += _v[_reader.Columns[e]] * Square(_reader.Values[e], _reader.Columns[e]);
            Squares += _v[_reader.Columns[e]] * _reader.Values[e] * _reader.Values[e];
        }
    }

    /// <summary>Adds u E r_ij^2, and u y_ij^2, of the row in hand to the sums of its columns.</summary>
    public void AddByColumn(double u, double[] to, double[] squares)
    {
        if (_block.IsSparse && _block.Unstored == UnstoredEntries.Zero)
        {
            var columns = _block.RowColumns(_row);
            var values = _block.RowValues(_row);
            var at = 0;
            for (var j = 0; j < to.Length; j++)
            {
                var y = 0.0;
                if (at < columns.Length && columns[at] == j)
                {
                    y = values[at++] * _block.Scale;
                }

                to[j] += u * Square(y, j);
                squares[j] += u * y * y;
            }

            return;
        }

        for (var e = 0; e < _reader.Count; e++)
        {
            to[_reader.Columns[e]] += u * Square(_reader.Values[e], _reader.Columns[e]);
            squares[_reader.Columns[e]] += u * _reader.Values[e] * _reader.Values[e];
        }
    }

    private double Square(double y, int j)
    {
        var (fitted, spread) = (0.0, 0.0);
        for (var t = 0; t < _f.Length; t++)
        {
            var (l, f) = (_l[t][_row], _f[t][j]);
            fitted += l * f;
            spread += (_l2[t][_row] * _f2[t][j]) - (l * l * f * f);
        }

        return ((y - fitted) * (y - fitted)) + spread;
    }

    private void ReadSparse(int row)
    {
        var columns = _block.RowColumns(row);
        var values = _block.RowValues(row);
        var k = _f.Length;
        var sum = 0.0;
        _products.AsSpan().Clear();
        for (var e = 0; e < columns.Length; e++)
        {
            var y = values[e] * _block.Scale;
            var weighted = _v[columns[e]] * y;
            sum += weighted * y;
            for (var t = 0; t < k; t++)
            {
                _products[t] += weighted * _f[t][columns[e]];
            }
        }

        Squares = sum;
        for (var t = 0; t < k; t++)
        {
            var l = _l[t][row];
            sum += (_l2[t][row] * _second[t]) - (2 * l * _products[t]);
            for (var other = 0; other < k; other++)
            {
                if (other != t)
                {
                    sum += l * _l[other][row] * _gram[(t * k) + other];
                }
            }
        }

        Count = _block.Columns;
        Sum = sum;
    }
}
