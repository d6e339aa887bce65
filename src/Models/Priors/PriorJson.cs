using System.Globalization;
using System.Text.Json;
using FitCluster.Data;
using FitCluster.Math.Ebnm;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Priors;

/// <summary>
/// Priors as JSON (docs/formats.md, "Output"): each component has the fields that apply to its kind; an infinite bound or scale is
/// the text "Infinity" or "-Infinity".
/// </summary>
internal static class PriorJson
{
    private const double WeightTolerance = 1e-6; // weights may come from a file with seven digits

    private static readonly (ComponentKind Kind, string Name, string[] Fields)[] Kinds =
    [
        (ComponentKind.Point, "point", ["location"]),
        (ComponentKind.Normal, "normal", ["location", "scale"]),
        (ComponentKind.Laplace, "laplace", ["location", "scale"]),
        (ComponentKind.Exponential, "exponential", ["location", "scale"]),
        (ComponentKind.Uniform, "uniform", ["low", "high"]),
        (ComponentKind.TruncatedNormal, "truncated_normal", ["location", "scale", "low", "high"]),
        (ComponentKind.Horseshoe, "horseshoe", ["location", "scale"]),
    ];

    /// <summary>Writes one prior.</summary>
    public static void Write(Utf8JsonWriter writer, Prior prior)
    {
        writer.WriteStartObject();
        writer.WriteString("family", EbnmFamilies.Name(prior.Family));
        WriteNumber(writer, "mode", prior.Mode);
        writer.WriteStartArray("components");
        foreach (var component in prior.Components)
        {
            var (_, name, fields) = Kinds[(int)component.Kind];
            writer.WriteStartObject();
            writer.WriteString("kind", name);
            WriteNumber(writer, "weight", component.Weight);
            foreach (var field in fields)
            {
                WriteNumber(writer, field, Field(component, field));
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Writes a list of priors, one for each factor.</summary>
    public static void WriteList(Utf8JsonWriter writer, IEnumerable<Prior> priors)
    {
        writer.WriteStartArray();
        foreach (var prior in priors)
        {
            Write(writer, prior);
        }

        writer.WriteEndArray();
    }

    /// <summary>Reads a prior of a file: the prior itself, or the output of <c>ebnm</c>, whose "prior" is taken.</summary>
    public static Prior ReadFile(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(
                File.ReadAllBytes(InputFiles.FindFile(path)), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
            var root = document.RootElement;
            return Read(root.ValueKind == JsonValueKind.Object && root.TryGetProperty("prior", out var inner) ? inner : root, path);
        }
        catch (JsonException e)
        {
            throw ProblemException.BadInput($"the prior '{path}' is not JSON (line {(e.LineNumber ?? 0) + 1})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ProblemException.BadInput(
                File.Exists(path) ? $"the prior '{path}' cannot be read: {e.Message}"
                    : $"the prior file '{path}' does not exist{InputFiles.AdviceOnAbsent(path)}", e);
        }
    }

    /// <summary>Reads a list of priors of a file, as <see cref="WriteList"/> writes it.</summary>
    public static Prior[] ReadListFile(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return [.. document.RootElement.EnumerateArray().Select((prior, k) => Read(prior, $"{path}: factor {k + 1}"))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw ProblemException.BadInput(
                $"'{path}' cannot be read as a list of priors: it is damaged or not there; run the fit again", e);
        }
    }

    /// <summary>Reads one prior; <paramref name="source"/> names it in messages.</summary>
    public static Prior Read(JsonElement element, string source)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw ProblemException.BadInput($"{source}: a prior is an object with family, mode and components");
        }

        foreach (var property in element.EnumerateObject())
        {
            if (property.Name is not ("family" or "mode" or "components"))
            {
                throw ProblemException.BadInput(
                    $"{source}: unknown key '{property.Name}'{Nearest.Suggest(property.Name, ["family", "mode", "components"])}");
            }
        }

        var name = element.TryGetProperty("family", out var family) ? family.ToString() : "";
        if (!EbnmFamilies.TryParse(name, out var parsed))
        {
            throw ProblemException.BadInput($"{source}: unknown family '{name}'{Nearest.Suggest(name, EbnmFamilies.Names)}");
        }

        var mode = element.TryGetProperty("mode", out var value) ? Number(value, $"{source}: mode") : (double?)null;
        if (!element.TryGetProperty("components", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            throw ProblemException.BadInput($"{source}: 'components' is missing or empty");
        }

        var components = new List<PriorComponent>();
        foreach (var item in list.EnumerateArray())
        {
            components.Add(ReadComponent(item, $"{source}: component {components.Count + 1}"));
        }

        var total = components.Sum(c => c.Weight);
        if (double.Abs(total - 1) > WeightTolerance)
        {
            throw ProblemException.BadInput(
                string.Create(CultureInfo.InvariantCulture, $"{source}: the weights add up to {total}; they must add up to 1"));
        }

        PriorShape.Check(parsed, components, source);
        return new Prior(parsed, mode ?? PriorShape.Mode(components), [.. components]);
    }

    private static PriorComponent ReadComponent(JsonElement item, string source)
    {
        var names = Kinds.Select(k => k.Name).ToArray();
        var name = item.ValueKind == JsonValueKind.Object && item.TryGetProperty("kind", out var kind) ? kind.ToString() : "";
        var at = Array.IndexOf(names, name);
        if (at < 0)
        {
            throw ProblemException.BadInput($"{source}: unknown kind '{name}'{Nearest.Suggest(name, names)}");
        }

        string[] fields = ["weight", .. Kinds[at].Fields];
        foreach (var property in item.EnumerateObject())
        {
            if (property.Name != "kind" && !fields.Contains(property.Name))
            {
                throw ProblemException.BadInput(
                    $"{source}: '{property.Name}' is no field of the kind {name}{Nearest.Suggest(property.Name, fields)}");
            }
        }

        double Get(string field) => !fields.Contains(field) ? 0
            : item.TryGetProperty(field, out var value) ? Number(value, $"{source}: {field}")
            : throw ProblemException.BadInput($"{source}: '{field}' is missing");
        var component = new PriorComponent(Kinds[at].Kind, Get("weight"), Get("location"), Get("scale"), Get("low"), Get("high"));
        return component switch
        {
            { Weight: not (>= 0 and <= 1 + WeightTolerance) } =>
                throw ProblemException.BadInput($"{source}: the weight must be from 0 to 1"),
            { Scale: not >= 0 } => throw ProblemException.BadInput($"{source}: the scale must not be negative"),
            _ when component.High < component.Low => throw ProblemException.BadInput($"{source}: high is below low"),
            _ => PriorShape.Simplest(component),
        };
    }

    private static double Number(JsonElement value, string source) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.String when value.GetString() is "Infinity" or "Inf" or "inf" => double.PositiveInfinity,
        JsonValueKind.String when value.GetString() is "-Infinity" or "-Inf" or "-inf" => double.NegativeInfinity,
        _ => throw ProblemException.BadInput($"{source} is '{value}': it must be a number"),
    };

    private static double Field(in PriorComponent component, string field) => field switch
    {
        "location" => component.Location,
        "scale" => component.Scale,
        "low" => component.Low,
        _ => component.High,
    };

    private static void WriteNumber(Utf8JsonWriter writer, string name, double value)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumber(name, value);
        }
        else
        {
            writer.WriteString(name, value > 0 ? "Infinity" : "-Infinity");
        }
    }
}
