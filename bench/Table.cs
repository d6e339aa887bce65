using System.Globalization;
using System.Text;

namespace FitCluster.Bench;

/// <summary>One line of the table.</summary>
/// <param name="What">What is measured.</param>
/// <param name="Ours">Our figure with its unit, or empty.</param>
/// <param name="Peer">The peer's figure with its unit, or empty.</param>
/// <param name="Ratio">Ours over the peer's; NaN where there is none.</param>
/// <param name="Most">The largest ratio that meets the target; NaN for a line without one.</param>
internal sealed record Line(string What, string Ours, string Peer = "", double Ratio = double.NaN, double Most = double.NaN);

/// <summary>
/// The measured lines of one part, and notes on how they were taken. A part whose figures are not times against a peer's
/// names its own columns, and adds rows of cells.
/// </summary>
internal sealed class Table(string part, string title, params string[] columns)
{
    private readonly List<Line> _lines = [];
    private readonly List<string[]> _rows = [];
    private readonly List<string> _notes = [];

    public void Add(Line line)
    {
        _lines.Add(line);
        Console.Error.WriteLine($"  [{part}] {line.What}: {line.Ours} | {line.Peer} | {Format(line.Ratio)}");
    }

    /// <summary>A row of a table with columns of its own.</summary>
    public void AddRow(params string[] cells)
    {
        _rows.Add(cells.Length == columns.Length
            ? cells
            : throw new ArgumentException($"{cells.Length} cells for {columns.Length} columns", nameof(cells)));
        Console.Error.WriteLine($"  [{part}] {string.Join(" | ", cells)}");
    }

    public void Note(string text) => _notes.Add(text);

    public string ToMarkdown()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"## {part}: {title}\n\n");
        if (columns.Length > 0)
        {
            text.Append(
                CultureInfo.InvariantCulture, $"| {string.Join(" | ", columns)} |\n|{string.Concat(columns.Select(_ => "---|"))}\n");
            _rows.ForEach(row => text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row)} |\n"));
        }
        else
        {
            text.Append("| measured | ours | peer | ratio | target | met |\n|---|---|---|---|---|---|\n");
        }

        foreach (var line in _lines)
        {
            var met = double.IsNaN(line.Most) ? "" : line.Ratio <= line.Most ? "yes" : "**no**";
            var target = double.IsNaN(line.Most) ? "" : $"<= {Format(line.Most)}";
            text.Append(
                CultureInfo.InvariantCulture, $"| {line.What} | {line.Ours} | {line.Peer} | {Format(line.Ratio)} | {target} | {met} |\n");
        }

        text.Append('\n');
        _notes.ForEach(note => text.Append(CultureInfo.InvariantCulture, $"- {note}\n"));
        return text.Append('\n').ToString();
    }

    private static string Format(double ratio) =>
        double.IsNaN(ratio) ? "" : ratio.ToString(ratio < 0.1 ? "0.0000" : "0.00", CultureInfo.InvariantCulture);
}
