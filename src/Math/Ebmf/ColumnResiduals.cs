using System.Numerics.Tensors;
using FitCluster.Math.Models;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// sum_i u_i E r_ij^2 by column, with the residuals of the means formed one by one: nothing cancels. Whole rows go through in chunks, with
/// the variances' part by sums, sum_k (var f_jk sum_i u_i (E l_ik)^2 + E f_jk^2 sum_i u_i var l_ik); rows with missing entries entry by
/// entry.
/// </summary>
/// <param name="data">The shard's rows.</param>
/// <param name="l">E l of every factor.</param>
/// <param name="lVariance">var l.</param>
/// <param name="f">E f of every factor.</param>
/// <param name="fVariance">var f.</param>
internal sealed class ColumnResiduals(ShardData data, double[][] l, double[][] lVariance, double[][] f, double[][] fVariance)
{
    private const int ChunkValues = 1 << 15;

    private readonly int _k = f.Length;
    private readonly int _p = data.Block.Columns;

    /// <summary>The sums, with the rows' precisions; one for all is 1 where there are none.</summary>
    public double[] Run(double[]? u)
    {
        var result = new double[_p];
        var (means, variances) = (new double[_k], new double[_k]);
        var reader = new ObservedRow(data, KnownErrors.None, []);
        var rows = int.Clamp(ChunkValues / int.Max(1, _p) / 4 * 4, 4, 256);
        var (y, chunk, indices) = (new double[rows * _p], new double[rows * _k], new int[rows]);
        double[] factors = [.. f.SelectMany(v => v)];
        var count = 0;
        for (var i = 0; i < data.Block.Rows; i++)
        {
            reader.Read(i);
            if (reader.Count < _p)
            {
                AddEntries(reader, i, u?[i] ?? 1, result);
            }
            else
            {
                reader.Values.CopyTo(y.AsSpan(count * _p));
                indices[count++] = i;
            }

            if (count == rows || (i == data.Block.Rows - 1 && count > 0))
            {
                AddChunk(indices.AsSpan(0, count), u, y, chunk, factors, result);
                AddVariances(indices.AsSpan(0, count), u, means, variances);
                count = 0;
            }
        }

        for (var k = 0; k < _k; k++)
        {
            for (var j = 0; j < _p; j++)
            {
                result[j] += (fVariance[k][j] * means[k]) + (((f[k][j] * f[k][j]) + fVariance[k][j]) * variances[k]);
            }
        }

        return result;
    }

    private void AddChunk(ReadOnlySpan<int> rows, double[]? u, double[] y, double[] chunk, double[] factors, double[] result)
    {
        for (var k = 0; k < _k; k++)
        {
            for (var r = 0; r < rows.Length; r++)
            {
                chunk[(k * rows.Length) + r] = l[k][rows[r]];
            }
        }

        ResidualKernel.Subtract(y, rows.Length, _p, chunk, factors, _k);
        for (var r = 0; r < rows.Length; r++)
        {
            var residuals = y.AsSpan(r * _p, _p);
            TensorPrimitives.Multiply(residuals, residuals, residuals);
            TensorPrimitives.MultiplyAdd(residuals, u?[rows[r]] ?? 1, result, result);
        }
    }

    private void AddVariances(ReadOnlySpan<int> rows, double[]? u, double[] means, double[] variances)
    {
        for (var k = 0; k < _k; k++)
        {
            foreach (var i in rows)
            {
                var weight = u?[i] ?? 1;
                means[k] += weight * l[k][i] * l[k][i];
                variances[k] += weight * lVariance[k][i];
            }
        }
    }

    private void AddEntries(ObservedRow row, int i, double u, double[] result)
    {
        for (var e = 0; e < row.Count; e++)
        {
            var j = row.Columns[e];
            result[j] += u * RowResiduals.Square(row.Values[e], i, j, l, lVariance, f, fVariance);
        }
    }
}
