using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// A shard's own state: the posteriors of its rows' loadings, factor by factor (each array has one value for each row). There are
/// three states of a loading: accepted, accepted before (for extrapolation), and proposed by the last sweep.
/// </summary>
internal sealed class EbmfShard
{
    /// <summary>The form of this state in checkpoints.</summary>
    public static readonly StateFormat<ShardField> Format = new("ebmf-shard", 3);

    private EbmfShard(int rows) => Rows = rows;

    public int Rows { get; }

    /// <summary>Accepted posterior means, E l.</summary>
    public List<double[]> Mean { get; } = [];

    /// <summary>Accepted posterior variances.</summary>
    public List<double[]> Variance { get; } = [];

    /// <summary>The accepted means before these; empty arrays until there are any.</summary>
    public List<double[]> Previous { get; } = [];

    /// <summary>Proposed means; empty until there are any.</summary>
    public List<double[]> Proposed { get; } = [];

    /// <summary>Proposed variances.</summary>
    public List<double[]> ProposedVariance { get; } = [];

    /// <summary>Local false sign rates from the final sweep.</summary>
    public List<double[]> FalseSignRate { get; } = [];

    /// <summary>While a second look is under way: the accepted means of the best fit so far.</summary>
    public List<double[]> BestMean { get; } = [];

    /// <summary>Its variances.</summary>
    public List<double[]> BestVariance { get; } = [];

    /// <summary>Its <see cref="RowNoise"/>.</summary>
    public double[] BestRowNoise { get; set; } = [];

    /// <summary>Pseudo-data of the active factors between a Prepare and the last Prior round.</summary>
    public List<double[]> X { get; private set; } = [];

    /// <summary>Their standard deviations.</summary>
    public List<double[]> S { get; private set; } = [];

    /// <summary>Row precisions u_i, or added row variances sigma_i^2; empty where rows have none.</summary>
    public double[] RowNoise { get; set; } = [];

    /// <summary>The same, as the last evaluation proposes them.</summary>
    public double[] ProposedRowNoise { get; set; } = [];

    /// <summary>The largest precision that each row's estimate may have, as the last one heeded it; empty where rows have none.</summary>
    public double[] RowLimits { get; set; } = [];

    /// <summary>The power of two that all of this is measured in (<see cref="EbmfUnit"/>).</summary>
    public double Unit { get; private set; } = 1;

    public int K => Mean.Count;

    // The lists that have an array for every factor.
    private List<double[]>[] ByFactor => [Mean, Variance, Previous, Proposed, ProposedVariance, FalseSignRate];

    public static EbmfShard New(int rows) => new(rows);

    /// <summary>The shard in a set of arrays; they are shared.</summary>
    public static EbmfShard Read(ArraySet from)
    {
        var state = Format.View(from);
        var shard = new EbmfShard(state.Whole(ShardField.Rows));
        for (var k = 0; k < state.Whole(ShardField.Factors); k++)
        {
            shard.Mean.Add(state[ShardKeys.Mean.At(k)]);
            shard.Variance.Add(state[ShardKeys.Variance.At(k)]);
            shard.Previous.Add(state[ShardKeys.Previous.At(k)]);
            shard.Proposed.Add(state[ShardKeys.Proposed.At(k)]);
            shard.ProposedVariance.Add(state[ShardKeys.ProposedVariance.At(k)]);
            shard.FalseSignRate.Add(state[ShardKeys.FalseSignRate.At(k)]);
        }

        for (var k = 0; k < state.Whole(ShardField.Best); k++)
        {
            shard.BestMean.Add(state[ShardKeys.BestMean.At(k)]);
            shard.BestVariance.Add(state[ShardKeys.BestVariance.At(k)]);
        }

        shard.BestRowNoise = state[ShardKeys.BestRowNoise];
        for (var t = 0; t < state.Whole(ShardField.Prepared); t++)
        {
            shard.X.Add(state[ShardKeys.X.At(t)]);
            shard.S.Add(state[ShardKeys.S.At(t)]);
        }

        shard.Unit = state[ShardField.Unit];
        (shard.RowNoise, shard.ProposedRowNoise, shard.RowLimits) =
            (state[ShardKeys.RowNoise], state[ShardKeys.ProposedRowNoise], state[ShardKeys.RowLimits]);
        return shard;
    }

    /// <summary>Writes the shard over whatever a set of arrays holds.</summary>
    public void Write(ArraySet to)
    {
        var state = Format.Renew(to);
        (state[ShardField.Rows], state[ShardField.Factors], state[ShardField.Prepared]) = (Rows, K, X.Count);
        state[ShardField.Unit] = Unit;
        for (var k = 0; k < K; k++)
        {
            state[ShardKeys.Mean.At(k)] = Mean[k];
            state[ShardKeys.Variance.At(k)] = Variance[k];
            state[ShardKeys.Previous.At(k)] = Previous[k];
            state[ShardKeys.Proposed.At(k)] = Proposed[k];
            state[ShardKeys.ProposedVariance.At(k)] = ProposedVariance[k];
            state[ShardKeys.FalseSignRate.At(k)] = FalseSignRate[k];
        }

        (state[ShardField.Best], state[ShardKeys.BestRowNoise]) = (BestMean.Count, BestRowNoise);
        for (var k = 0; k < BestMean.Count; k++)
        {
            (state[ShardKeys.BestMean.At(k)], state[ShardKeys.BestVariance.At(k)]) = (BestMean[k], BestVariance[k]);
        }

        for (var t = 0; t < X.Count; t++)
        {
            state[ShardKeys.X.At(t)] = X[t];
            state[ShardKeys.S.At(t)] = S[t];
        }

        (state[ShardKeys.RowNoise], state[ShardKeys.ProposedRowNoise], state[ShardKeys.RowLimits]) =
            (RowNoise, ProposedRowNoise, RowLimits);
    }

    /// <summary>What precedes every round: forget dropped factors, accept proposals, make room for new factors.</summary>
    public void Apply(EbmfBroadcast order, ShardData data)
    {
        Unit = order.Unit;
        foreach (var k in order.Promoted)
        {
            (Previous[k], Mean[k], Proposed[k]) = (Mean[k], Proposed[k], Previous[k]);
            (Variance[k], ProposedVariance[k]) = (ProposedVariance[k], Variance[k]);
        }

        if (order.PromotesNoise)
        {
            (RowNoise, ProposedRowNoise) = (ProposedRowNoise, RowNoise);
        }

        KeepBest(order);
        if (order.Keep is { } keep)
        {
            foreach (var list in ByFactor)
            {
                var kept = keep.Select(k => list[k]).ToArray();
                list.Clear();
                list.AddRange(kept);
            }
        }

        if (K < order.Factors)
        {
            var given = order.Adopts ? new GivenLoadings(data, order) : null;
            while (K < order.Factors)
            {
                var (mean, variance) = given?.Column(K - order.FirstAdopted) ?? (new double[Rows], new double[Rows]);
                Add(mean, variance);
            }
        }

        if (order.Step is not EbmfStep.Prior && X.Count > 0)
        {
            X = [];
            S = [];
        }
    }

    private void Add(double[] mean, double[] variance)
    {
        Mean.Add(mean);
        Variance.Add(variance);
        foreach (var list in new[] { Previous, Proposed, ProposedVariance, FalseSignRate })
        {
            list.Add([]);
        }
    }

    // Keeps a copy of the accepted state, goes back to it, and forgets it when no look is under way any more.
    private void KeepBest(EbmfBroadcast order)
    {
        if (order.GoesBack)
        {
            foreach (var list in ByFactor)
            {
                list.Clear();
            }

            for (var k = 0; k < BestMean.Count; k++)
            {
                Add([.. BestMean[k]], [.. BestVariance[k]]);
            }

            (RowNoise, ProposedRowNoise) = ([.. BestRowNoise], []);
        }

        if (order.Saves || !order.HasBest)
        {
            BestMean.Clear();
            BestVariance.Clear();
            BestRowNoise = [];
        }

        if (order.Saves)
        {
            BestMean.AddRange(Mean.Select(m => (double[])m.Clone()));
            BestVariance.AddRange(Variance.Select(m => (double[])m.Clone()));
            BestRowNoise = [.. RowNoise];
        }
    }

    /// <summary>Room for the proposal of a factor: the arrays of the one before are used again.</summary>
    public (double[] Mean, double[] Variance) ProposalBuffers(int k)
    {
        if (Proposed[k].Length != Rows)
        {
            Proposed[k] = new double[Rows];
        }

        if (ProposedVariance[k].Length != Rows)
        {
            ProposedVariance[k] = new double[Rows];
        }

        return (Proposed[k], ProposedVariance[k]);
    }
}
