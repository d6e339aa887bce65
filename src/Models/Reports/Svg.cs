using System.Globalization;
using System.Text;

namespace FitCluster.Models.Reports;

/// <summary>Small plots as inline SVG.</summary>
public static class Svg
{
    private const double Width = 640;
    private const double Height = 240;
    private const double Wide = 360;
    private const double Left = 90;
    private const double Bottom = 30;

    /// <summary>A line through points.</summary>
    public static string Line(IReadOnlyList<(double X, double Y)> points, string xLabel, string yLabel)
    {
        var (x0, x1) = (points.Min(p => p.X), points.Max(p => p.X));
        var (y0, y1) = (points.Min(p => p.Y), points.Max(p => p.Y));
        double X(double x) => Left + ((x - x0) / double.Max(x1 - x0, 1e-300) * (Width - Left - 10));
        double Y(double y) => Height - Bottom - ((y - y0) / double.Max(y1 - y0, 1e-300) * (Height - Bottom - 10));
        var path = string.Join(' ', points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.X):F1},{Y(p.Y):F1}")));
        return Frame($"<polyline points=\"{path}\" fill=\"none\" stroke=\"#1f6feb\" stroke-width=\"2\"/>" +
            Text(Left - 6, Y(y0), "end", y0.ToString("G7", CultureInfo.InvariantCulture)) +
            Text(Left - 6, Y(y1) + 10, "end", y1.ToString("G7", CultureInfo.InvariantCulture)) +
            Text((Width + Left) / 2, Height - 8, "middle", xLabel) + Text(4, 14, "start", yLabel));
    }

    /// <summary>Bars from zero.</summary>
    public static string Bars(IReadOnlyList<(string Name, double Value)> bars, string yLabel)
    {
        var most = bars.Count == 0 ? 1 : double.Max(bars.Max(b => b.Value), 1e-300);
        var step = (Width - Left - 10) / int.Max(1, bars.Count);
        var text = new StringBuilder(Text(4, 14, "start", yLabel));
        for (var b = 0; b < bars.Count; b++)
        {
            var height = bars[b].Value / most * (Height - Bottom - 30);
            var x = Left + (b * step);
            text.Append(CultureInfo.InvariantCulture,
                $"<rect x=\"{x + (0.1 * step):F1}\" y=\"{Height - Bottom - height:F1}\" width=\"{0.8 * step:F1}\" " +
                $"height=\"{height:F1}\" fill=\"#1f6feb\"/>");
            text.Append(
                Text(x + (step / 2), Height - Bottom - height - 4, "middle", bars[b].Value.ToString("F3", CultureInfo.InvariantCulture)));
            text.Append(Text(x + (step / 2), Height - 12, "middle", bars[b].Name));
        }

        return Frame(text.ToString());
    }

    /// <summary>A table of values in [0, 1] as shades.</summary>
    public static string Shades(double[,] values, string rowName, string columnName)
    {
        const double cell = 44;
        var (rows, columns) = (values.GetLength(0), values.GetLength(1));
        var text = new StringBuilder();
        for (var i = 0; i < rows; i++)
        {
            text.Append(Text(Left - 6, (i * cell) + 50, "end", string.Create(CultureInfo.InvariantCulture, $"{rowName} {i + 1}")));
            for (var j = 0; j < columns; j++)
            {
                var v = values[i, j];
                text.Append(CultureInfo.InvariantCulture,
                    $"<rect x=\"{Left + (j * cell):F0}\" y=\"{24 + (i * cell):F0}\" width=\"{cell - 2}\" height=\"{cell - 2}\" " +
                    $"fill=\"#1f6feb\" fill-opacity=\"{v:F2}\"/>");
                text.Append(
                    Text(Left + (j * cell) + (cell / 2), (i * cell) + 50, "middle", v.ToString("F2", CultureInfo.InvariantCulture)));
            }
        }

        for (var j = 0; j < columns; j++)
        {
            text.Append(
                Text(Left + (j * cell) + (cell / 2), 16, "middle", string.Create(CultureInfo.InvariantCulture, $"{columnName} {j + 1}")));
        }

        return Frame(text.ToString(), Left + (columns * cell), 30 + (rows * cell));
    }

    /// <summary>
    /// Observed values against the bands that they should be in: a line for each band at its observed value, with the diagonal on which
    /// value
    /// and band meet; red where the value is outside. Both axes are logarithmic or both are plain; what is not positive is left out then.
    /// </summary>
    public static string Bands(IReadOnlyList<(double Observed, double Low, double High)> bands, bool isLogarithmic, string label)
    {
        double Scaled(double value) => isLogarithmic ? double.Log10(value) : value;
        var shown = bands.Where(b => !isLogarithmic || (b.Observed > 0 && b.High > 0)).ToList();
        if (shown.Count == 0)
        {
            return Frame(Text(Left, 14, "start", label));
        }

        var (low, high) = (shown.Min(b => Scaled(b.Observed)), shown.Max(b => Scaled(b.Observed)));
        (low, high) = high > low ? (low, high) : (low - 1, high + 1);
        double X(double value) => Left + ((Scaled(value) - low) / (high - low) * (Width - Left - 10));
        double Y(double value) => Wide - Bottom - ((double.Clamp(double.IsNaN(Scaled(value)) ? low : Scaled(value), low, high) - low) /
            (high - low) * (Wide - Bottom - 20));
        var text = new StringBuilder(Text(4, 14, "start", $"{label}: 90 % bands of the model (up) at what was observed (across)"));
        text.Append(CultureInfo.InvariantCulture,
            $"<line x1=\"{Left}\" y1=\"{Wide - Bottom}\" x2=\"{Width - 10}\" y2=\"20\" stroke=\"#bbb\"/>");
        foreach (var (observed, bottom, top) in shown)
        {
            var isOut = observed < bottom || observed > top;
            text.Append(CultureInfo.InvariantCulture,
                $"<line x1=\"{X(observed):F1}\" y1=\"{Y(bottom) + 0.5:F1}\" x2=\"{X(observed):F1}\" y2=\"{Y(top) - 0.5:F1}\" " +
                $"stroke=\"{(isOut ? "#d1242f" : "#1f6feb")}\" stroke-opacity=\"{(isOut ? 0.9 : 0.35):F2}\"/>");
        }

        string Number(double value) => (isLogarithmic ? double.Exp10(value) : value).ToString("G3", CultureInfo.InvariantCulture);
        text.Append(Text(Left, Wide - 12, "start", Number(low))).Append(Text(Width - 10, Wide - 12, "end", Number(high)));
        text.Append(Text(Left - 6, Wide - Bottom, "end", Number(low))).Append(Text(Left - 6, 28, "end", Number(high)));
        return Frame(text.ToString(), Width, Wide);
    }

    private static string Frame(string content, double width = Width, double height = Height) => string.Create(CultureInfo.InvariantCulture,
        $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:F0} {height:F0}\" width=\"{width:F0}\" " +
        $"font-family=\"sans-serif\" font-size=\"11\">{content}</svg>\n");

    private static string Text(double x, double y, string anchor, string text) => string.Create(CultureInfo.InvariantCulture,
        $"<text x=\"{x:F1}\" y=\"{y:F1}\" text-anchor=\"{anchor}\">{System.Net.WebUtility.HtmlEncode(text)}</text>");
}
