using System.Numerics.Tensors;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The observed entries of one row at a time, with their known variances S^2 where there are any: the slow, general view of a
/// shard's data that steps with weights by entry use. The arrays are the reader's own and are overwritten by the next row.
/// </summary>
internal sealed class ObservedRow
{
    private readonly ShardData _data;
    private readonly KnownErrors _known;
    private readonly double[] _given;
    private readonly double[] _rowErrors;

    /// <summary>Prepares to read; <paramref name="given"/> are the options' standard errors (one, or one for each column).</summary>
    public ObservedRow(ShardData data, KnownErrors known, double[] given)
    {
        _data = data;
        _known = known;
        _given = given;
        _rowErrors = known == KnownErrors.Row ? data.Extras.Get(ExtraKeys.StandardErrors) : [];
        Columns = new int[data.Block.Columns];
        Values = new double[data.Block.Columns];
        KnownVariance = new double[data.Block.Columns];
    }

    public int Count { get; private set; }

    public int[] Columns { get; }

    public double[] Values { get; }

    /// <summary>S_ij^2; 0 where nothing is known.</summary>
    public double[] KnownVariance { get; }

    /// <summary>Reads a row.</summary>
    public void Read(int row)
    {
        var block = _data.Block;
        if (!block.IsSparse)
        {
            ReadDense(block.DenseRows(row, 1), block.MissingColumns(row));
        }
        else if (block.Unstored == UnstoredEntries.Missing)
        {
            block.RowColumns(row).CopyTo(Columns);
            block.RowValues(row).CopyTo(Values);
            Count = block.RowColumns(row).Length;
        }
        else
        {
            Count = block.Columns;
            Values.AsSpan().Clear();
            for (var j = 0; j < Count; j++)
            {
                Columns[j] = j;
            }

            var columns = block.RowColumns(row);
            var values = block.RowValues(row);
            for (var e = 0; e < columns.Length; e++)
            {
                Values[columns[e]] = values[e];
            }
        }

        ReadErrors(row);
        if (block.Scale != 1)
        {
            TensorPrimitives.Multiply(Values.AsSpan(0, Count), block.Scale, Values);
        }
    }

    private void ReadDense(ReadOnlySpan<double> values, ReadOnlySpan<int> missing)
    {
        var next = 0;
        Count = 0;
        for (var j = 0; j < values.Length; j++)
        {
            if (next < missing.Length && missing[next] == j)
            {
                next++;
                continue;
            }

            Columns[Count] = j;
            Values[Count++] = values[j];
        }
    }

    private void ReadErrors(int row)
    {
        switch (_known)
        {
            case KnownErrors.None:
                KnownVariance.AsSpan(0, Count).Clear();
                break;
            case KnownErrors.Scalar:
                KnownVariance.AsSpan(0, Count).Fill(_given[0] * _given[0]);
                break;
            case KnownErrors.Row:
                KnownVariance.AsSpan(0, Count).Fill(_rowErrors[row] * _rowErrors[row]);
                break;
            case KnownErrors.Column:
                for (var e = 0; e < Count; e++)
                {
                    KnownVariance[e] = _given[Columns[e]] * _given[Columns[e]];
                }

                break;
            default:
                ReadMatrixErrors(row);
                break;
        }
    }

    private void ReadMatrixErrors(int row)
    {
        var errors = _data.StandardErrors!;
        if (!errors.IsSparse)
        {
            var dense = errors.DenseRows(row, 1);
            for (var e = 0; e < Count; e++)
            {
                KnownVariance[e] = Checked(dense[Columns[e]], row, Columns[e]);
            }

            return;
        }

        var columns = errors.RowColumns(row);
        var values = errors.RowValues(row);
        var at = 0;
        for (var e = 0; e < Count; e++)
        {
            while (at < columns.Length && columns[at] < Columns[e])
            {
                at++;
            }

            KnownVariance[e] = Checked(at < columns.Length && columns[at] == Columns[e] ? values[at] : 0, row, Columns[e]);
        }
    }

    private double Checked(double error, int row, int column) => error > 0 && double.IsFinite(error)
        ? (error * _data.StandardErrors!.Scale) * (error * _data.StandardErrors.Scale)
        : throw new ArgumentException(
            $"the standard error of row {_data.FirstRow + row + 1}, column {column + 1} is {error}: give a finite number above 0 for " +
            "every observed entry");
}
