using System.Globalization;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Ebmf;

/// <summary>Known standard errors as they were asked for: a number, or a file.</summary>
/// <param name="Number">One for all entries; null: none, or a file.</param>
/// <param name="Path">A file.</param>
internal sealed record StandardErrorsChoice(double? Number, string? Path);

/// <summary>How factors are started.</summary>
/// <param name="Init">The way.</param>
/// <param name="Path">With <see cref="EbmfInit.Given"/>: the folder with loadings.csv and factors.csv.</param>
internal sealed record InitChoice(EbmfInit Init, string? Path);

/// <summary>The types of fields that only EBMF has.</summary>
internal static class EbmfFieldTypes
{
    private static readonly string[] Intercepts = ["intercept", "row-intercept", "column-intercept"];

    /// <summary>A prior family, or a list of one for each factor, of which the last repeats.</summary>
    public static SpecType<IReadOnlyList<PriorFamily>> Families { get; } = new(
        "a prior family, or a list of one for each factor, of which the last repeats",
        "FAMILY",
        ReadFamilies,
        (writer, name, value, _) => SpecTypes.WriteWords(writer, name, [.. value.Select(EbnmFamilies.Name)]));

    /// <summary>A number above 0, or a file.</summary>
    public static SpecType<StandardErrorsChoice?> StandardErrors { get; } = new(
        "a number above 0, or a file: one value, one a row, one a column, or a matrix",
        "X|FILE",
        ReadStandardErrors,
        (writer, name, value, forPeople) =>
        {
            // The content of files is in the data's hash.
            if (value?.Path is { } path)
            {
                writer.WriteString(name, forPeople ? path : "file");
            }
            else if (value?.Number is { } number)
            {
                writer.WriteNumber(name, number);
            }
            else
            {
                writer.WriteNull(name);
            }
        });

    /// <summary>automatic, block, power, svd, fit or a folder.</summary>
    public static SpecType<InitChoice> Init { get; } = new(
        "automatic, block, power, svd, fit (the one of from), or a folder with loadings.csv and factors.csv",
        "automatic|block|power|svd|fit|DIR",
        ReadInit,
        (writer, name, value, forPeople) =>
            writer.WriteString(name, forPeople && value.Path is not null ? value.Path : value.Init.ToString().ToLowerInvariant()));

    /// <summary>Intercepts, files and folders.</summary>
    public static SpecType<IReadOnlyList<string>> FixedFactors { get; } = new(
        "a list of intercept, column-intercept, and files or folders with fixed loadings or factors",
        "LIST",
        ReadFixedFactors,
        (writer, name, value, forPeople) =>
            SpecTypes.WriteWords(writer, name, [.. value.Select(f => forPeople || !Path.IsPathRooted(f) ? f : "file")]));

    private static bool ReadFamilies(FieldReading reading, out IReadOnlyList<PriorFamily> value)
    {
        var families = new List<PriorFamily>();
        foreach (var name in reading.Section.Words(reading.Key) ?? [])
        {
            if (EbnmFamilies.TryParse(name, out var family))
            {
                families.Add(family);
            }
            else
            {
                reading.Note($"unknown family '{name}'{Nearest.Suggest(name, EbnmFamilies.Names)}");
            }
        }

        value = families;
        return families.Count > 0;
    }

    private static bool ReadStandardErrors(FieldReading reading, out StandardErrorsChoice? value)
    {
        value = null;
        if (reading.Section.Text(reading.Key) is not { } text)
        {
            return false;
        }

        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            value = new StandardErrorsChoice(null, reading.Resolve(text));
            return true;
        }

        value = new StandardErrorsChoice(number, null);
        if (!(number > 0 && double.IsFinite(number)))
        {
            reading.Wrong("must be above 0 and finite: with an infinite one no entry would tell anything");
        }

        return true;
    }

    private static bool ReadInit(FieldReading reading, out InitChoice value)
    {
        var text = reading.Section.Text(reading.Key);
        value = text switch
        {
            null or "automatic" => new InitChoice(EbmfInit.Automatic, null),
            "block" => new InitChoice(EbmfInit.Block, null),
            "power" => new InitChoice(EbmfInit.Power, null),
            "svd" => new InitChoice(EbmfInit.Svd, null),
            "fit" => new InitChoice(EbmfInit.Fit, null),
            _ => new InitChoice(EbmfInit.Given, reading.Resolve(text)),
        };
        if (value.Path is { } path && !Directory.Exists(path))
        {
            reading.Wrong("must be automatic, block, power, svd, fit, or a folder with loadings.csv and factors.csv " +
                "(that folder does not exist)");
        }

        return text is not null;
    }

    private static bool ReadFixedFactors(FieldReading reading, out IReadOnlyList<string> value)
    {
        var result = new List<string>();
        var words = reading.Section.Words(reading.Key);
        foreach (var word in words ?? [])
        {
            var path = reading.Resolve(word);
            result.Add(Intercepts.Contains(word) ? word : path);
            if (!Intercepts.Contains(word) && !Path.Exists(path))
            {
                // It stays in the list: whoever opens a finished fit must know that there was one.
                var hint = Nearest.Find(word, Intercepts) is { } near ? $": did you mean '{near}'?" : "";
                reading.Note($"'{word}' is no file or folder, nor one of {string.Join(", ", Intercepts)}{hint}");
            }
        }

        value = result;
        return words is not null;
    }
}
