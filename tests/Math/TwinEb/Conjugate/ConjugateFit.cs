using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>Runs the model's rounds in a plain loop, and makes shards of a matrix with roles of rows and kinds of cells.</summary>
internal sealed class ConjugateFit
{
    public ConjugateFit(TwinEbOptions options, ShardData[] shards, int endEarlyAfter = int.MaxValue, Action<int, ArraySet>? spoil = null,
        Action<int, ArraySet[]>? spoilRows = null, bool mayFail = false)
    {
        var model = new TwinEbConjugateModel(options);
        var global = model.InitialGlobal();
        var states = shards.Select(model.InitialShard).ToArray();
        RoundReport report;
        do
        {
            spoilRows?.Invoke(Rounds, states);
            var broadcast = model.Broadcast(global);
            ArraySet? sum = null;
            for (var s = 0; s < shards.Length; s++)
            {
                var partial = model.Local(broadcast, shards[s], states[s]);
                Assert.True(partial.FirstNonFinite() is null, $"round {Rounds}, shard {s}: {partial.FirstNonFinite()} is not finite");
                if (sum is null)
                {
                    sum = partial;
                }
                else
                {
                    sum.Combine(partial);
                }
            }

            spoil?.Invoke(Rounds, sum!);
            var before = global.Clone();
            global = model.Update(global, sum!);
            foreach (var array in before)
            {
                Assert.DoesNotContain(array.Values, double.IsNaN);
            }

            Rounds++;
            report = model.Report(global);
            Assert.True(mayFail || report.Failure is null, report.Failure);
            Assert.True(global.All(a => !a.Values.Any(double.IsNaN)), $"round {Rounds}: NaN in the state");
            if (report.Note is not null)
            {
                Notes.Add(report.Note);
            }

            Assert.True(Rounds < 20_000, "the fit does not end");
            Trace.Add((report.Phase, report.Objective));
            if (Rounds == endEarlyAfter)
            {
                global = model.EndEarly(global);
            }
        }
        while (!report.IsDone && report.Failure is null);

        (Report, Result) = (report, model.GlobalResult(global));
        Rows = [.. shards.Select((d, s) => model.ShardResult(d, states[s]))];
    }

    public ArraySet Result { get; }

    public ArraySet[] Rows { get; }

    public RoundReport Report { get; }

    public int Rounds { get; }

    public List<(string Phase, double Objective)> Trace { get; } = [];

    public List<string> Notes { get; } = [];

    public double[] RowMeans => [.. Rows.SelectMany(r => r["rows_mean"])];

    /// <summary>The greatest fall of the objective from one sweep to the next of the same phase, relative to its size.</summary>
    public double GreatestFall()
    {
        var (fall, compared) = (0.0, 0);
        var sweeps = Trace.Where(t => !double.IsNaN(t.Objective)).ToList();
        for (var s = 1; s < sweeps.Count; s++)
        {
            if (sweeps[s].Phase == sweeps[s - 1].Phase)
            {
                fall = double.Max(fall, (sweeps[s - 1].Objective - sweeps[s].Objective) / double.Abs(sweeps[s].Objective));
                compared++;
            }
        }

        Assert.True(compared > 0, "no two sweeps could be compared");
        return fall;
    }

    /// <summary>
    /// Shards of a matrix: kind 0 is a training cell, others as <see cref="HeldOutKind"/>; rows from firstHeldOutRow on are held out.
    /// Training cells with value 0 are not stored, unless dense.
    /// </summary>
    public static ShardData[] Shards(double[][] y, Func<int, int, int> kind, int firstHeldOutRow, int count = 1,
        UnstoredEntries unstored = UnstoredEntries.Zero, bool dense = false)
    {
        var (n, d) = (y.Length, y[0].Length);
        var shards = new ShardData[count];
        for (var s = 0; s < count; s++)
        {
            var (first, last) = ((int)((long)n * s / count), (int)((long)n * (s + 1) / count));
            var (values, columns, starts, all) =
                (new List<double>(), new List<int>(), new List<long> { 0 }, new double[(last - first) * d]);
            var (cellStarts, cellColumns, cellValues, cellKinds) =
                (new List<double> { 0 }, new List<double>(), new List<double>(), new List<double>());
            for (var i = first; i < last; i++)
            {
                for (var j = 0; j < d; j++)
                {
                    var k = kind(i, j);
                    if (k != 0)
                    {
                        cellColumns.Add(j);
                        cellValues.Add(y[i][j]);
                        cellKinds.Add(k);
                    }
                    else if (y[i][j] != 0)
                    {
                        columns.Add(j);
                        values.Add(y[i][j]);
                        all[((i - first) * d) + j] = y[i][j];
                    }
                }

                starts.Add(values.Count);
                cellStarts.Add(cellColumns.Count);
            }

            var block = dense
                ? MatrixBlock.FromDense(last - first, d, all)
                : MatrixBlock.FromCsr(last - first, d, values.ToArray(), columns.ToArray(), starts.ToArray(), unstored);
            var extras = new ArraySet()
                .Set("rowRole", [.. Enumerable.Range(first, last - first).Select(i => i >= firstHeldOutRow ? 1.0 : 0)])
                .Set("heldOutStart", [.. cellStarts]).Set("heldOutColumn", [.. cellColumns])
                .Set("heldOutValue", [.. cellValues]).Set("heldOutKind", [.. cellKinds]);
            shards[s] = new ShardData(new ShardId(s), first, n, block, null, extras);
        }

        return shards;
    }
}
