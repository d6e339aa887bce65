using System.Globalization;
using System.Text;
using System.Text.Json;
using FitCluster.Data;
using FitCluster.Data.Writing;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models.Priors;
using FitCluster.Models.Results;

namespace FitCluster.Models.Ebmf;

/// <summary>The results of ebmf.</summary>
internal sealed class EbmfOutput(ModelRequest request) : ModelOutput(request)
{
    /// <summary>
    /// The file of the residual standard deviation, without ending, where it is one for all, or belongs to rows or to columns alone.
    /// </summary>
    public const string ResidualSd = "residual_sd";

    /// <summary>The rows' part, where columns have one too.</summary>
    public const string ResidualSdOfRows = "residual_sd_rows";

    /// <summary>The columns' part, where rows have one too.</summary>
    public const string ResidualSdOfColumns = "residual_sd_columns";

    // So many names are said; of the others the count.
    private const int MostNames = 10;

    // A list of a number for each row of an atlas belongs into an array file.
    private const int LongestList = 100_000;

    private readonly MatrixSource _data = request.Data;

    /// <inheritdoc/>
    public override string LimitOption => "ebmf.maxSweeps";

    /// <inheritdoc/>
    public override string AdviceWhereNotConverged =>
        $"{base.AdviceWhereNotConverged}, or start from them with fit --from; where rows or columns are of very different size, scale " +
        "them, or let each have its variance (--variance row, column or kronecker)";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings(FitOutcome outcome)
    {
        var columns = outcome.GlobalResult is { } global && global.Contains(EbmfResults.AtBound.Name)
            ? global[EbmfResults.AtBound.Name].Index().Where(c => c.Item == 1).Select(c => (long)c.Index) : [];
        var rows = outcome.ShardResults.Count > 0 && outcome.ShardResults[0].Contains(EbmfResults.AtBound.Name)
            ? outcome.ShardResults.SelectMany(shard => shard[EbmfResults.AtBound.Name]).Index().Where(r => r.Item == 1)
                .Select(r => (long)r.Index) : [];
        string[] atBound = outcome.GlobalResult?.Contains(EbmfResults.IsExact.Name) == true
            ? [Exact(outcome.GlobalResult["pve"].Length)]
            : [.. AtBound("column", columns, _data.ColumnNames), .. AtBound("row", rows, _data.RowNames)];
        string[] far = [.. FarEntry(outcome)];
        return far.Length > 0 ? far : atBound;
    }

    // An entry by mistake, or in another unit, has all of the sum of squares.
    private IEnumerable<string> FarEntry(FitOutcome outcome)
    {
        if (outcome.GlobalResult is not { } global || !global.Contains(EbmfResults.FarEntry.Name))
        {
            yield break;
        }

        var far = global[EbmfResults.FarEntry.Name];
        var others = far[4] > 1 ? $" (and {far[4] - 1} more)" : "";
        var (row, column) = (_data.RowNames[(int)far[0]], _data.ColumnNames[(int)far[1]]);
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"the entry of row {row} and column {column}{others} is {far[2]:G4}, {double.Abs(far[2] / far[3]):G1} times the typical one, " +
            $"with nothing in between: it outweighs all others, and their factors may not be found; correct it, or leave it out (NA)");
    }

    private static string Exact(int factors) =>
        $"the data are fitted exactly by {factors} {(factors == 1 ? "factor" : "factors")}: the noise is zero, or less than 1e-10 of the " +
        "data's size, where residual variances are kept; the ELBO and standard deviations depend on that bound";

    /// <inheritdoc/>
    public override void WriteReport(Utf8JsonWriter writer, FitOutcome outcome)
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
    public override string Table(FitOutcome outcome, string folder)
    {
        var global = outcome.GlobalResult!;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{Ended(outcome)}: ELBO {global.Scalar("elbo"):F4}, {global["pve"].Length} factors");
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
    public override void WriteFiles(string to, FitOutcome outcome)
    {
        var global = outcome.GlobalResult!;
        var k = global.Get("pve").Values.Length;
        string[] factors = [.. Enumerable.Range(1, k).Select(i => $"factor{i}")];
        var hasRowNoise = false;
        WriteRows(to, outcome, array =>
        {
            if (array.Name == EbmfResults.AtBound.Name)
            {
                return null;
            }

            if (array.Name == ResidualSd)
            {
                // With rank-one variances both rows and columns have a part.
                hasRowNoise = true;
                return (global.Contains(ResidualSd) ? ResidualSdOfRows : ResidualSd, [ResidualSd]);
            }

            if (k == 0)
            {
                // With no factor left no round follows in which a shard would hear that the last candidate was dropped.
                NpyWriter.Write(Path.Combine(to, array.Name + ".npy"), [], _data.Rows, 0);
                return null;
            }

            return (array.Name, factors);
        });
        foreach (var array in global.Where(a => a.Name.StartsWith("factors_", StringComparison.Ordinal)))
        {
            WriteColumns(to, array, array.Name, factors);
        }

        if (global.Contains(ResidualSd))
        {
            WriteColumns(to, global.Get(ResidualSd), hasRowNoise ? ResidualSdOfColumns : ResidualSd, [ResidualSd]);
        }

        WritePriors(to, "loadings", global, k);
        WritePriors(to, "factors", global, k);
    }

    // A factor that is one column alone, or one row, lets its residual variance go as far as it may.
    private static IEnumerable<string> AtBound(string side, IEnumerable<long> indices, IReadOnlyList<string> names)
    {
        long[] all = [.. indices];
        if (all.Length == 0)
        {
            yield break;
        }

        var said = string.Join(", ", all.Take(MostNames).Select(i => names[(int)i]))
            + (all.Length > MostNames ? $" and {all.Length - MostNames} more" : "");
        yield return all.Length == 1
            ? $"the residual variance of {side} {said} collapsed to its bound: some factor is that {side} alone, and not shared " +
                $"by others; leave the {side} out, or use a constant variance"
            : $"the residual variances of {all.Length} {side}s collapsed to their bounds ({said}): some factors are one such {side} " +
                $"alone, and not shared by others; leave these {side}s out, or use a constant variance";
    }

    private void WriteOwn(Utf8JsonWriter writer, FitOutcome outcome)
    {
        var global = outcome.GlobalResult!;
        writer.WriteNumber("factors", global["pve"].Length);
        writer.Numbers("pve", global["pve"]);
        var hasRowNoise = outcome.ShardResults[0].Contains(ResidualSd);
        if (!global.Contains(ResidualSd) && hasRowNoise && _data.Rows <= LongestList)
        {
            writer.Numbers("residualSd", outcome.ShardResults.SelectMany(shard => shard[ResidualSd]).ToArray());
        }
        else if (!global.Contains(ResidualSd) || hasRowNoise)
        {
            // Nothing estimated, a part for rows and one for columns, or too many: see the arrays.
            writer.WriteNull("residualSd");
        }
        else if (global.Get(ResidualSd).Shape.Length == 0)
        {
            writer.Number("residualSd", global.Scalar(ResidualSd));
        }
        else
        {
            writer.Numbers("residualSd", global[ResidualSd]);
        }
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
