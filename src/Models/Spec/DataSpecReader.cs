using FitCluster.Data;

namespace FitCluster.Models.Spec;

/// <summary>Reads the section "data".</summary>
internal static class DataSpecReader
{
    /// <summary>The word for datasets that are the files.</summary>
    public const string ByFile = "file";

    private static readonly string[] Missing = ["none", "zeros", "unstored"];

    /// <summary>The words of <see cref="ColumnJoin"/>.</summary>
    public static IReadOnlyList<string> Joins { get; } = ["intersection", "union"];

    /// <summary>Reads it.</summary>
    /// <param name="section">The section.</param>
    /// <param name="kind">The model's kind; null: there is no model, and no datasets.</param>
    /// <param name="whole">Where the spec begins.</param>
    /// <param name="folder">What paths of a spec file are relative to.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public static DataSpec Read(SectionReader section, ModelKind? kind, Origin whole, string folder, ProblemList problems)
    {
        if (section.Node("path") is null)
        {
            problems.Add(whole, "no data: give data.path in the spec, or --data PATH");
        }

        var paths = Paths(section, folder, problems);
        var datasets = Datasets(section, kind, folder, problems);
        var format = section.Choice("format", MatrixOptions.FormatNames) ?? 0;
        var transform = section.Choice("transform", JobSpecReader.Transforms) ?? 0;
        var missing = section.Choice("missing", Missing) ?? 0;
        var join = section.Choice("join", Joins);
        if (join is not null && paths.Count < 2)
        {
            section.Wrong("join", "has no effect, as data.path is one file: remove it");
        }

        var spec = new DataSpec
        {
            Path = string.Join(", ", paths),
            Paths = paths.Count > 1 ? paths : [],
            Join = (ColumnJoin)(join ?? 0),
            Datasets = datasets,
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

    /// <summary>One path, a list of them, or a pattern of a folder's entries, which are then taken in the order of their names.</summary>
    private static List<string> Paths(SectionReader section, string folder, ProblemList problems)
    {
        var paths = new List<string>();
        if (section.Node("path") is not { } node)
        {
            return paths;
        }

        if (node is not ListNode)
        {
            Add(section.Text("path"), node.Origin);
            return paths;
        }

        foreach (var path in section.Words("path") ?? [])
        {
            Add(path, node.Origin);
        }

        return paths;

        void Add(string? path, Origin origin)
        {
            if (path is null)
            {
                return;
            }

            if (DataUrl.IsUrl(path))
            {
                try
                {
                    DataUrl.Parse(path);
                }
                catch (DataException error)
                {
                    problems.Add(origin, error.Message);
                }

                paths.Add(path);
                return;
            }

            var full = PathResolver.Input(path, origin, folder);
            if (!path.AsSpan().ContainsAny('*', '?') || System.IO.Path.Exists(full))
            {
                paths.Add(full);
                return;
            }

            var (place, pattern) = (System.IO.Path.GetDirectoryName(full)!, System.IO.Path.GetFileName(full));
            string[] found = Directory.Exists(place)
                ? [.. Directory.GetFileSystemEntries(place, pattern).Where(entry => System.IO.Path.GetFileName(entry)[0] != '.')
                    .Order(StringComparer.Ordinal)]
                : [];
            if (found.Length == 0)
            {
                problems.Add(origin, $"data.path '{path}' is a pattern that no file or folder matches: correct it");
            }

            paths.AddRange(found);
        }
    }

    private static DatasetsSpec? Datasets(SectionReader section, ModelKind? kind, string folder, ProblemList problems)
    {
        if (kind is null || section.Node("datasets") is not { } node)
        {
            return null;
        }

        if (!kind.KnowsDatasets)
        {
            section.Wrong("datasets", $"has no effect with {kind.Name}, which knows no datasets: remove it");
            return null;
        }

        if (node is MapNode)
        {
            var inner = section.Section("datasets");
            var (file, column) = (inner.Text("file"), inner.Text("column"));
            if (file is null)
            {
                problems.Add(node.Origin, "data.datasets needs file: the table with each row's dataset");
            }

            inner.RefuseUnknown();
            return file is null ? null : new DatasetsSpec(PathResolver.Input(file, node.Origin, folder), column);
        }

        var text = section.Text("datasets");
        if (text?.StartsWith("obs:", StringComparison.Ordinal) == true)
        {
            section.Wrong("datasets", "names a column of an .h5ad, which is no format of data here: give a table, {file: cells.tsv, " +
                $"column: {text[4..]}}}");
            return null;
        }

        return text is null ? null : text == ByFile ? new DatasetsSpec(null, null)
            : new DatasetsSpec(PathResolver.Input(text, node.Origin, folder), null);
    }

    /// <summary>Names or ranges; a single word may be a file of names.</summary>
    private static IReadOnlyList<string>? Items(SectionReader section, string key, string folder) => section.Words(key) switch
    {
        [var only] when PathResolver.Input(only, section.OriginOf(key)!.Value, folder) is var path && File.Exists(path) => [path],
        var items => items,
    };
}
