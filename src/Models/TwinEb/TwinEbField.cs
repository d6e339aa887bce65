using System.Text.Json;
using FitCluster.Models.Spec;

namespace FitCluster.Models.TwinEb;

/// <summary>One field of the section "twineb".</summary>
/// <param name="Name">Its name.</param>
/// <param name="WithoutEffect">Why it has no effect beside the other options, in words that follow "it"; null where it has one.</param>
/// <param name="Read">Takes it from the section, where it is given; the folder is what paths are relative to.</param>
/// <param name="Write">Writes it as the canonical form has it, or (true) as people wrote it.</param>
internal sealed record TwinEbField(
    string Name,
    Func<TwinEbSpec, string?> WithoutEffect,
    Func<SectionReader, string, TwinEbSpec, TwinEbSpec> Read,
    Action<Utf8JsonWriter, bool, TwinEbSpec> Write)
{
    public static TwinEbField Integer(
        string name, Func<TwinEbSpec, string?> withoutEffect, long least, long most, Func<TwinEbSpec, long?> get, Func<TwinEbSpec, long, TwinEbSpec> set) => new(
        name,
        withoutEffect,
        (section, _, spec) => section.Integer(name, least, most) is { } value ? set(spec, value) : spec,
        (writer, _, spec) => WriteNumber(writer, name, get(spec)));

    public static TwinEbField Positive(
        string name, Func<TwinEbSpec, string?> withoutEffect, Func<TwinEbSpec, double?> get, Func<TwinEbSpec, double, TwinEbSpec> set) => new(
        name,
        withoutEffect,
        (section, _, spec) => section.Positive(name) is { } value ? set(spec, value) : spec,
        (writer, _, spec) => WriteNumber(writer, name, get(spec)));

    /// <summary>A number within bounds, both allowed.</summary>
    public static TwinEbField Number(
        string name, Func<TwinEbSpec, string?> withoutEffect, double least, double most, Func<TwinEbSpec, double?> get, Func<TwinEbSpec, double, TwinEbSpec> set) => new(
        name,
        withoutEffect,
        (section, _, spec) => section.Number(name, least, most) is { } value ? set(spec, value) : spec,
        (writer, _, spec) => WriteNumber(writer, name, get(spec)));

    public static TwinEbField Flag(
        string name, Func<TwinEbSpec, string?> withoutEffect, Func<TwinEbSpec, bool> get, Func<TwinEbSpec, bool, TwinEbSpec> set) => new(
        name,
        withoutEffect,
        (section, _, spec) => section.Flag(name) is { } value ? set(spec, value) : spec,
        (writer, _, spec) => writer.WriteBoolean(name, get(spec)));

    public static TwinEbField Choice(
        string name, Func<TwinEbSpec, string?> withoutEffect, string[] words, Func<TwinEbSpec, int> get, Func<TwinEbSpec, int, TwinEbSpec> set) => new(
        name,
        withoutEffect,
        (section, _, spec) => section.Choice(name, words) is { } value ? set(spec, value) : spec,
        (writer, _, spec) => writer.WriteString(name, words[get(spec)]));

    private static void WriteNumber(Utf8JsonWriter writer, string name, long? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
