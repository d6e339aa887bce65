using System.Globalization;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Simulation;

/// <summary>Options that every simulator has.</summary>
public static class SimulationFields
{
    /// <summary>The rows.</summary>
    public static readonly SpecField<long> Rows = new("rows", SpecTypes.Whole(1, int.MaxValue), 1000) { Flag = "--rows", Help = "rows" };

    /// <summary>The columns.</summary>
    public static readonly SpecField<int> Columns = new(
        "columns", SpecTypes.Count(2, 1 << 24), 200)
    { Flag = "--columns", Help = "columns" };

    /// <summary>The seed.</summary>
    public static readonly SpecField<long> Seed = new("seed", SpecTypes.Whole(0, long.MaxValue), 1) { Flag = "--seed", Help = "the seed" };

    /// <summary>A share from 0 to below 1, or to 1.</summary>
    public static SpecType<double> Share(bool mayBeOne) => new(
        mayBeOne ? "a share from 0 to 1" : "a share from 0 to below 1",
        "SHARE",
        (FieldReading reading, out double value) =>
        {
            var text = reading.Section.Text(reading.Key);
            var read = text is not null && double.TryParse(text, CultureInfo.InvariantCulture, out var zero) && zero == 0
                ? 0
                : reading.Section.Positive(reading.Key);
            value = read ?? 0;
            if (value > 1 || (value == 1 && !mayBeOne))
            {
                reading.Wrong("must be below 1");
            }

            return read is not null;
        },
        (writer, name, value, _) => writer.WriteNumber(name, value));
}
