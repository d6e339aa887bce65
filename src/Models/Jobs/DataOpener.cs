using System.Globalization;
using FitCluster.Data;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Jobs;

/// <summary>Opens the data of a spec.</summary>
internal static class DataOpener
{
    private const long MostCacheMegabytes = 1L << 30;

    /// <summary>How often a node tries what may pass: for about 8 seconds, after which the shard goes elsewhere.</summary>
    private const int NodeAttempts = 6;

    /// <summary>Opens data, of a path or a URL.</summary>
    /// <param name="spec">Which.</param>
    /// <param name="node">The node that opens them, which is patient; null for a user's program, which is told soon.</param>
    /// <exception cref="DataException">The data cannot be used.</exception>
    public static MatrixSource Open(DataSpec spec, string? node = null) => spec.Paths.Count == 0
        ? MatrixSource.Open(Resolve(spec.Path), ToOptions(spec, node))
        : MatrixJoin.Open([.. spec.Paths.Select(Resolve)], spec.Join, ToOptions(spec, node));

    public static MatrixOptions ToOptions(DataSpec spec, string? node = null) => new()
    {
        Fetch = Fetching(node),
        Format = MatrixOptions.ParseFormat(spec.Format),
        FeatureTypes = spec.FeatureTypes,
        Transform = MatrixOptions.ParseTransform(spec.Transform),
        Missing = MatrixOptions.ParseMissing(spec.Missing),
        Rows = ToSelection(spec.Rows),
        Columns = ToSelection(spec.Columns),
    };

    /// <summary>
    /// Other data for the same fit: a selection and a format told of the fit's own; transformations and what is missing hold, and so do
    /// types of features where there can be any.
    /// </summary>
    public static DataSpec Other(DataSpec fitted, string path, string format) => fitted with
    {
        Path = path,
        Paths = [],
        Datasets = null,
        Format = format,
        Rows = null,
        Columns = null,
        FeatureTypes = File.Exists(Path.Combine(path, "matrix.mtx")) || File.Exists(Path.Combine(path, "matrix.mtx.gz")) ||
            (DataUrl.IsUrl(path) && Path.GetExtension(path).Length == 0)
            ? fitted.FeatureTypes
            : null,
    };

    /// <summary>A folder written by <c>simulate</c> stands for the data in it.</summary>
    public static string Resolve(string path)
    {
        if (DataUrl.IsUrl(path) || !File.Exists(Path.Combine(path, "truth.json")))
        {
            return path;
        }

        var data = Directory.GetFileSystemEntries(path, "data.*");
        return data.Length == 1 ? data[0] : path;
    }

    private static FetchOptions Fetching(string? node)
    {
        var options = new FetchOptions { Agent = node is null ? "fitcluster" : $"fitcluster/{node}" };
        options = node is null ? options : options with { Attempts = NodeAttempts };
        if (Environment.GetEnvironmentVariable("FITCLUSTER_CACHE") is { Length: > 0 } folder)
        {
            options = options with { CacheFolder = Path.GetFullPath(folder) };
        }

        if (Environment.GetEnvironmentVariable("FITCLUSTER_CACHE_MB") is { Length: > 0 } text)
        {
            options = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var megabytes) &&
                megabytes is >= 1 and <= MostCacheMegabytes
                ? options with { CacheBytes = megabytes * 1_000_000 }
                : throw ProblemException.BadInput(
                    $"FITCLUSTER_CACHE_MB is '{text}'; it must be a whole number of megabytes from 1 to {MostCacheMegabytes}");
        }

        return options;
    }

    private static Selection? ToSelection(IReadOnlyList<string>? items) => items switch
    {
        null => null,
        [var only] => Selection.Parse(only),
        _ => Selection.FromItems(items),
    };
}
