using System.Runtime.InteropServices;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Simulation.Tests;

/// <summary>The fit as a plain loop, without actors, engine or store: what every run has to equal in its bits.</summary>
internal sealed class PlainRun
{
    public List<TraceLine> Trace { get; } = [];

    /// <summary>By round, then shard: the state after the round.</summary>
    public List<ArraySet[]> States { get; } = [];

    /// <summary>By round (from 1, so one less), then shard.</summary>
    public List<ArraySet[]> Partials { get; } = [];

    /// <summary>Whether it ended because the model had converged, and not after as many rounds as it was to have.</summary>
    public bool HasConverged { get; }

    public ArraySet GlobalResult { get; }

    public ArraySet[] ShardResults { get; }

    /// <param name="job">The job.</param>
    /// <param name="limit">The round after which the model is told to end early, if it is.</param>
    public PlainRun(IFitJob job, long? limit = null)
    {
        var model = job.Model;
        var data = Enumerable.Range(0, job.Shards).Select(s => job.Load(new ShardId(s))).ToArray();
        var shards = data.Select(model.InitialShard).ToArray();
        var global = model.InitialGlobal();
        States.Add([.. shards.Select(s => s.Clone())]);
        for (var round = new Round(1); ; round = round.Next)
        {
            global = round.Value - 1 == limit ? model.EndEarly(global) : global;
            if (model.Report(global).IsDone)
            {
                break;
            }

            var broadcast = model.Broadcast(global);
            var partials = data.Select((d, s) => model.Local(broadcast, d, shards[s])).ToArray();
            Partials.Add([.. partials.Select(p => p.Clone())]);
            States.Add([.. shards.Select(s => s.Clone())]);
            foreach (var partial in partials[1..])
            {
                partials[0].Combine(partial);
            }

            global = model.Update(global, partials[0]);
            Trace.Add(new TraceLine(round, model.Report(global).Phase, model.Report(global).Objective));
        }

        HasConverged = limit is null && model.Report(global).Converged;
        GlobalResult = model.GlobalResult(global);
        ShardResults = [.. data.Select((d, s) => model.ShardResult(d, shards[s]))];
    }

    /// <summary>Whether this is the state of a shard after a round.</summary>
    public bool Has(Round round, ShardId shard, ArraySet state) =>
        round.Value < States.Count && AreSame(state, States[(int)round.Value][shard.Value]);

    /// <summary>Whether two sets are the same, bit for bit.</summary>
    public static bool AreSame(ArraySet a, ArraySet b) =>
        a.Count == b.Count && a.Zip(b).All(pair =>
            pair.First.Name == pair.Second.Name && pair.First.Shape.AsSpan().SequenceEqual(pair.Second.Shape) &&
            MemoryMarshal.AsBytes(pair.First.Values.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(pair.Second.Values.AsSpan())));

    /// <summary>Whether two traces are the same, bit for bit.</summary>
    public static bool AreSame(IReadOnlyList<TraceLine> a, IReadOnlyList<TraceLine> b) =>
        a.Count == b.Count && a.Zip(b).All(pair =>
            pair.First.Round == pair.Second.Round && pair.First.Phase == pair.Second.Phase &&
            BitConverter.DoubleToInt64Bits(pair.First.Objective) == BitConverter.DoubleToInt64Bits(pair.Second.Objective));
}
