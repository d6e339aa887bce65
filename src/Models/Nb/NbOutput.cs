using System.Globalization;
using System.Text;
using System.Text.Json;
using FitCluster.Data.Writing;
using FitCluster.Math.Models;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;

namespace FitCluster.Models.Nb;

/// <summary>The results of nb.</summary>
/// <param name="request">What was fitted.</param>
/// <param name="options">The options, decided.</param>
/// <param name="methods">The posterior's draws.</param>
/// <param name="datasets">The dataset of each cell.</param>
/// <param name="components">The components' names.</param>
internal sealed class NbOutput(
    ModelRequest request, NbOptions options, NbMethods methods, RowGroups datasets, IReadOnlyList<string> components)
    : ModelOutput(request)
{
    private readonly ModelRequest _request = request;

    /// <inheritdoc/>
    public override string LimitOption => options.Optimizer == NbOptimizer.Reference ? "nb.steps" : "stop.maxRounds";

    /// <inheritdoc/>
    public override void WriteReport(Utf8JsonWriter writer, FitOutcome outcome)
    {
        var global = outcome.GlobalResult!;
        writer.WriteStartObject("nb");
        writer.WriteString("distribution", NbJob.Words(options));
        writer.WriteString("optimizer", options.Optimizer.ToString().ToLowerInvariant());
        writer.WriteStartArray("datasets");
        foreach (var (name, cells) in options.Datasets.Zip(datasets.Counts))
        {
            writer.WriteStartObject();
            writer.WriteString("name", name);
            writer.WriteNumber("cells", cells);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        Spec.SpecTypes.WriteWords(writer, "components", components);
        NbFactorJson.Write(writer, options.Design);
        writer.WriteStartObject("scales");
        foreach (var scale in NbScale.Of(global))
        {
            scale.Write(writer);
        }

        writer.WriteEndObject();
        if (options.Components > 1)
        {
            WriteWeights(writer, global["weights"]);
        }

        foreach (var scalar in global.Where(array => array.Shape.Length == 0 && array.Name != "elbo"))
        {
            writer.Number(scalar.Name, scalar.Values[0]);
        }

        writer.WriteEndObject();
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings(FitOutcome outcome)
    {
        var warnings = new List<string>();
        if (options.Capture == NbCapture.Free)
        {
            warnings.Add(
                "capture and expression are not told apart: only their product is seen, and with nb.capture: free the prior alone says " +
                "how large each is; means of datasets then differ by a factor common to all genes, which compare takes out with its " +
                "reference, and hierarchies across datasets shrink less: nb.capture: anchored tells them apart by the cells' totals");
        }

        if (options.Components > 1)
        {
            var weights = outcome.GlobalResult!["weights"];
            var rows = weights.Length / options.Components;
            bool IsEmpty(int k) => Enumerable.Range(0, rows).All(d => weights[(d * options.Components) + k] * options.Cells < 1);
            string[] empty = [.. components.Where((_, k) => IsEmpty(k))];
            if (empty.Length > 0)
            {
                warnings.Add($"{empty.Length} of {options.Components} components have less than one cell ({RowGroups.Words(empty)}): the " +
                    "data need no more than the others");
            }
        }

        return warnings;
    }

    /// <inheritdoc/>
    public override string Table(FitOutcome outcome, string folder)
    {
        var global = outcome.GlobalResult!;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Ended(outcome)}: ELBO {global.Scalar("elbo"):F4}");
        foreach (var scale in NbScale.Of(global))
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"scale of {scale.Target.Replace('_', ' ')}   {scale.Mean:G3} (90 %: {scale.Low:G3} to {scale.High:G3}), {scale.Words}");
        }

        if (options.Components > 1)
        {
            var weights = global["weights"];
            var width = int.Max(10, components.Max(name => name.Length)) + 2;
            var rows = weights.Length / options.Components;
            text.AppendLine("weights".PadRight(width) +
                string.Join("  ", Enumerable.Range(0, rows).Select(d => (rows == 1 ? "all" : options.Datasets[d]).PadLeft(8))));
            for (var k = 0; k < components.Count; k++)
            {
                text.AppendLine(components[k].PadRight(width) + string.Join("  ", Enumerable.Range(0, rows).Select(d =>
                    weights[(d * options.Components) + k].ToString("F4", CultureInfo.InvariantCulture).PadLeft(8))));
            }
        }

        if (options.Datasets.Count > 1)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"datasets are compared by: fitcluster compare {folder} --a {options.Datasets[0]} --b {options.Datasets[1]}");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"results are in {folder}");
        return text.ToString();
    }

    /// <inheritdoc/>
    public override void WriteFiles(string to, FitOutcome outcome)
    {
        var cells = new NbCellSums(options.Components, options.Datasets.Count);
        using (var rows = new RowArrayWriter(
            to, _request.Data.RowNames, _request.Spec.Tables, array => (array.Name, array.Shape.Length == 2 ? components : [array.Name])))
        {
            for (var shard = 0; shard < outcome.ShardResults.Count; shard++)
            {
                var range = _request.Ranges[shard];
                var results = WithMore(outcome.ShardResults[shard], datasets.OfRow.AsSpan((int)range.First, range.Count));
                cells.Add(results, datasets.OfRow.AsSpan((int)range.First, range.Count));
                rows.Append(results);
            }

            rows.Finish();
        }

        var global = outcome.GlobalResult!;
        foreach (var array in global.Where(array => NbKind.GlobalArrays.Contains(array.Name)))
        {
            NpyWriter.Write(Path.Combine(to, array.Name + ".npy"), array.Values, [.. array.Shape.Select(length => (long)length)]);
            WriteTable(to, array);
        }

        NbChecks.Write(to, _request.Data, methods.Draws(options, global), cells, options.Seed);
    }

    // Parameters as genes x leaves, weights as datasets x components; what draws need stays an array.
    private void WriteTable(string to, NamedArray array)
    {
        var path = Path.Combine(to, array.Name + ".tsv");
        if (!_request.Spec.Tables)
        {
            return;
        }

        if (array.Name == "weights")
        {
            var rows = array.Values.Length / options.Components;
            TsvWriter.Write(path, rows == options.Datasets.Count ? options.Datasets : ["all"], components, array.Values);
        }
        else if (array.Name.EndsWith("_mean", StringComparison.Ordinal) || array.Name.EndsWith("_sd", StringComparison.Ordinal))
        {
            var leaves = new NbLeafArray(array, options.Components, options.Datasets.Count, options.Genes);
            TsvWriter.Write(
                path, leaves.Width == 1 ? ["all"] : _request.Data.ColumnNames, leaves.RowNames(components, options.Datasets),
                leaves.ByGene());
        }
    }

    // Beside a shard's own: the entropy of a cell's component, in nats, and its dataset.
    private ArraySet WithMore(ArraySet shard, ReadOnlySpan<int> of)
    {
        var more = new ArraySet();
        foreach (var array in shard)
        {
            more.Set(array);
        }

        if (options.Datasets.Count > 1)
        {
            var numbers = new double[of.Length];
            for (var i = 0; i < of.Length; i++)
            {
                numbers[i] = of[i];
            }

            more.Set(NbKind.DatasetArray, numbers);
        }

        if (!shard.Contains("responsibilities"))
        {
            return more;
        }

        var shares = shard["responsibilities"];
        var entropy = new double[shares.Length / options.Components];
        for (var at = 0; at < shares.Length; at++)
        {
            entropy[at / options.Components] -= shares[at] > 0 ? shares[at] * double.Log(shares[at]) : 0;
        }

        return more.Set("entropy", entropy);
    }

    private void WriteWeights(Utf8JsonWriter writer, double[] weights)
    {
        writer.WriteStartArray("weights");
        for (var at = 0; at < weights.Length; at += options.Components)
        {
            writer.WriteStartArray();
            foreach (var weight in weights.AsSpan(at, options.Components))
            {
                writer.WriteNumberValue(weight);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }
}
