using System.Text.Json;
using FitCluster.Math.Models;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using FitCluster.Tests;

namespace FitCluster.Nb.Tests.Reference;

/// <summary>The reference optimizer in memory, on shards of the test's making.</summary>
internal sealed class ReferenceRun
{
    private readonly NbReferenceModel _model;
    private readonly ShardData[] _data;
    private readonly ArraySet[] _shards;

    public ReferenceRun(NbOptions options, params ShardData[] data)
    {
        (Options, _model, _data) = (options, new NbReferenceModel(options), data);
        Problem = new NbReferenceProblem(options);
        Updater = new NbReferenceUpdate(options, Problem);
        _shards = [.. data.Select(_model.InitialShard)];
        Global = _model.InitialGlobal();
        Round();
        Round();
    }

    public NbOptions Options { get; }

    public NbReferenceProblem Problem { get; }

    public NbReferenceUpdate Updater { get; }

    public ArraySet Global { get; private set; }

    public IReadOnlyList<ArraySet> Shards => _shards;

    public RoundReport Report => _model.Report(Global);

    public ArraySet Results => _model.GlobalResult(Global);

    public ArraySet ShardResults(int shard) => _model.ShardResult(_data[shard], _shards[shard]);

    /// <summary>Counts of a run's file as a shard.</summary>
    public static ShardData Data(JsonElement problem, int? dataset = null)
    {
        var data = problem.GetProperty("data");
        var genes = data.GetProperty("genes").GetInt32();
        var counts = data.GetProperty("counts");
        var (starts, gene, count) = (counts.GetProperty("cell_ptr").Numbers(), counts.GetProperty("gene").Numbers(),
            counts.GetProperty("count").Numbers());

        // Datasets one after the other, of equally many cells.
        var perDataset = (starts.Length - 1) / data.GetProperty("datasets").GetInt32();
        double[] leaf = [.. Enumerable.Range(0, starts.Length - 1).Select(c => c / perDataset)];
        List<double> values = [], datasets = [];
        List<int> columns = [];
        List<long> rows = [0];
        for (var c = 0; c < leaf.Length; c++)
        {
            if (dataset is { } wanted && leaf[c] != wanted)
            {
                continue;
            }

            for (var n = (int)starts[c]; n < (int)starts[c + 1]; n++)
            {
                values.Add(count[n]);
                columns.Add((int)gene[n]);
            }

            rows.Add(values.Count);
            datasets.Add(dataset is null ? leaf[c] : 0);
        }

        var block = MatrixBlock.FromCsr(rows.Count - 1, genes, [.. values], [.. columns], [.. rows]);
        return new ShardData(new ShardId(0), 0, block.Rows, block, null, new ArraySet().Set(NbCells.DatasetExtra, [.. datasets]));
    }

    public void Round()
    {
        Global = _model.Update(Global, Partial(_model.Broadcast(Global)));
    }

    /// <summary>The one-draw bound and its gradient in the guides' parameters where the run stands, the cells' in their order.</summary>
    public (double Bound, double[] Gradient, double[] Cells) Bound(NbReferenceDrawKind kind)
    {
        var state = NbReferenceKeys.Format.View(Global);
        var partial = Partial(Updater.Broadcast(state, kind));
        var (bound, gradient) = Updater.Bound(state, new NbStatistics(partial), kind);
        var pending = _shards.Where(s => s.Has(NbReferenceKeys.Pending)).Select(s => s.Get(NbReferenceKeys.Pending)).ToArray();
        var locations = pending.SelectMany(p => p[..(p.Length / 2)]);
        return (bound, gradient, [.. locations.Concat(pending.SelectMany(p => p[(p.Length / 2)..])).Select(g => -g)]);
    }

    /// <summary>The guides' parameters, to be changed.</summary>
    public double[] Parameters => Global.Get(NbReferenceKeys.Parameters);

    /// <summary>Takes the guides of a run's file.</summary>
    public void Take(JsonElement variational)
    {
        foreach (var site in variational.EnumerateObject())
        {
            var (location, scale) = (Flat(site.Value.GetProperty("loc")), Flat(site.Value.GetProperty("scale")));
            double[] both = [.. location, .. scale.Select(s => double.Log(s))];
            if (site.Name == "pc_t")
            {
                both.CopyTo(_shards[0].Get(NbReferenceKeys.Parameters), 0);
                continue;
            }

            var found = Problem.Sites.Single(s => s.Name == site.Name);
            Xunit.Assert.Equal(found.ParameterLength, both.Length);
            both.CopyTo(Parameters, found.ParameterOffset);
        }
    }

    private static IEnumerable<double> Flat(JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray().SelectMany(Flat) : [element.GetDouble()];

    private ArraySet Partial(ArraySet broadcast)
    {
        ArraySet? sum = null;
        foreach (var (data, shard) in _data.Zip(_shards))
        {
            var partial = _model.Local(broadcast, data, shard);
            if (sum is null)
            {
                sum = partial;
            }
            else
            {
                sum.Combine(partial);
            }
        }

        return sum!;
    }
}
