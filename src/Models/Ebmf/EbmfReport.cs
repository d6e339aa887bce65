using FitCluster.Data;
using FitCluster.Models.Reports;
using FitCluster.Models.Results;

namespace FitCluster.Models.Ebmf;

/// <summary>EBMF's sections of a report.</summary>
internal static class EbmfReport
{
    private const int Leading = 8;
    private const double Sure = 0.05;

    public static IEnumerable<ReportSection> Sections(FinishedFit fit)
    {
        if (!fit.Report.TryGetProperty(EbmfFields.Table.Name, out var own))
        {
            yield break;
        }

        double[] pve = [.. own.GetProperty("pve").EnumerateArray().Select(v => v.GetDouble())];
        if (pve.Length == 0)
        {
            yield return new ReportSection("Factors", "<p>No factor raises the ELBO: the data are explained by noise alone.</p>");
            yield break;
        }

        yield return new ReportSection(
            "Share of variance explained by each factor", Svg.Bars([.. pve.Select((v, k) => ($"{k + 1}", v))], "pve"));
        yield return new ReportSection("Columns that lead each factor", Leaders(fit, pve));
    }

    private static string Leaders(FinishedFit fit, double[] pve)
    {
        var k = pve.Length;
        var (mean, lfsr) = (fit.ColumnArray("factors_mean", k), DenseArray.Read(fit.At("factors_lfsr.npy")).Values);
        var rows = Enumerable.Range(0, k).Select(factor =>
        {
            var leading = Enumerable.Range(0, fit.Columns.Names.Count)
                .Where(j => lfsr[(j * k) + factor] < Sure)
                .OrderByDescending(j => double.Abs(mean[(j * k) + factor]))
                .Take(Leading)
                .Select(j => System.Net.WebUtility.HtmlEncode(fit.Columns.Names[j]) + (mean[(j * k) + factor] > 0 ? "+" : "−"));
            return FormattableString.Invariant(
                $"<tr><td>{factor + 1}</td><td>{pve[factor]:F4}</td><td>{string.Join(", ", leading)}</td></tr>\n");
        });
        return $"<table>\n<tr><th>factor</th><th>pve</th><th>columns with lfsr below {Sure}, the largest first, and their " +
            $"signs</th></tr>\n{string.Concat(rows)}</table>";
    }
}
