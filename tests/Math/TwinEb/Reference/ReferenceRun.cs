using FitCluster.Math.Models;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>Runs the rounds of a reference fit one after the other, shard by shard, with no actor.</summary>
internal sealed class ReferenceRun
{
    public ReferenceRun(
        TwinEbOptions options, ShardData[] shards, int endAfterRounds = int.MaxValue, Func<int, ArraySet, ArraySet>? spoil = null)
    {
        var model = new TwinEbReferenceModel(options);
        Global = model.InitialGlobal();
        States = [.. shards.Select(model.InitialShard)];
        do
        {
            var broadcast = model.Broadcast(Global);
            var partials = shards.Select((d, s) => model.Local(broadcast, d, States[s])).ToArray();
            foreach (var partial in partials)
            {
                Assert.True(partial.FirstNonFinite() is null, $"round {Rounds}: {partial.FirstNonFinite()} is not finite");
            }

            foreach (var partial in partials[1..])
            {
                partials[0].Combine(partial);
            }

            Global = model.Update(Global, spoil is null ? partials[0] : spoil(Rounds, partials[0]));
            Globals.Add(Global);
            Report = model.Report(Global);
            Rounds++;
            if (Rounds == endAfterRounds)
            {
                Global = model.EndEarly(Global);
            }

            Phases.Add(Report.Phase);
            if (Report.Note is not null)
            {
                Notes.Add(Report.Note);
            }

            if (!double.IsNaN(Report.Objective))
            {
                Objectives.Add(Report.Objective);
            }

            Assert.InRange(Report.Progress, 0, 1);
            Assert.True(Global.All(a => !a.Values.Any(double.IsNaN)), $"round {Rounds}: NaN in the state");
            Assert.True(Rounds < 100_000, "the fit does not end");
        }
        while (!Report.IsDone && Report.Failure is null);

        Result = model.GlobalResult(Global);
        Rows = [.. shards.SelectMany((d, s) => model.ShardResult(d, States[s])["rows_mean"])];
    }

    public ArraySet Global { get; }

    /// <summary>The state after each round.</summary>
    public List<ArraySet> Globals { get; } = [];

    public ArraySet[] States { get; }

    public ArraySet Result { get; }

    public double[] Rows { get; }

    public RoundReport Report { get; }

    public int Rounds { get; private set; }

    public List<string> Phases { get; } = [];

    public List<string> Notes { get; } = [];

    public List<double> Objectives { get; } = [];
}
