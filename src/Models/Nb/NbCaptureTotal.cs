using System.Globalization;
using System.Text.Json;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Nb;

/// <summary>M0, the molecules of a cell that capture is anchored at: a number, an organism, or the largest total of the data.</summary>
/// <param name="Number">The number; null: the largest total of a cell, which is decided with the data.</param>
internal readonly record struct NbCaptureTotal(double? Number)
{
    private const string Total = "total";

    private static readonly (string Name, double Molecules)[] Organisms =
        [("human", 200_000), ("mouse", 200_000), ("yeast", 60_000), ("ecoli", 3_000)];

    /// <summary>The type of the field.</summary>
    public static SpecType<NbCaptureTotal> Type { get; } = new(
        $"a number above 0, {string.Join(", ", Organisms.Select(o => FormattableString.Invariant($"{o.Name} ({o.Molecules:N0})")))}, or " +
        "total",
        "X",
        Read,
        (writer, name, value, _) => Write(writer, name, value));

    private static bool Read(FieldReading reading, out NbCaptureTotal value)
    {
        value = default;
        var text = reading.Section.Text(reading.Key);
        if (text is null or Total)
        {
            return text is not null;
        }

        var organism = Array.FindIndex(Organisms, one => one.Name == text);
        if (organism >= 0)
        {
            value = new NbCaptureTotal(Organisms[organism].Molecules);
            return true;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            value = new NbCaptureTotal(number);
            if (number > 0 && double.IsFinite(number))
            {
                return true;
            }
        }

        string[] words = [.. Organisms.Select(one => one.Name), Total];
        reading.Wrong($"must be a number above 0, an organism or total{Nearest.Suggest(text, words)}");
        return false;
    }

    private static void Write(Utf8JsonWriter writer, string name, NbCaptureTotal value)
    {
        if (value.Number is { } number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteString(name, Total);
        }
    }
}
