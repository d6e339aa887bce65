using System.Numerics.Tensors;
using FitCluster.Math.Models;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Rows of a shard's counts one after the other: the genes with counts, the counts, and, where wanted, their entries of the layout. The
/// arrays are used again for the next row.
/// </summary>
internal sealed class NbRow
{
    private readonly ShardData _data;
    private readonly CountLayout? _layout;
    private readonly double[]? _datasets;
    private readonly int[] _genes;
    private readonly double[] _counts;
    private int[] _entries = [];
    private double[] _weights = [];
    private double[] _roots = [];
    private int _length;
    private int _entryLength;

    /// <summary>Rows of a shard.</summary>
    /// <param name="data">The shard; Extras "dataset" (rows: index) where there are several.</param>
    /// <param name="layout">Where entries are looked up; null: they are not wanted.</param>
    public NbRow(ShardData data, CountLayout? layout)
    {
        (_data, _layout) = (data, layout);
        _datasets = data.Extras.Contains(NbCells.DatasetExtra) ? data.Extras[NbCells.DatasetExtra] : null;

        // One more than there can be counts: see Append.
        (_genes, _counts) = (new int[data.Block.Columns + 1], new double[data.Block.Columns + 1]);
        Ones = new double[data.Block.Columns];
        Ones.AsSpan().Fill(1);
    }

    /// <summary>The row's dataset.</summary>
    public int Dataset { get; private set; }

    /// <summary>L.</summary>
    public double Total { get; private set; }

    /// <summary>The genes with counts, ascending.</summary>
    public ReadOnlySpan<int> Genes => _genes.AsSpan(0, _length);

    /// <summary>Their counts, positive.</summary>
    public ReadOnlySpan<double> Counts => _counts.AsSpan(0, _length);

    /// <summary>Ones, as many as there are genes in the matrix.</summary>
    public double[] Ones { get; }

    /// <summary>Their entries, and those of interpolation.</summary>
    public ReadOnlySpan<int> Entries => _entries.AsSpan(0, _entryLength);

    /// <summary>The entries' weights.</summary>
    public ReadOnlySpan<double> Weights => _weights.AsSpan(0, _entryLength);

    /// <summary>The counts' sqrt(u / L), L at least 1; until it is asked for again.</summary>
    public ReadOnlySpan<double> Roots()
    {
        Array.Resize(ref _roots, _counts.Length);
        var roots = _roots.AsSpan(0, _length);
        TensorPrimitives.Multiply(Counts, 1 / double.Max(Total, 1), roots);
        TensorPrimitives.Sqrt(roots, roots);
        return roots;
    }

    /// <summary>Reads a row.</summary>
    public void Read(int row)
    {
        (_length, Total) = (0, 0);
        Dataset = _datasets is null ? 0 : (int)_datasets[row];
        if (_data.Block.IsSparse)
        {
            var columns = _data.Block.RowColumns(row);
            var values = _data.Block.RowValues(row);
            for (var n = 0; n < columns.Length; n++)
            {
                Append(columns[n], values[n]);
            }
        }
        else
        {
            var values = _data.Block.DenseRows(row, 1);
            for (var g = 0; g < values.Length; g++)
            {
                Append(g, values[g]);
            }
        }

        if (_layout is not null)
        {
            Locate(_layout);
        }
    }

    private void Append(int gene, double count)
    {
        // Always written, kept where there is a count: no branch.
        (_genes[_length], _counts[_length]) = (gene, count);
        _length += count != 0 ? 1 : 0;
        Total += count;
    }

    private void Locate(CountLayout layout)
    {
        _entryLength = 0;
        for (var n = 0; n < _length; n++)
        {
            if (_entries.Length < _entryLength + CountLayout.Nodes)
            {
                var length = int.Max(2 * _entries.Length, _data.Block.Columns + CountLayout.Nodes);
                Array.Resize(ref _entries, length);
                Array.Resize(ref _weights, length);
            }

            var found = layout.Locate(_genes[n], _counts[n], _weights.AsSpan(_entryLength), out var first);
            for (var i = 0; i < found; i++)
            {
                _entries[_entryLength + i] = first + i;
            }

            _entryLength += found;
        }
    }
}
