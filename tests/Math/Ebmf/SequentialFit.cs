using FitCluster.Math.Ebmf;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.Tests.Ebmf;

/// <summary>Runs a model's rounds one after the other, shard by shard, with no actor: what a fit is, in its plainest form.</summary>
internal sealed class SequentialFit
{
    private SequentialFit(IFitModel model, ShardData[] shards)
    {
        Global = model.InitialGlobal();
        var states = shards.Select(model.InitialShard).ToArray();
        RoundReport report;
        do
        {
            var broadcast = model.Broadcast(Global);
            ArraySet? sum = null;
            for (var s = 0; s < shards.Length; s++)
            {
                var partial = model.Local(broadcast, shards[s], states[s]);
                Xunit.Assert.True(partial.FirstNonFinite() is null,
                    $"round {Rounds} ({model.Report(Global).Phase}), shard {s}: {partial.FirstNonFinite()} is not finite");
                if (sum is null)
                {
                    sum = partial;
                }
                else
                {
                    sum.Combine(partial);
                }
            }

            Global = model.Update(Global, sum!);
            report = model.Report(Global);
            Rounds++;
            if (!double.IsNaN(report.Objective))
            {
                Trace.Add((report.Phase, report.Objective));
            }

            Xunit.Assert.True(report.Failure is null, report.Failure);
            Xunit.Assert.True(Rounds < 200_000, "the fit does not end");
        }
        while (!report.IsDone);

        Report = report;
        Result = model.GlobalResult(Global);
        ShardResults = [.. shards.Select((d, s) => model.ShardResult(d, states[s]))];
    }

    public ArraySet Global { get; private set; }

    public ArraySet Result { get; }

    public ArraySet[] ShardResults { get; }

    public RoundReport Report { get; }

    public int Rounds { get; private set; }

    public List<(string Phase, double Elbo)> Trace { get; } = [];

    public double Elbo => Result.Scalar("elbo");

    public int K => Result["pve"].Length;

    /// <summary>E L E F', rows x columns.</summary>
    public double[] Fitted()
    {
        var f = Result["factors_mean"];
        var p = f.Length / int.Max(1, K);
        var l = Loadings("loadings_mean");
        var n = K == 0 ? 0 : l.Length / K;
        var fitted = new double[n * p];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < p; j++)
            {
                for (var k = 0; k < K; k++)
                {
                    fitted[(i * p) + j] += l[(i * K) + k] * f[(j * K) + k];
                }
            }
        }

        return fitted;
    }

    public double[] Loadings(string name) => [.. ShardResults.SelectMany(r => r[name])];

    public static SequentialFit Run(EbmfOptions options, ShardData[] shards) => new(new EbmfModel(options), shards);

    public static SequentialFit Run(IFitModel model, ShardData[] shards) => new(model, shards);

    /// <summary>A dense matrix (NaN = missing) in so many shards.</summary>
    public static ShardData[] Shards(double[][] y, int shards = 1, double[][]? s = null, Func<int, int, ArraySet>? extras = null,
        bool sparse = false, UnstoredEntries unstored = UnstoredEntries.Zero)
    {
        var n = y.Length;
        var result = new ShardData[shards];
        for (var at = 0; at < shards; at++)
        {
            var (first, last) = ((int)((long)n * at / shards), (int)((long)n * (at + 1) / shards));
            var rows = y[first..last];
            var block = sparse
                ? Sparse(rows, unstored)
                : MatrixBlock.FromDense(rows.Length, y[0].Length, rows.SelectMany(r => r).ToArray());
            var errors = s is null ? null : MatrixBlock.FromDense(rows.Length, y[0].Length, s[first..last].SelectMany(r => r).ToArray());
            result[at] = new ShardData(new ShardId(at), first, n, block, errors, extras?.Invoke(first, last) ?? new ArraySet());
        }

        return result;
    }

    private static MatrixBlock Sparse(double[][] rows, UnstoredEntries unstored)
    {
        var (values, columns, starts) = (new List<double>(), new List<int>(), new List<long> { 0 });
        foreach (var row in rows)
        {
            for (var j = 0; j < row.Length; j++)
            {
                if (unstored == UnstoredEntries.Missing ? !double.IsNaN(row[j]) : row[j] != 0)
                {
                    values.Add(row[j]);
                    columns.Add(j);
                }
            }

            starts.Add(values.Count);
        }

        return MatrixBlock.FromCsr(rows.Length, rows[0].Length, values.ToArray(), columns.ToArray(), starts.ToArray(), unstored);
    }
}
