using System.Text.Json;

namespace FitCluster.Models.Spec;

/// <summary>
/// One field of a section, written once: reading with positions, the canonical form that is hashed, refusals, the command line's option,
/// help and documents all come from it. See <see cref="SpecField{T}"/>.
/// </summary>
public abstract class SpecField
{
    private protected SpecField(string name) => Name = name;

    /// <summary>Its name in a spec.</summary>
    public string Name { get; }

    /// <summary>What it is, in a line without full stop.</summary>
    public required string Help { get; init; }

    /// <summary>The default in words, where it is decided with the data or by another option; null: the default value itself.</summary>
    public string? DefaultWords { get; init; }

    /// <summary>The option of the command line, as in "--factors"; null: only --set reaches it.</summary>
    public string? Flag { get; init; }

    /// <summary>The name of the same option in the section "stop", as in "tolerance"; null: none.</summary>
    public string? StopName { get; init; }

    /// <summary>Whether it determines the result, and so is hashed (default yes).</summary>
    public bool IsIdentity { get; init; } = true;

    /// <summary>
    /// Why it has no effect beside the other options, in words that follow "it", and then it is neither
    /// taken nor written; null where it has one.
    /// </summary>
    public Func<SpecSection, string?> WithoutEffect { get; init; } = _ => null;

    /// <summary>
    /// What else is wrong with a value that was given, beside the other options, in words that follow "it"; null where nothing is.
    /// </summary>
    public Func<SpecSection, string?> Check { get; init; } = _ => null;

    /// <summary>What a value must be, in words.</summary>
    public abstract string TypeWords { get; }

    /// <summary>What stands for a value in help, where it is not the type's word.</summary>
    public string? Symbol { get; init; }

    /// <summary>What stands for a value in help.</summary>
    public abstract string ValueName { get; }

    /// <summary>Whether it is a switch of the command line, which takes no value there.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>The default as documents show it.</summary>
    public string ShownDefault => DefaultWords ?? DefaultText;

    internal abstract object? DefaultValue { get; }

    private protected abstract string DefaultText { get; }

    /// <summary>Reads the value that was given.</summary>
    internal abstract bool TryRead(FieldReading reading, out object? value);

    internal abstract void Write(Utf8JsonWriter writer, object? value, bool forPeople);
}

/// <summary>A field whose values are of a type.</summary>
/// <typeparam name="T">The type of a value; nullable where it may be decided with the data.</typeparam>
/// <param name="name">Its name in a spec.</param>
/// <param name="type">How values are read and written.</param>
/// <param name="default">The value where none is given.</param>
public sealed class SpecField<T>(string name, SpecType<T> type, T @default) : SpecField(name)
{
    /// <summary>The value where none is given.</summary>
    public T Default => @default;

    /// <inheritdoc/>
    public override string TypeWords => type.Words;

    /// <inheritdoc/>
    public override string ValueName => Symbol ?? type.ValueName;

    internal override object? DefaultValue => @default;

    private protected override string DefaultText
    {
        get
        {
            var json = Results.Json.Bytes(
                writer =>
                {
                    writer.WriteStartObject();
                    type.Write(writer, "default", @default, true);
                    writer.WriteEndObject();
                },
                indented: false);
            using var document = JsonDocument.Parse(json);
            var value = document.RootElement.GetProperty("default");
            return value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0) ? "none"
                : value.ValueKind == JsonValueKind.Array ? string.Join(", ", value.EnumerateArray().Select(item => item.ToString()))
                : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetRawText()
                : value.ToString();
        }
    }

    internal override bool TryRead(FieldReading reading, out object? value)
    {
        var isRight = type.Read(reading, out var read);
        value = read;
        return isRight;
    }

    internal override void Write(Utf8JsonWriter writer, object? value, bool forPeople) => type.Write(writer, Name, (T)value!, forPeople);
}
