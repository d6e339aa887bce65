using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Nb.Tests.Fit;

/// <summary>A fit without engine: rounds of a model over shards in memory, until it is done.</summary>
internal sealed class MemoryFit
{
    public MemoryFit(IFitModel model, ShardData[] data, int mostRounds = 400)
    {
        var shards = data.Select(model.InitialShard).ToArray();
        Global = model.InitialGlobal();
        for (var round = 0; round < mostRounds; round++)
        {
            var broadcast = model.Broadcast(Global);
            var partials = data.Select((shard, i) => model.Local(broadcast, shard, shards[i])).ToArray();
            partials[0].Combine(partials.AsSpan(1));
            Global = model.Update(Global, partials[0]);
            Report = model.Report(Global);
            Trace.Add(Report);
            if (Report.IsDone || Report.Failure is not null)
            {
                break;
            }
        }

        if (Report!.IsDone)
        {
            Results = model.GlobalResult(Global);
            ShardResults = [.. data.Select((shard, i) => model.ShardResult(shard, shards[i]))];
        }
    }

    public ArraySet Global { get; }

    public RoundReport Report { get; } = null!;

    public List<RoundReport> Trace { get; } = [];

    public ArraySet Results { get; } = new();

    public ArraySet[] ShardResults { get; } = [];

    public double Elbo => Report.Objective;
}
