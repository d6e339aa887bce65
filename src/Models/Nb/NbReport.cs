using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using FitCluster.Models.Reports;
using FitCluster.Models.Results;

namespace FitCluster.Models.Nb;

/// <summary>The sections of nb in a report: scales, weights, capture, predictive checks.</summary>
internal static class NbReport
{
    // More would be one blot, and a page that takes long to draw; of more genes those outside their bands are all shown.
    private const int MostShown = 1500;

    private static readonly (string Title, int First, bool IsLogarithmic)[] Plots =
        [("mean count", 0, true), ("variance", 3, true), ("share of zeros", 6, false)];

    public static IEnumerable<ReportSection> Sections(FinishedFit fit)
    {
        if (!fit.Report.TryGetProperty(NbFields.Table.Name, out var own))
        {
            yield break;
        }

        if (own.TryGetProperty("scales", out var scales) && scales.EnumerateObject().Any())
        {
            yield return new ReportSection("Scales of the hierarchies", Scales(scales));
        }

        if (own.TryGetProperty("weights", out var weights))
        {
            var values = weights.EnumerateArray().Select(row => row.EnumerateArray().Select(w => w.GetDouble()).ToArray()).ToArray();
            var shades = new double[values.Length, values[0].Length];
            for (var d = 0; d < values.Length; d++)
            {
                for (var k = 0; k < values[d].Length; k++)
                {
                    shades[d, k] = values[d][k];
                }
            }

            var names = own.GetProperty("components").EnumerateArray().Select((name, k) => $"{k + 1}: {name.GetString()}");
            yield return new ReportSection(
                "Weights of the components", Svg.Shades(shades, values.Length == 1 ? "all" : "dataset", "") +
                    $"<p>{WebUtility.HtmlEncode(string.Join(", ", names))}</p>");
        }

        if (File.Exists(fit.At("capture_mean.npy")))
        {
            yield return new ReportSection("Capture of the cells", Histogram(fit.RowArray("capture_mean", 1)));
        }

        if (File.Exists(fit.At(NbChecks.FileName)))
        {
            yield return new ReportSection("Predictive checks by gene", Checks(fit.At(NbChecks.FileName)));
        }
    }

    private static string Scales(JsonElement scales)
    {
        var text = new StringBuilder("<table>\n<tr><th>scale of</th><th>mean</th><th>90 % interval</th><th></th></tr>\n");
        foreach (var scale in scales.EnumerateObject())
        {
            double Of(string name) => scale.Value.GetProperty(name).GetDouble();
            text.Append(CultureInfo.InvariantCulture,
                $"<tr><td>{WebUtility.HtmlEncode(scale.Name.Replace('_', ' '))}</td><td>{Of("mean"):G3}</td><td>{Of("low"):G3} to " +
                $"{Of("high"):G3}</td><td>{WebUtility.HtmlEncode(scale.Value.GetProperty("words").GetString())}</td></tr>\n");
        }

        return text.Append("</table>").ToString();
    }

    private static string Histogram(double[] captures)
    {
        const int Bins = 12;
        var most = double.Max(captures.Max(), 1e-300);
        var counts = new double[Bins];
        foreach (var capture in captures)
        {
            counts[int.Min(Bins - 1, (int)(capture / most * Bins))]++;
        }

        return Svg.Bars([.. counts.Select((count, i) =>
            (((i + 0.5) * most / Bins).ToString("F3", CultureInfo.InvariantCulture), count / captures.Length))], "share of cells");
    }

    private static string Checks(string path)
    {
        var rows = File.ReadLines(path).Skip(1).Select(line => line.Split('\t').Skip(1)
            .Select(field => double.Parse(field, CultureInfo.InvariantCulture)).ToArray()).ToList();
        var text = new StringBuilder();
        foreach (var (title, first, isLogarithmic) in Plots)
        {
            var bands = rows.Select(row => (Observed: row[first], Low: row[first + 1], High: row[first + 2])).ToList();
            var outside = bands.Where(IsOutside).ToList();
            text.Append(CultureInfo.InvariantCulture,
                $"<p>{title}: {outside.Count} of {bands.Count} genes are outside the band of 90 % of replicates; of a model that is " +
                $"right, at most about 1 in 10 are, and fewer where the fit has seen what is checked.</p>\n");
            var inside = bands.Where(band => !IsOutside(band)).ToList();
            var step = int.Max(1, inside.Count / MostShown);
            text.Append(Svg.Bands([.. inside.Where((_, i) => i % step == 0), .. outside], isLogarithmic, title));
        }

        return text.ToString();
    }

    private static bool IsOutside((double Observed, double Low, double High) band) => band.Observed < band.Low || band.Observed > band.High;
}
