using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using FitCluster.Models.Results;

namespace FitCluster.Models.Reports;

/// <summary>The report of a finished fit: one HTML file that needs nothing else.</summary>
internal static class HtmlReport
{
    private const string Style = "body{font:15px/1.5 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}svg{max-width:100%}" +
        "table{border-collapse:collapse}td,th{text-align:left;padding:0 1rem 0 " +
        "0;vertical-align:top}pre{overflow:auto;background:#f6f8fa;padding:0.5rem}";

    /// <summary>The page.</summary>
    /// <param name="fit">The fit.</param>
    /// <param name="first">Sections before those of the model.</param>
    public static string Of(FinishedFit fit, params IEnumerable<ReportSection> first)
    {
        var json = fit.Report;
        var name = json.GetProperty("name").GetString()!;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture,
            $"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{Encode(name)}</title>\n");
        text.Append(CultureInfo.InvariantCulture, $"<style>{Style}</style></head><body>\n<h1>{Encode(name)}</h1>\n");
        text.Append(Facts(json));
        foreach (var section in first.Concat(Trace(fit)).Concat(fit.Kind.Report(fit)).Concat(Events(json)).Append(Spec(json)))
        {
            text.Append(CultureInfo.InvariantCulture, $"<h2>{Encode(section.Title)}</h2>\n{section.Html}\n");
        }

        return text.Append("</body></html>\n").ToString();
    }

    private static string Facts(JsonElement json)
    {
        var text = new StringBuilder("<table>\n");
        foreach (var field in new[]
        {
            "model", "status", "reason", "rows", "columns", "nonZeros", "missing", "seed", "shards", "rounds", "elbo", "seconds",
            "checkpoints", "version", "specHash", "dataHash"
        })
        {
            if (json.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null && value.ToString().Length > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"<tr><th>{field}</th><td>{Encode(value.ToString())}</td></tr>\n");
            }
        }

        return text.Append("</table>\n").ToString();
    }

    private static IEnumerable<ReportSection> Trace(FinishedFit fit)
    {
        if (!File.Exists(fit.At("trace.csv")))
        {
            yield break;
        }

        var points = new List<(double Round, double Elbo)>();
        foreach (var fields in File.ReadLines(fit.At("trace.csv")).Skip(1).Select(line => line.Split(',')))
        {
            if (double.TryParse(fields[0], CultureInfo.InvariantCulture, out var round) &&
                double.TryParse(fields[^1], CultureInfo.InvariantCulture, out var elbo))
            {
                points.Add((round, elbo));
            }
        }

        if (points.Count > 1)
        {
            yield return new ReportSection("The evidence lower bound over the rounds", Svg.Line(points, "round", "ELBO"));
        }
    }

    private static IEnumerable<ReportSection> Events(JsonElement json)
    {
        if (json.TryGetProperty("events", out var events) && events.GetArrayLength() > 0)
        {
            var items = events.EnumerateArray().Select(words => $"<li>{Encode(words.ToString())}</li>\n");
            yield return new ReportSection("What happened on the way", $"<ul>\n{string.Concat(items)}</ul>");
        }
    }

    private static ReportSection Spec(JsonElement json)
    {
        var text = Encoding.UTF8.GetString(Json.Bytes(json.GetProperty("spec").WriteTo));
        return new ReportSection("What was asked for", $"<pre>{Encode(text)}</pre>");
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
