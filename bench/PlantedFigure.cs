using System.Globalization;
using System.Text;

namespace FitCluster.Bench;

/// <summary>A curve of a figure: at each number of components the scores of several data sets.</summary>
internal sealed record PlantedCurve(string Name, string Colour, IReadOnlyList<(int Components, double[] Scores)> Points);

/// <summary>
/// Scores by the number of components as SVG: panels side by side, components on a logarithmic axis, a dot for
/// each data set and a line through their means.
/// </summary>
internal static class PlantedFigure
{
    private const double Width = 420;
    private const double Height = 290;
    private const double Left = 62;
    private const double Top = 34;
    private const double Bottom = 44;
    private const double Right = 14;
    private static readonly double[] Steps = [1, 2, 5, 10];

    public static string Draw(string title, IReadOnlyList<(string Title, PlantedCurve[] Curves)> panels)
    {
        var text = new StringBuilder();
        var width = Width * panels.Count;
        text.Append(
            Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:F0} {Height + 20:F0}\" width=\"{width:F0}\" "));
        text.Append(Invariant(
            $"font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"{width:F0}\" height=\"{Height + 20:F0}\" fill=\"white\"/>\n"));
        for (var panel = 0; panel < panels.Count; panel++)
        {
            text.Append(Invariant($"<g transform=\"translate({panel * Width:F0},0)\">\n"));
            Panel(text, panels[panel].Title, panels[panel].Curves);
            text.Append("</g>\n");
        }

        text.Append(Text(width / 2, Height + 12, "middle", title));
        return text.Append("</svg>\n").ToString();
    }

    private static void Panel(StringBuilder text, string title, PlantedCurve[] curves)
    {
        var scores = curves.SelectMany(c => c.Points).SelectMany(p => p.Scores).ToArray();
        var components = curves.SelectMany(c => c.Points).Select(p => p.Components).Distinct().Order().ToArray();
        var step = Step((scores.Max() - scores.Min()) / 4);
        var (low, high) = (double.Floor(scores.Min() / step) * step, double.Ceiling(scores.Max() / step) * step);
        double X(int k) => Left + (double.Log(k) / double.Log(components[^1]) * (Width - Left - Right - 20)) + 10;
        double Y(double score) => Top + ((high - score) / (high - low) * (Height - Top - Bottom));
        text.Append(Text(Left, Top - 14, "start", title, " font-weight=\"bold\""));
        for (var tick = 0; low + (tick * step) <= high + (step / 2); tick++)
        {
            var score = low + (tick * step);
            text.Append(Invariant(
                $"<line x1=\"{Left:F1}\" x2=\"{Width - Right:F1}\" y1=\"{Y(score):F1}\" y2=\"{Y(score):F1}\" stroke=\"#ddd\"/>\n"));
            text.Append(Text(Left - 6, Y(score) + 4, "end", score.ToString(step < 0.01 ? "F3" : "F2", CultureInfo.InvariantCulture)));
        }

        foreach (var k in components)
        {
            text.Append(Text(X(k), Height - Bottom + 16, "middle", k.ToString(CultureInfo.InvariantCulture)));
        }

        text.Append(Text((Left + Width - Right) / 2, Height - 10, "middle", "components"));
        for (var c = 0; c < curves.Length; c++)
        {
            var curve = curves[c];
            var path = string.Join(' ', curve.Points.Select(p => Invariant($"{X(p.Components):F1},{Y(p.Scores.Average()):F1}")));
            text.Append(Invariant($"<polyline points=\"{path}\" fill=\"none\" stroke=\"{curve.Colour}\" stroke-width=\"1.8\"/>\n"));
            foreach (var (k, values) in curve.Points)
            {
                foreach (var score in values)
                {
                    text.Append(Invariant(
                        $"<circle cx=\"{X(k):F1}\" cy=\"{Y(score):F1}\" r=\"2.4\" fill=\"{curve.Colour}\" fill-opacity=\"0.45\"/>\n"));
                }
            }

            text.Append(Text(
                Width - Right - 4, Height - Bottom - 10 - (14 * (curves.Length - 1 - c)), "end", curve.Name, $" fill=\"{curve.Colour}\""));
        }
    }

    // 1, 2 or 5 times a power of ten, at least as large as asked for.
    private static double Step(double least)
    {
        var power = double.Pow(10, double.Floor(double.Log10(double.Max(least, 1e-6))));
        return Steps.Select(m => m * power).First(s => s >= least);
    }

    private static string Text(double x, double y, string anchor, string words, string more = "") =>
        Invariant($"<text x=\"{x:F1}\" y=\"{y:F1}\" text-anchor=\"{anchor}\"{more}>{System.Net.WebUtility.HtmlEncode(words)}</text>\n");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
