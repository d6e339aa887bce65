using System.Globalization;
using FitCluster.Cli.Ebnm;
using FitCluster.Cli.Running;
using FitCluster.Coordinator;
using FitCluster.Data.Writing;
using FitCluster.Math.Ebnm;
using FitCluster.Messages;

namespace FitCluster.Cli.Output;

/// <summary>
/// Writes the results of a fit: everything into a temporary folder beside its place first, then every file under its name, fit.json
/// last. A fit without fit.json has no results.
/// </summary>
internal sealed class ResultWriter(PreparedJob job, FitFolder folder, FitOutcome outcome, RunLog log)
{
    private const string Temporary = ".results.tmp";

    /// <summary>Writes everything; nothing is left of it when that fails.</summary>
    /// <exception cref="IOException">The disk is full, or failed.</exception>
    public void Write(ReadOnlySpan<byte> fitJson)
    {
        var temporary = folder.At(Temporary);
        try
        {
            Recreate(temporary);
            WriteFiles(temporary);
            foreach (var file in Directory.GetFiles(temporary))
            {
                File.Move(file, folder.At(Path.GetFileName(file)), overwrite: true);
            }

            AtomicFile.WriteAllBytes(folder.At(RunFile.ResultName), fitJson);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    private static void Recreate(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        Directory.CreateDirectory(path);
    }

    private void WriteFiles(string to)
    {
        var global = outcome.GlobalResult!;
        var data = job.Data;
        var k = global.Get("pve").Values.Length;
        string[] names = [.. Enumerable.Range(1, k).Select(i => $"factor{i}")];
        foreach (var array in outcome.ShardResults[0])
        {
            // With rank-one variances both rows and columns have a part.
            var name = array.Name == "residual_sd" && global.Contains("residual_sd") ? "residual_sd_rows" : array.Name;
            if (array.Shape.Length > 1 && k == 0)
            {
                // With no factor left no round follows in which a shard would hear that the last candidate was dropped.
                NpyWriter.Write(Path.Combine(to, name + ".npy"), [], data.Rows, 0);
                continue;
            }

            WriteByRows(to, name, array.Name, array.Shape, names);
        }

        foreach (var array in global.Where(a => a.Name.StartsWith("factors_", StringComparison.Ordinal)))
        {
            NpyWriter.Write(Path.Combine(to, array.Name + ".npy"), array.Values, [.. array.Shape.Select(l => (long)l)]);
            if (job.Spec.Tables)
            {
                TsvWriter.Write(Path.Combine(to, array.Name + ".tsv"), data.ColumnNames, names, array.Values);
            }
        }

        if (global.Contains("residual_sd"))
        {
            var array = global.Get("residual_sd");
            var name = outcome.ShardResults[0].Contains("residual_sd") ? "residual_sd_columns" : "residual_sd";
            NpyWriter.Write(Path.Combine(to, name + ".npy"), array.Values, [.. array.Shape.Select(l => (long)l)]);
            if (job.Spec.Tables)
            {
                TsvWriter.Write(Path.Combine(to, name + ".tsv"), array.Values.Length == 1 ? ["all"] : data.ColumnNames, ["residual_sd"], array.Values);
            }
        }

        WritePriors(to, "loadings", global, k);
        WritePriors(to, "factors", global, k);
        TsvWriter.WriteNames(Path.Combine(to, "rows.tsv"), data.RowNames);
        TsvWriter.WriteNames(Path.Combine(to, "columns.tsv"), data.ColumnNames);
        WriteTrace(Path.Combine(to, "trace.csv"));
    }

    private void WriteByRows(string to, string fileName, string name, int[] shape, string[] names)
    {
        var n = job.Data.Rows;
        using var writer = new NpyWriter(Path.Combine(to, fileName + ".npy"), [n, .. shape.Skip(1).Select(l => (long)l)]);
        foreach (var shard in outcome.ShardResults)
        {
            writer.Append(shard[name]);
        }

        writer.Finish();
        if (!job.Spec.Tables)
        {
            return;
        }

        var width = shape.Length > 1 ? shape[1] : 1;
        using var table = new TsvWriter(Path.Combine(to, fileName + ".tsv"), "name", shape.Length > 1 ? names : ["residual_sd"]);
        var row = 0;
        foreach (var shard in outcome.ShardResults)
        {
            var values = shard[name];
            for (var i = 0; i < shard.Get(name).Shape[0]; i++)
            {
                table.Append(job.Data.RowNames[row++], values.AsSpan(i * width, width));
            }
        }

        table.Finish();
    }

    private static void WritePriors(string to, string side, ArraySet global, int k) =>
        AtomicFile.WriteAllBytes(Path.Combine(to, side + "_prior.json"), Json.Bytes(writer =>
            PriorJson.WriteList(writer, Enumerable.Range(0, k).Select(t => PriorCodec.Decode(global[$"{side}Prior.{t}"])))));

    private void WriteTrace(string path)
    {
        using var file = new AtomicFile(path);
        using (var text = new StreamWriter(file.Stream, leaveOpen: true) { NewLine = "\n" })
        {
            text.WriteLine("round,phase,seconds,elbo");
            foreach (var line in outcome.Trace)
            {
                var seconds = log.Seconds.TryGetValue(line.Round.Value, out var s) ? s.ToString("F6", CultureInfo.InvariantCulture) : "";
                var elbo = double.IsFinite(line.Objective) ? line.Objective.ToString("R", CultureInfo.InvariantCulture) : "";
                text.WriteLine($"{line.Round},{line.Phase},{seconds},{elbo}");
            }
        }

        file.Commit();
    }
}
