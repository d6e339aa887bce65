using System.Text.Json;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Tests;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>sim300x200.json: the simulated data with the published code's own split, for either likelihood.</summary>
internal static class ReferenceSimulatedSplit
{
    public static ShardData[] Load(TwinEbLikelihood likelihood, int shards = 1)
    {
        var file = SharedFolder.RequireJson("reference/twineb/sim300x200.json");
        var isPoisson = likelihood == TwinEbLikelihood.Poisson;
        var counts = file.GetProperty("PMF").GetProperty("Y_full").Matrix();
        var split = file.GetProperty(isPoisson ? "PMF" : "PPCA");
        var trainRows = Ints(split.GetProperty("train_rows"));
        var testRows = Ints(split.GetProperty("test_rows"));
        var kinds = new int[300, 200];
        var bits = Convert.FromBase64String(split.GetProperty("val_mask_packbits_base64_rowmajor").GetString()!);
        for (var cell = 0; cell < 240 * 200; cell++)
        {
            kinds[trainRows[cell / 200], cell % 200] = (bits[cell / 8] >> (7 - (cell % 8))) & 1;
        }

        Mark("test_eval_ij", 2);
        Mark("test_train_masked_ij", 3);
        var values = isPoisson ? counts : Standardized(counts, split);
        return [.. Enumerable.Range(0, shards).Select(
            s => Shard(values, kinds, testRows, s, 300 * s / shards, 300 * (s + 1) / shards, isPoisson))];

        void Mark(string name, int kind)
        {
            var pairs = split.GetProperty(name);
            var (i, j) = (Ints(pairs[0]), Ints(pairs[1]));
            for (var n = 0; n < i.Length; n++)
            {
                kinds[testRows[i[n]], j[n]] = kind;
            }
        }
    }

    /// <summary>The test held-out log-likelihoods of the published code's runs with this prefix of its tag.</summary>
    public static double[] Published(string tag, string field) =>
    [
        .. SharedFolder.RequireJson("reference/twineb/sim300x200.json").GetProperty("results").EnumerateArray()
            .Where(r => r.GetProperty("tag").GetString()!.StartsWith(tag + "_", StringComparison.Ordinal)).Select(
                r => r.GetProperty(field).GetDouble()),
    ];

    private static double[][] Standardized(double[][] counts, JsonElement split)
    {
        var (mean, sd) = (split.GetProperty("x_mean").Numbers(), split.GetProperty("x_std").Numbers());
        return [.. counts.Select(row => row.Select((y, j) => y == 0 ? 0 : (double.LogP1(y) - mean[j]) / sd[j]).ToArray())];
    }

    private static ShardData Shard(double[][] x, int[,] kinds, int[] testRows, int shard, int first, int last, bool isPoisson)
    {
        var (values, columns, starts) = (new List<double>(), new List<int>(), new List<long> { 0 });
        var (heldColumns, heldValues, heldKinds, heldStarts) =
            (new List<double>(), new List<double>(), new List<double>(), new List<double> { 0 });
        for (var i = first; i < last; i++)
        {
            for (var j = 0; j < 200; j++)
            {
                if (kinds[i, j] != 0 && (isPoisson || x[i][j] != 0))
                {
                    heldColumns.Add(j);
                    heldValues.Add(x[i][j]);
                    heldKinds.Add(kinds[i, j]);
                }
                else if (x[i][j] != 0)
                {
                    values.Add(x[i][j]);
                    columns.Add(j);
                }
            }

            starts.Add(values.Count);
            heldStarts.Add(heldColumns.Count);
        }

        var block = MatrixBlock.FromCsr(last - first, 200, values.ToArray(), columns.ToArray(), starts.ToArray(),
            isPoisson ? UnstoredEntries.Zero : UnstoredEntries.Missing);
        var extras = new ArraySet().Set("rowRole", [.. Enumerable.Range(first, last - first).Select(i => testRows.Contains(i) ? 1.0 : 0)])
            .Set("heldOutStart", [.. heldStarts]).Set("heldOutColumn", [.. heldColumns]).Set("heldOutValue", [.. heldValues]).Set(
                "heldOutKind", [.. heldKinds]);
        return new ShardData(new ShardId(shard), first, 300, block, null, extras);
    }

    private static int[] Ints(JsonElement element) => [.. element.EnumerateArray().Select(e => e.GetInt32())];
}
