using System.Text.Json;
using FitCluster.Math.Models;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using FitCluster.Tests;

namespace FitCluster.Nb.Tests.Fit;

/// <summary>A simulated problem of shared/reference/scribe/runs: its counts, truth and the bounds listed there.</summary>
internal sealed class ReferenceRun
{
    private readonly double[] _values;
    private readonly int[] _columns;
    private readonly long[] _starts;

    private ReferenceRun(JsonElement root)
    {
        var data = root.GetProperty("data");
        (Cells, Genes, Datasets) = (data.GetProperty("cells").GetInt32(), data.GetProperty("genes").GetInt32(),
            data.GetProperty("datasets").GetInt32());
        var counts = data.GetProperty("counts");
        _values = Numbers(counts.GetProperty("count"));
        _columns = [.. Numbers(counts.GetProperty("gene")).Select(g => (int)g)];
        _starts = [.. Numbers(counts.GetProperty("cell_ptr")).Select(p => (long)p)];
        Truth = root.GetProperty("truth").Clone();
        Leaf = Truth.TryGetProperty("leaf", out var leaf) ? Numbers(leaf) : new double[Cells];
    }

    public int Cells { get; }

    public int Genes { get; }

    public int Datasets { get; }

    public double[] Leaf { get; }

    public JsonElement Truth { get; }

    public static ReferenceRun Read(int problem)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Require($"reference/scribe/runs/{problem}.json")));
        return new ReferenceRun(document.RootElement);
    }

    public double[] Numbers(string truth) => Numbers(Truth.GetProperty(truth));

    /// <summary>The cells in so many shards of about the same size.</summary>
    public ShardData[] Shards(int count) =>
        [.. Enumerable.Range(0, count).Select(s => Shard(s, Cells * s / count, Cells * (s + 1) / count))];

    private ShardData Shard(int index, int first, int last)
    {
        var (from, to) = ((int)_starts[first], (int)_starts[last]);
        var block = MatrixBlock.FromCsr(
            last - first, Genes, _values.AsSpan(from..to).ToArray(), _columns.AsSpan(from..to).ToArray(),
                [.. _starts[first..(last + 1)].Select(s => s - from)]);
        return new ShardData(
            new ShardId(index), first, Cells, block, null, new ArraySet().Set(NbCells.DatasetExtra, Leaf[first..last]));
    }

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetDouble())];
}
