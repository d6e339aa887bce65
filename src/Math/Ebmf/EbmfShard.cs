using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// A shard's own state: the posteriors of its rows' loadings, factor by factor (each array has one value for each row). There are
/// three states of a loading: accepted, accepted before (for extrapolation), and proposed by the last sweep.
/// </summary>
internal sealed class EbmfShard
{
    private EbmfShard(int rows) => Rows = rows;

    public int Rows { get; }

    /// <summary>Accepted posterior means, E l.</summary>
    public List<double[]> Mean { get; } = [];

    /// <summary>Accepted second moments, E l^2.</summary>
    public List<double[]> Second { get; } = [];

    /// <summary>The accepted means before these; empty arrays until there are any.</summary>
    public List<double[]> Previous { get; } = [];

    /// <summary>Proposed means; empty until there are any.</summary>
    public List<double[]> Proposed { get; } = [];

    /// <summary>Proposed second moments.</summary>
    public List<double[]> ProposedSecond { get; } = [];

    /// <summary>Local false sign rates from the final sweep.</summary>
    public List<double[]> FalseSignRate { get; } = [];

    /// <summary>Pseudo-data of the active factors between a Prepare and the last Prior round.</summary>
    public List<double[]> X { get; private set; } = [];

    /// <summary>Their standard deviations.</summary>
    public List<double[]> S { get; private set; } = [];

    /// <summary>Row precisions u_i, or added row variances sigma_i^2; empty where rows have none.</summary>
    public double[] RowNoise { get; set; } = [];

    /// <summary>The same, as the last evaluation proposes them.</summary>
    public double[] ProposedRowNoise { get; set; } = [];

    public int K => Mean.Count;

    public static EbmfShard New(int rows) => new(rows);

    public static EbmfShard Read(ArraySet from)
    {
        var shard = new EbmfShard((int)from["shape"][0]);
        for (var k = 0; k < (int)from["shape"][1]; k++)
        {
            shard.Mean.Add(from[$"mean.{k}"]);
            shard.Second.Add(from[$"second.{k}"]);
            shard.Previous.Add(from[$"previous.{k}"]);
            shard.Proposed.Add(from[$"proposed.{k}"]);
            shard.ProposedSecond.Add(from[$"proposedSecond.{k}"]);
            shard.FalseSignRate.Add(from[$"falseSignRate.{k}"]);
        }

        for (var t = 0; t < (int)from["shape"][2]; t++)
        {
            shard.X.Add(from[$"x.{t}"]);
            shard.S.Add(from[$"s.{t}"]);
        }

        shard.RowNoise = from["rowNoise"];
        shard.ProposedRowNoise = from["proposedRowNoise"];
        return shard;
    }

    public void Write(ArraySet to)
    {
        to.Clear();
        to.Set("shape", [Rows, K, X.Count]);
        for (var k = 0; k < K; k++)
        {
            to.Set($"mean.{k}", Mean[k]);
            to.Set($"second.{k}", Second[k]);
            to.Set($"previous.{k}", Previous[k]);
            to.Set($"proposed.{k}", Proposed[k]);
            to.Set($"proposedSecond.{k}", ProposedSecond[k]);
            to.Set($"falseSignRate.{k}", FalseSignRate[k]);
        }

        for (var t = 0; t < X.Count; t++)
        {
            to.Set($"x.{t}", X[t]);
            to.Set($"s.{t}", S[t]);
        }

        to.Set("rowNoise", RowNoise);
        to.Set("proposedRowNoise", ProposedRowNoise);
    }

    /// <summary>What precedes every round: forget dropped factors, accept proposals, make room for new factors.</summary>
    public void Apply(EbmfBroadcast order, ShardData data)
    {
        if (order.Promote.Length > 0)
        {
            foreach (var k in order.Promote)
            {
                var spent = Previous[k];
                Previous[k] = Mean[k];
                Mean[k] = Proposed[k];
                Proposed[k] = spent;
                (Second[k], ProposedSecond[k]) = (ProposedSecond[k], Second[k]);
            }
        }

        if (order.PromoteNoise)
        {
            (RowNoise, ProposedRowNoise) = (ProposedRowNoise, RowNoise);
        }

        if (order.Keep is { } keep)
        {
            foreach (var list in new[] { Mean, Second, Previous, Proposed, ProposedSecond, FalseSignRate })
            {
                var kept = keep.Select(k => list[k]).ToArray();
                list.Clear();
                list.AddRange(kept);
            }
        }

        while (K < order.Factors)
        {
            var mean = order.Adopt > 0 ? InitialColumn(data, K - order.Adopt + 1) : new double[Rows];
            Mean.Add(mean);
            Second.Add([.. mean.Select(m => m * m)]);
            Previous.Add([]);
            Proposed.Add([]);
            ProposedSecond.Add([]);
            FalseSignRate.Add([]);
        }

        if (order.Step is not EbmfStep.Prior && X.Count > 0)
        {
            X = [];
            S = [];
        }
    }

    /// <summary>Room for the proposal of a factor: the arrays of the one before are used again.</summary>
    public (double[] Mean, double[] Second) ProposalBuffers(int k)
    {
        if (Proposed[k].Length != Rows)
        {
            Proposed[k] = new double[Rows];
        }

        if (ProposedSecond[k].Length != Rows)
        {
            ProposedSecond[k] = new double[Rows];
        }

        return (Proposed[k], ProposedSecond[k]);
    }

    private static double[] InitialColumn(ShardData data, int k)
    {
        var given = data.Extras.Get("initialLoadings");
        var width = given.Shape[1];
        return [.. Enumerable.Range(0, given.Shape[0]).Select(i => given.Values[(i * width) + k])];
    }
}
