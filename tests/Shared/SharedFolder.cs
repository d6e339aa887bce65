using System.Text.Json;
using Xunit;

namespace FitCluster.Tests;

/// <summary>
/// The folder with golden cases and real data that lies beside the checkout ("../shared", or $FITCLUSTER_SHARED). It is not part of
/// the project: a test that needs it skips, saying so, where it is absent.
/// </summary>
internal static class SharedFolder
{
    public static string? Root { get; } = FindRoot();

    /// <summary>The full path of a file or folder in it; skips the running test when it is not there.</summary>
    public static string Require(string relativePath)
    {
        Assert.SkipWhen(Root is null, "../shared is not here: golden cases and real data are skipped");
        var path = Path.Combine(Root!, relativePath);
        Assert.SkipUnless(Path.Exists(path), $"{path} is not here");
        return path;
    }

    /// <summary>A golden case as JSON; skips the running test when it is not there.</summary>
    public static JsonElement RequireJson(string relativePath)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Require(relativePath)));
        return document.RootElement.Clone();
    }

    /// <summary>The files of a folder that match a pattern, by name; empty when the folder is not there.</summary>
    public static IEnumerable<string> Files(string relativeFolder, string pattern)
    {
        var folder = Root is null ? null : Path.Combine(Root, relativeFolder);
        return folder is null || !Directory.Exists(folder)
            ? []
            : Directory.GetFiles(folder, pattern).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal);
    }

    /// <summary>Numbers of a JSON array, in which "NA", "NaN", "Inf" and "-Inf" are strings; a lone number is an array of one.</summary>
    public static double[] Numbers(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray().Select(Number)] : [Number(element)];

    /// <summary>A matrix given as a list of rows.</summary>
    public static double[][] Matrix(this JsonElement element) => [.. element.EnumerateArray().Select(Numbers)];

    /// <summary>One number, or "NA", "NaN", "Inf", "-Inf" as a string.</summary>
    public static double Number(this JsonElement element) => element.ValueKind == JsonValueKind.Number
        ? element.GetDouble()
        : element.GetString() switch
        {
            "Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            _ => double.NaN,
        };

    private static string? FindRoot()
    {
        var given = Environment.GetEnvironmentVariable("FITCLUSTER_SHARED");
        if (!string.IsNullOrEmpty(given))
        {
            return Directory.Exists(given) ? given : null;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Cluster.sln")))
            {
                var shared = Path.Combine(folder.FullName, "..", "shared");
                return Directory.Exists(shared) ? Path.GetFullPath(shared) : null;
            }
        }

        return null;
    }
}
