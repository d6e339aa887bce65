using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace FitCluster.Models.Spec;

/// <summary>The usual types of fields.</summary>
public static class SpecTypes
{
    /// <summary>True or false.</summary>
    public static SpecType<bool> Flag { get; } = new(
        "true or false",
        "true|false",
        (FieldReading reading, out bool value) => Take(reading.Section.Flag(reading.Key), out value),
        (writer, name, value, _) => writer.WriteBoolean(name, value));

    /// <summary>A number above 0.</summary>
    public static SpecType<double> Positive { get; } = new(
        "a number above 0",
        "X",
        (FieldReading reading, out double value) => Take(reading.Section.Positive(reading.Key), out value),
        (writer, name, value, _) => writer.WriteNumber(name, value));

    /// <summary>A whole number.</summary>
    /// <param name="least">The least that is allowed.</param>
    /// <param name="most">The most that is allowed.</param>
    public static SpecType<long> Whole(long least, long most) => new(
        Range("a whole number", least, most, most >= int.MaxValue - 1),
        "N",
        (FieldReading reading, out long value) => Take(reading.Section.Whole(reading.Key, least, most), out value),
        (writer, name, value, _) => writer.WriteNumber(name, value));

    /// <summary>A whole number that fits into an int.</summary>
    /// <param name="least">The least that is allowed.</param>
    /// <param name="most">The most that is allowed.</param>
    public static SpecType<int> Count(int least, int most) => new(
        Range("a whole number", least, most, most >= 1_000_000_000),
        "N",
        (FieldReading reading, out int value) =>
        {
            var isRight = Take(reading.Section.Whole(reading.Key, least, most), out long number);
            value = (int)number;
            return isRight;
        },
        (writer, name, value, _) => writer.WriteNumber(name, value));

    /// <summary>A number within bounds, both allowed.</summary>
    /// <param name="least">The least that is allowed.</param>
    /// <param name="most">The most that is allowed; <see cref="double.MaxValue"/>: no bound.</param>
    public static SpecType<double> Number(double least, double most) => new(
        Range("a number", least, most, most == double.MaxValue),
        "X",
        (FieldReading reading, out double value) => Take(reading.Section.Number(reading.Key, least, most), out value),
        (writer, name, value, _) => writer.WriteNumber(name, value));

    /// <summary>One of the values of an enum, by their words.</summary>
    /// <param name="words">The words in the order of the values.</param>
    public static SpecType<T> Choice<T>(params IReadOnlyList<string> words)
        where T : struct, Enum
    {
        var values = Enum.GetValues<T>();
        return new(
            string.Join(", ", words),
            "NAME",
            (FieldReading reading, out T value) =>
            {
                var at = reading.Section.Choice(reading.Key, words);
                value = values[at ?? 0];
                return at is not null;
            },
            (writer, name, value, _) => writer.WriteString(name, words[Array.IndexOf(values, value)]));
    }

    /// <summary>One of the values of an enum, by their names in small letters.</summary>
    public static SpecType<T> Choice<T>()
        where T : struct, Enum => Choice<T>([.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())]);

    /// <summary>
    /// A file or folder, kept as an absolute path; where it lies does not determine a result, so that the canonical form says "file".
    /// </summary>
    /// <param name="what">What it is, for help: "a folder with ...".</param>
    /// <param name="valueName">What stands for it in help.</param>
    public static SpecType<string> Path(string what, string valueName) => new(
        what,
        valueName,
        (FieldReading reading, [MaybeNullWhen(false)] out string value) =>
        {
            var text = reading.Section.Text(reading.Key);
            value = text is null ? null : reading.Resolve(text);
            return value is not null;
        },
        (writer, name, value, forPeople) => writer.WriteString(name, forPeople ? value : "file"));

    /// <summary>The same type where there may be no value: null is "decided with the data", or "none".</summary>
    public static SpecType<T?> Optional<T>(this SpecType<T> type)
        where T : struct => new(
            type.Words,
            type.ValueName,
            (FieldReading reading, out T? value) =>
            {
                var isRight = type.Read(reading, out var given);
                value = given;
                return isRight;
            },
            (writer, name, value, forPeople) => WriteOrNull(writer, name, value, forPeople, (w, n, v, p) => type.Write(w, n, v!.Value, p)));

    /// <summary>The same for texts.</summary>
    public static SpecType<string?> OrNone(this SpecType<string> type) => new(
        type.Words,
        type.ValueName,
        (FieldReading reading, out string? value) => type.Read(reading, out value),
        (writer, name, value, forPeople) => WriteOrNull(writer, name, value, forPeople, (w, n, v, p) => type.Write(w, n, v!, p)));

    /// <summary>Writes a list of words.</summary>
    internal static void WriteWords(Utf8JsonWriter writer, string name, IReadOnlyList<string>? words)
    {
        if (words is null)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartArray(name);
        foreach (var word in words)
        {
            writer.WriteStringValue(word);
        }

        writer.WriteEndArray();
    }

    private static void WriteOrNull<T>(Utf8JsonWriter writer, string name, T value, bool forPeople, FieldWriter<T> write)
    {
        if (value is null)
        {
            writer.WriteNull(name);
        }
        else
        {
            write(writer, name, value, forPeople);
        }
    }

    private static bool Take<T>(T? read, out T value)
        where T : struct
    {
        value = read ?? default;
        return read is not null;
    }

    private static string Range(string what, IFormattable least, IFormattable most, bool isOpen)
    {
        string Of(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
        return isOpen ? $"{what} of at least {Of(least)}" : $"{what} from {Of(least)} to {Of(most)}";
    }
}
