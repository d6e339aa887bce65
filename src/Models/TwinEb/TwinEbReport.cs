using System.Text.Json;
using FitCluster.Models.Reports;
using FitCluster.Models.Results;

namespace FitCluster.Models.TwinEb;

/// <summary>TwinEB's sections of a report.</summary>
internal static class TwinEbReport
{
    public static IEnumerable<ReportSection> Sections(FinishedFit fit)
    {
        if (!fit.Report.TryGetProperty(TwinEbFields.Table.Name, out var own))
        {
            yield break;
        }

        (string Words, string Field)[] scores =
        [
            ("validation cells: log-likelihood", "heldOutLogLik"), ("validation cells: RMSE", "rmse"), ("validation cells: MAE", "mae"),
            ("test cells: log-likelihood", "testLogLik"), ("test cells: RMSE", "testRmse"), ("test cells: MAE", "testMae"),
        ];
        var lines = scores.Where(score => Has(own, score.Field))
            .Select(score =>
                FormattableString.Invariant($"<tr><th>{score.Words}</th><td>{own.GetProperty(score.Field).GetDouble():F4}</td></tr>\n"))
            .ToList();
        if (lines.Count > 0)
        {
            yield return new ReportSection("Held-out scores", $"<table>\n{string.Concat(lines)}</table>");
        }

        foreach (var (title, file) in new[]
        {
            ("Weights of the rows' components", "row_prior.json"), ("Weights of the columns' components", "column_prior.json")
        })
        {
            if (File.Exists(fit.At(file)))
            {
                yield return new ReportSection(title, Weights(fit.At(file)));
            }
        }
    }

    private static bool Has(JsonElement own, string field) =>
        own.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number;

    private static string Weights(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        var weights = document.RootElement.GetProperty("components").EnumerateArray().Select(c => c.GetProperty("weight").GetDouble());
        return Svg.Bars([.. weights.OrderDescending().Take(20).Select((weight, k) => ($"{k + 1}", weight))], "weight");
    }
}
