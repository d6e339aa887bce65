using System.Numerics.Tensors;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The coordinator's part of <see cref="NbGroups"/>: for each start k-means from several random choices of K cells, of which the one whose
/// squared distances sum to least is taken. Every second start takes cells about their dataset's mean, so that datasets are not taken for
/// types; the others about the mean of all, as datasets may differ in their shares of types.
/// </summary>
internal sealed class NbStartGroups(NbOptions options, NbShape shape)
{
    private const int Choices = 4;
    private const int Rounds = 8;
    private const double Nowhere = 1e300;
    private const ulong Stream = 0x6E62_5374_6172_7400;

    /// <summary>Begins a start's groups: the first choice of cells.</summary>
    public void Begin(StateSet<NbField> state)
    {
        (state[NbField.GroupChoice], state[NbField.BestGroupScore]) = (0, double.NegativeInfinity);
        Choose(state);
    }

    /// <summary>Takes a round's sums; false when the groups are settled and cells can be started in them.</summary>
    public bool Take(StateSet<NbField> state, ArraySet partial)
    {
        var (roots, cells) = (partial.Get(NbKeys.GroupRoots), partial.Get(NbKeys.GroupCells));
        var score = partial.Get(NbKeys.GroupScore)[0];
        if (state[NbFitState.GroupRows].Length == 0 && score > state[NbField.BestGroupScore])
        {
            state[NbField.BestGroupScore] = score;
            state[NbFitState.BestGroupDirections] = state[NbFitState.GroupDirections];
            state[NbFitState.BestGroupOffsets] = state[NbFitState.GroupOffsets];
        }

        state[NbField.GroupRound]++;
        if (state[NbField.GroupRound] <= Rounds && !state.Is(NbField.EndEarly))
        {
            Move(state, roots, cells);
            return true;
        }

        state[NbField.GroupChoice]++;
        if (state[NbField.GroupChoice] < Choices && !state.Is(NbField.EndEarly))
        {
            Choose(state);
            return true;
        }

        if (state.Has(NbFitState.BestGroupDirections))
        {
            state[NbFitState.GroupDirections] = state[NbFitState.BestGroupDirections];
            state[NbFitState.GroupOffsets] = state[NbFitState.BestGroupOffsets];
        }

        state[NbFitState.GroupRows] = [];
        return false;
    }

    // K different cells.
    private void Choose(StateSet<NbField> state)
    {
        var stream = Stream + (ulong)((state.Whole(NbField.Start) * Choices) + state.Whole(NbField.GroupChoice));
        var rows = new SortedSet<long>();
        for (var i = 0UL; rows.Count < long.Min(shape.Components, options.Cells); i++)
        {
            rows.Add(long.Min((long)(Philox.Uniform(options.Seed, stream, i) * options.Cells), options.Cells - 1));
        }

        state[NbFitState.GroupRows] = [.. rows.Select(row => (double)row)];
        state[NbFitState.GroupDirections] = new double[shape.Components * shape.Genes];
        state[NbFitState.GroupOffsets] = new double[shape.Components * shape.Datasets];
        state[NbField.GroupRound] = 0;
    }

    // A group's centre is the mean of its cells, each less the mean m_d of its dataset; the nearest has the greatest
    // centre'(x - m_d) - |centre|^2 / 2.
    private void Move(StateSet<NbField> state, double[] roots, double[] cells)
    {
        var (genes, datasets) = (shape.Genes, shape.Datasets);
        var means = Means(state);
        var (directions, offsets) = (new double[roots.Length], new double[cells.Length]);
        for (var k = 0; k < shape.Components; k++)
        {
            var centre = directions.AsSpan(k * genes, genes);
            var own = cells.AsSpan(k * datasets, datasets);
            var count = TensorPrimitives.Sum<double>(own);
            var offset = offsets.AsSpan(k * datasets, datasets);
            if (count == 0)
            {
                offset.Fill(Nowhere);
                continue;
            }

            roots.AsSpan(k * genes, genes).CopyTo(centre);
            for (var d = 0; d < datasets; d++)
            {
                TensorPrimitives.MultiplyAdd(means.AsSpan(d * genes, genes), -own[d], centre, centre);
            }

            TensorPrimitives.Divide(centre, count, centre);
            for (var d = 0; d < datasets; d++)
            {
                offset[d] = TensorPrimitives.Dot<double>(centre, means.AsSpan(d * genes, genes)) +
                    (TensorPrimitives.SumOfSquares<double>(centre) / 2);
            }
        }

        (state[NbFitState.GroupRows], state[NbFitState.GroupDirections], state[NbFitState.GroupOffsets]) = ([], directions, offsets);
    }

    // D x G: each dataset's mean, or that of all for each.
    private double[] Means(StateSet<NbField> state)
    {
        var (roots, cells) = (state[NbFitState.Roots], state[NbFitState.Cells]);
        var (genes, all) = (shape.Genes, new double[shape.Genes]);
        var means = new double[roots.Length];
        for (var d = 0; d < shape.Datasets; d++)
        {
            TensorPrimitives.Add(all, roots.AsSpan(d * genes, genes), all);
            TensorPrimitives.Divide(roots.AsSpan(d * genes, genes), double.Max(cells[d], 1), means.AsSpan(d * genes, genes));
        }

        if (state.Whole(NbField.Start) % 2 == 1)
        {
            TensorPrimitives.Divide(all, TensorPrimitives.Sum<double>(cells), all);
            for (var d = 0; d < shape.Datasets; d++)
            {
                all.CopyTo(means, d * genes);
            }
        }

        return means;
    }
}
