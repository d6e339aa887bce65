using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Groups of cells that are alike, of which a mixture starts: k-means of x = sqrt(u / L), whose noise is about the same for every gene
/// whatever its level. The nearest group of a cell of dataset d is that of the greatest direction_k' x - offset_kd (<see
/// cref="NbStartGroups"/> makes both).
/// </summary>
internal sealed class NbGroups(NbTables tables)
{
    private readonly double[] _directions = tables.GroupDirections;
    private readonly double[] _offsets = tables.GroupOffsets;
    private readonly (int Components, int Datasets, int Genes) _size =
        (tables.Shape.Components, tables.Shape.Datasets, tables.Shape.Genes);

    /// <summary>A round: every cell's nearest group (or the rows that begin groups), and what the groups come to.</summary>
    /// <returns>group_roots (K x G): sums of x; group_cells (K x D); group_score: the sum of the greatest values.</returns>
    public static ArraySet Local(NbTables tables, ShardData data)
    {
        var (components, datasets, genes) = (tables.Shape.Components, tables.Shape.Datasets, tables.Shape.Genes);
        var (roots, cells, sum) = (new double[components * genes], new double[components * datasets], 0.0);
        var (groups, row) = (new NbGroups(tables), new NbRow(data, null));
        var begins = tables.GroupRows;
        for (var c = 0; c < data.Block.Rows; c++)
        {
            var (group, score) = (Array.IndexOf(begins, data.FirstRow + c), 0.0);
            if (begins.Length > 0 && group < 0)
            {
                continue;
            }

            row.Read(c);
            var x = row.Roots();
            if (begins.Length == 0)
            {
                (group, score) = groups.Nearest(row, x);
            }

            NbRowKernel.Scatter(row.Genes, x, 1, [1], roots.AsSpan(group * genes, genes));

            cells[(group * datasets) + row.Dataset]++;
            sum += score;
        }

        return new ArraySet().Set(NbKeys.GroupRoots, roots, [components, genes]).Set(NbKeys.GroupCells, cells, [components, datasets])
            .Set(NbKeys.GroupScore, [sum]);
    }

    /// <summary>The nearest group of a row, and its value.</summary>
    /// <param name="row">The row.</param>
    /// <param name="x">Its <see cref="NbRow.Roots"/>.</param>
    public (int Group, double Score) Nearest(NbRow row, ReadOnlySpan<double> x)
    {
        var genes = row.Genes;
        var (best, most) = (0, double.NegativeInfinity);
        for (var k = 0; k < _size.Components; k++)
        {
            var direction = _directions.AsSpan(k * _size.Genes, _size.Genes);
            var score = -_offsets[(k * _size.Datasets) + row.Dataset];
            for (var n = 0; n < genes.Length; n++)
            {
                score += direction[genes[n]] * x[n];
            }

            (best, most) = score > most ? (k, score) : (best, most);
        }

        return (best, most);
    }
}
