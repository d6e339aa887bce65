using System.Globalization;
using System.Text.Json;

namespace FitCluster.Models.Reports;

/// <summary>The demo's page: one HTML file that needs nothing else.</summary>
internal static class DemoReport
{
    public static string Html(JsonElement fit, IReadOnlyList<(double Round, double Elbo)> trace, Recovery recovery)
    {
        var pve = fit.GetProperty("ebmf").GetProperty("pve").EnumerateArray().Select((v, k) => ($"{k + 1}", v.GetDouble())).ToList();
        var elbo = fit.GetProperty("elbo").GetDouble().ToString("F2", CultureInfo.InvariantCulture);
        return $"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>FitCluster demo</title>
            <style>body&#123;font:15px/1.5 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem&#125;svg&#123;max-width:100%&#125;</style></head><body>
            <h1>FitCluster demo</h1>
            <p>An atlas of {fit.GetProperty("rows")} rows and {fit.GetProperty("columns")} columns was simulated with {recovery.Match.Length} known factors, and
            fitted without them by empirical-Bayes matrix factorization: {pve.Count} factors were found, {fit.GetProperty("status")} after
            {fit.GetProperty("rounds")} rounds, ELBO {elbo}.</p>
            <h2>Recovery: correlation of true and fitted loadings</h2>
            {Svg.Shades(recovery.Loadings, "true", "fit")}
            <h2>Recovery: correlation of true and fitted factors</h2>
            {Svg.Shades(recovery.Factors, "true", "fit")}
            <h2>Share of variance explained by each factor</h2>
            {Svg.Bars(pve, "pve")}
            <h2>The evidence lower bound over the rounds</h2>
            {Svg.Line([.. trace.Select(t => (t.Round, t.Elbo))], "round", "ELBO")}
            </body></html>

            """.Replace("&#123;", "{", StringComparison.Ordinal).Replace("&#125;", "}", StringComparison.Ordinal);
    }
}
