namespace FitCluster.Runner;

internal static class Repository
{
    /// <summary>The folder of Cluster.sln, above this program.</summary>
    public static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Cluster.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"Cluster.sln is in no folder above {AppContext.BaseDirectory}");
        }

        return folder.FullName;
    }
}
