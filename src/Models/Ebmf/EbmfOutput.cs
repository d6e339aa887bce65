using System.Globalization;
using System.Text;
using System.Text.Json;
using FitCluster.Data;
using FitCluster.Data.Writing;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models.Priors;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Ebmf;

/// <summary>The results of ebmf.</summary>
internal sealed class EbmfOutput(JobSpec spec, MatrixSource data) : IModelOutput
{
    // A list of a number for each row of an atlas belongs into an array file.
    private const int LongestList = 100_000;

    /// <inheritdoc/>
    public string LimitOption => "ebmf.maxSweeps";

    /// <inheritdoc/>
    public void WriteReport(Utf8JsonWriter writer, FitOutcome outcome)
    {
        var global = outcome.GlobalResult!;
        WriteOwn(writer, outcome);
        writer.WriteStartObject("ebmf");
        WriteOwn(writer, outcome);
        writer.WriteNumber("tolerance", global.Scalar("tolerance"));
        writer.WriteNumber("sweeps", global.Scalar("sweeps"));
        writer.Numbers("klLoadings", global["klLoadings"]);
        writer.Numbers("klFactors", global["klFactors"]);
        writer.WriteEndObject();
    }

    /// <inheritdoc/>
    public string Table(FitOutcome outcome, string folder)
    {
        var global = outcome.GlobalResult!;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{(outcome.Status == FitStatus.Converged ? "converged" : "stopped, not converged,")} after {outcome.Rounds} rounds and {Duration.Words(outcome.Seconds)}: ELBO {global.Scalar("elbo"):F4}, {global["pve"].Length} factors");
        if (global["pve"].Length > 0)
        {
            text.AppendLine("factor      pve  loadings prior                 factors prior");
        }

        for (var k = 0; k < global["pve"].Length; k++)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{k + 1,6}  {global["pve"][k],7:F5}  {Words(global[$"loadingsPrior.{k}"]),-29}  {Words(global[$"factorsPrior.{k}"])}");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"results are in {folder}");
        return text.ToString();
    }

    /// <inheritdoc/>
    public void WriteFiles(string to, FitOutcome outcome)
    {
        var global = outcome.GlobalResult!;
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

            WriteByRows(to, outcome, name, array.Name, array.Shape, names);
        }

        foreach (var array in global.Where(a => a.Name.StartsWith("factors_", StringComparison.Ordinal)))
        {
            NpyWriter.Write(Path.Combine(to, array.Name + ".npy"), array.Values, [.. array.Shape.Select(l => (long)l)]);
            if (spec.Tables)
            {
                TsvWriter.Write(Path.Combine(to, array.Name + ".tsv"), data.ColumnNames, names, array.Values);
            }
        }

        if (global.Contains("residual_sd"))
        {
            var array = global.Get("residual_sd");
            var name = outcome.ShardResults[0].Contains("residual_sd") ? "residual_sd_columns" : "residual_sd";
            NpyWriter.Write(Path.Combine(to, name + ".npy"), array.Values, [.. array.Shape.Select(l => (long)l)]);
            if (spec.Tables)
            {
                TsvWriter.Write(Path.Combine(to, name + ".tsv"), array.Values.Length == 1 ? ["all"] : data.ColumnNames, ["residual_sd"], array.Values);
            }
        }

        WritePriors(to, "loadings", global, k);
        WritePriors(to, "factors", global, k);
    }

    private void WriteOwn(Utf8JsonWriter writer, FitOutcome outcome)
    {
        var global = outcome.GlobalResult!;
        writer.WriteNumber("factors", global["pve"].Length);
        writer.Numbers("pve", global["pve"]);
        if (!global.Contains("residual_sd") || outcome.ShardResults[0].Contains("residual_sd"))
        {
            WriteResidualByRow(writer, outcome);
        }
        else if (global.Get("residual_sd").Shape.Length == 0)
        {
            writer.Number("residualSd", global.Scalar("residual_sd"));
        }
        else
        {
            writer.Numbers("residualSd", global["residual_sd"]);
        }
    }

    private void WriteResidualByRow(Utf8JsonWriter writer, FitOutcome outcome)
    {
        if (!outcome.ShardResults[0].Contains("residual_sd") || outcome.GlobalResult!.Contains("residual_sd") || data.Rows > LongestList)
        {
            // Nothing estimated, a part for rows and one for columns, or too many: see the arrays.
            writer.WriteNull("residualSd");
            return;
        }

        writer.Numbers("residualSd", outcome.ShardResults.SelectMany(s => s["residual_sd"]).ToArray());
    }

    private void WriteByRows(string to, FitOutcome outcome, string fileName, string name, int[] shape, string[] names)
    {
        var n = data.Rows;
        using var writer = new NpyWriter(Path.Combine(to, fileName + ".npy"), [n, .. shape.Skip(1).Select(l => (long)l)]);
        foreach (var shard in outcome.ShardResults)
        {
            writer.Append(shard[name]);
        }

        writer.Finish();
        if (!spec.Tables)
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
                table.Append(data.RowNames[row++], values.AsSpan(i * width, width));
            }
        }

        table.Finish();
    }

    private static void WritePriors(string to, string side, ArraySet global, int k) =>
        AtomicFile.WriteAllBytes(Path.Combine(to, side + "_prior.json"), Json.Bytes(writer =>
            PriorJson.WriteList(writer, Enumerable.Range(0, k).Select(t => PriorCodec.Decode(global[$"{side}Prior.{t}"])))));

    private static string Words(double[] encoded)
    {
        var prior = PriorCodec.Decode(encoded);
        var name = EbnmFamilies.Name(prior.Family);
        var spike = prior.Components.Where(c => c.Kind == ComponentKind.Point).Sum(c => c.Weight);
        return prior.Components.Length <= 2
            ? string.Create(CultureInfo.InvariantCulture, $"{name} pi0 {spike:F3} scale {prior.Components.Max(c => c.Scale):G3}")
            : string.Create(CultureInfo.InvariantCulture, $"{name} ({prior.Components.Count(c => c.Weight > 1e-3)} components)");
    }
}
