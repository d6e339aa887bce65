using System.Globalization;
using FitCluster.Data;
using FitCluster.Models.Jobs;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Nb;

/// <summary>
/// Soft labels: what is added to the log weight of a labelled cell's component. Labels are components in the order of their names; a cell
/// without a label, or with a missing one, has no preference.
/// </summary>
/// <param name="Names">The labels: of components 0, 1, ...</param>
/// <param name="OfRow">By row: its label; -1: none.</param>
/// <param name="Confidence">By row: what is added.</param>
internal sealed record NbLabels(IReadOnlyList<string> Names, int[] OfRow, double[] Confidence)
{
    private const string What = "nb.labels";

    /// <summary>Reads labels; every problem is noted.</summary>
    /// <param name="section">The options.</param>
    /// <param name="data">The data.</param>
    /// <param name="problems">Takes what is wrong.</param>
    /// <returns>Null where there are none, or a problem.</returns>
    public static NbLabels? Read(SpecSection section, MatrixSource data, ProblemList problems)
    {
        if (section.Get(NbFields.Labels) is not { } path)
        {
            return null;
        }

        var before = problems.Count;
        var rows = new NameIndex(data.RowNames, "row", "the data");
        try
        {
            var table = TextTable.Open(InputFiles.FindFile(File.Exists(path) ? path
                : throw new DataException($"the file '{path}' does not exist")));
            var lines = table.Lines().ToList();
            if (lines.Count > 0 && !rows.Has(lines[0].Fields[0]))
            {
                lines.RemoveAt(0);
            }

            var labels = Read(path, lines, rows, section, problems);
            return problems.Count == before ? labels : null;
        }
        catch (DataException e)
        {
            problems.Add($"{What}: {e.Message}");
            return null;
        }
    }

    private static NbLabels? Read(
        string path, List<TextTableLine> lines, NameIndex rows, SpecSection section, ProblemList problems)
    {
        var (components, usual) = (section.Get(NbFields.Components), section.Get(NbFields.LabelConfidence));
        string[] names = [.. lines.Where(line => line.Fields.Count > 1 && !TextTable.IsMissing(line.Fields[1]))
            .Select(line => line.Fields[1]).Distinct().Order(StringComparer.Ordinal)];
        if (names.Length == 0)
        {
            problems.Add($"{What}: '{path}' has no label: give a cell, its label and, if wanted, a confidence in each line");
            return null;
        }

        if (names.Length > components)
        {
            problems.Add($"{What}: '{path}' has {names.Length} labels ({RowGroups.Words(names)}), and nb.components is {components}: ask " +
                "for at least as many components");
        }

        string[] unknown = [.. lines.Where(line => !rows.Has(line.Fields[0])).Select(line => line.Fields[0])];
        if (unknown.Length > 0)
        {
            problems.Add($"{What}: '{path}' labels {RowGroups.Counted(unknown.Length, "cell", "cells")} that the data do not have " +
                $"({RowGroups.Words(unknown)}): take them out, or give the data's names");
        }

        var (of, confidence) = (new int[rows.Names.Count], new double[rows.Names.Count]);
        of.AsSpan().Fill(-1);
        foreach (var (line, fields) in lines)
        {
            if (fields.Count < 2 || TextTable.IsMissing(fields[1]) || rows.TryFind(fields[0]) is not { } row)
            {
                continue;
            }

            of[row] = Array.BinarySearch(names, fields[1], StringComparer.Ordinal);
            confidence[row] = usual;
            if (fields.Count > 2 && !TextTable.IsMissing(fields[2]) &&
                !(double.TryParse(fields[2], NumberStyles.Float, CultureInfo.InvariantCulture, out confidence[row]) &&
                    confidence[row] >= 0 && double.IsFinite(confidence[row])))
            {
                problems.Add(FormattableString.Invariant(
                    $"{What}: {path}:{line} has the confidence '{fields[2]}', which must be a number of at least 0"));
                return null;
            }
        }

        return new NbLabels(names, of, confidence);
    }

    /// <summary>The logits of a shard's rows, rows x components.</summary>
    public double[] Logits(ShardRange range, int components)
    {
        var logits = new double[range.Count * components];
        for (var i = 0; i < range.Count; i++)
        {
            if (OfRow[range.First + i] is >= 0 and var label)
            {
                logits[(i * components) + label] = Confidence[range.First + i];
            }
        }

        return logits;
    }

    /// <summary>The content, for a hash.</summary>
    public string Hash => new RowGroups(Names, OfRow).Hash +
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(
            System.Runtime.InteropServices.MemoryMarshal.AsBytes(Confidence.AsSpan())));
}
