using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FitCluster.Models.Spec;

/// <summary>The fields of a section, in the order of the canonical form: what others depend on comes first.</summary>
/// <param name="name">The section's name: the model's.</param>
/// <param name="fields">The fields.</param>
public sealed class SpecTable(string name, params IReadOnlyList<SpecField> fields)
{
    /// <summary>The section's name.</summary>
    public string Name => name;

    /// <summary>The fields.</summary>
    public IReadOnlyList<SpecField> Fields => fields;

    /// <summary>A section in which nothing is given.</summary>
    public SpecSection Empty => new(this, []);

    /// <summary>The field with a name of the section "stop"; null where there is none.</summary>
    public SpecField? OfStop(string stopName) => fields.FirstOrDefault(field => field.StopName == stopName);

    /// <summary>The field with an option of the command line; null where there is none.</summary>
    public SpecField? OfFlag(string flag) => fields.FirstOrDefault(field => field.Flag == flag);

    /// <summary>The table of the fields in Markdown, for documents.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder("| field | value | default | meaning |\n|---|---|---|---|\n");
        foreach (var field in fields)
        {
            var flag = field.Flag is { } option ? $" (`{option}`)" : field.StopName is { } stopName ? $", `stop.{stopName}`" : "";
            text.Append(CultureInfo.InvariantCulture,
                $"| `{name}.{field.Name}`{flag} | {field.TypeWords} | {field.ShownDefault} | {field.Help} |\n");
        }

        return text.ToString();
    }

    /// <summary>Reads a section, and refuses what could not take effect, and keys that there are not.</summary>
    /// <param name="section">The section of the spec.</param>
    /// <param name="stop">The section "stop", in which a field may have another name.</param>
    /// <param name="folder">What paths of a spec file are relative to.</param>
    /// <param name="problems">Takes what is wrong.</param>
    internal SpecSection Read(SectionReader section, SectionReader stop, string folder, ProblemList problems)
    {
        var values = new Dictionary<SpecField, object?>();
        foreach (var field in fields)
        {
            if (section.Node(field.Name) is not null && field.TryRead(new FieldReading(section, field.Name, folder), out var value))
            {
                values.Add(field, value);
            }

            if (field.StopName is { } stopName && stop.Node(stopName) is not null &&
                field.TryRead(new FieldReading(stop, stopName, folder), out var other) &&
                !values.TryAdd(field, other) && !Equals(values[field], other))
            {
                problems.Add(stop.OriginOf(stopName)!.Value, string.Create(
                    CultureInfo.InvariantCulture,
                    $"stop.{stopName} is {other} and {name}.{field.Name} is {values[field]}: they are one option, give one"));
            }
        }

        var read = new SpecSection(this, values);
        foreach (var field in fields.Where(field => section.Node(field.Name) is not null))
        {
            if ((field.WithoutEffect(read) ?? field.Check(read)) is { } problem)
            {
                section.Wrong(field.Name, problem);
            }
        }

        section.RefuseUnknown();
        return read;
    }

    /// <summary>Writes a section: the fields that have an effect; those that do not determine the result only for people.</summary>
    internal void Write(Utf8JsonWriter writer, SpecSection section, bool forPeople)
    {
        writer.WriteStartObject(name);
        foreach (var field in fields.Where(field => (forPeople || field.IsIdentity) && field.WithoutEffect(section) is null))
        {
            field.Write(writer, section.Value(field), forPeople);
        }

        writer.WriteEndObject();
    }
}
