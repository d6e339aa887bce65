using FitCluster.Data;

namespace FitCluster.Models.Spec;

/// <summary>Reads the section "data".</summary>
internal static class DataSpecReader
{
    private static readonly string[] Missing = ["none", "zeros", "unstored"];

    public static DataSpec Read(SectionReader section, Origin whole, string folder, ProblemList problems)
    {
        var path = section.Text("path");
        if (path is null && section.Node("path") is null)
        {
            problems.Add(whole, "no data: give data.path in the spec, or --data PATH");
        }

        if (section.Node("datasets") is not null)
        {
            var without = string.Join(" or ", ModelKinds.Loaded.Where(kind => !kind.KnowsDatasets).Select(kind => kind.Name));
            section.Wrong("datasets", $"has no effect with {without}, which know no datasets: remove it");
        }

        if (path is not null && DataUrl.IsUrl(path))
        {
            try
            {
                DataUrl.Parse(path);
            }
            catch (DataException error)
            {
                problems.Add(section.OriginOf("path")!.Value, error.Message);
            }
        }

        var format = section.Choice("format", MatrixOptions.FormatNames) ?? 0;
        var transform = section.Choice("transform", JobSpecReader.Transforms) ?? 0;
        var missing = section.Choice("missing", Missing) ?? 0;
        var spec = new DataSpec
        {
            Path = path is null ? "" : DataUrl.IsUrl(path) ? path : PathResolver.Input(path, section.OriginOf("path")!.Value, folder),
            Format = MatrixOptions.FormatNames[format],
            FeatureTypes = section.Words("featureTypes") is { } types
                ? [.. types.SelectMany(words => words.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))]
                : null,
            Transform = JobSpecReader.Transforms[transform],
            Missing = Missing[missing],
            Rows = Items(section, "rows", folder),
            Columns = Items(section, "columns", folder),
        };
        section.RefuseUnknown();
        return spec;
    }

    /// <summary>Names or ranges; a single word may be a file of names.</summary>
    private static IReadOnlyList<string>? Items(SectionReader section, string key, string folder) => section.Words(key) switch
    {
        [var only] when PathResolver.Input(only, section.OriginOf(key)!.Value, folder) is var path && File.Exists(path) => [path],
        var items => items,
    };
}
