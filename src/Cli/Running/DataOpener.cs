using FitCluster.Cli.Spec;
using FitCluster.Data;

namespace FitCluster.Cli.Running;

/// <summary>Opens the data of a spec.</summary>
internal static class DataOpener
{
    /// <exception cref="DataException">The data cannot be used.</exception>
    public static MatrixSource Open(DataSpec spec) => MatrixSource.Open(Resolve(spec.Path), ToOptions(spec));

    public static MatrixOptions ToOptions(DataSpec spec) => new()
    {
        Transform = MatrixOptions.ParseTransform(spec.Transform),
        Missing = MatrixOptions.ParseMissing(spec.Missing),
        Rows = ToSelection(spec.Rows),
        Columns = ToSelection(spec.Columns),
    };

    /// <summary>A folder written by <c>simulate</c> stands for the data in it.</summary>
    public static string Resolve(string path)
    {
        if (!File.Exists(Path.Combine(path, "truth.json")))
        {
            return path;
        }

        var data = Directory.GetFileSystemEntries(path, "data.*");
        return data.Length == 1 ? data[0] : path;
    }

    private static Selection? ToSelection(IReadOnlyList<string>? items) => items switch
    {
        null => null,
        [var only] => Selection.Parse(only),
        _ => Selection.FromItems(items),
    };
}
