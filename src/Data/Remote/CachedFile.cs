namespace FitCluster.Data.Remote;

/// <summary>A download that is there, and stays while this is held.</summary>
internal sealed class CachedFile(string path, FileStream held, bool isKept) : IDisposable
{
    public string Path => path;

    public void Dispose()
    {
        held.Dispose();
        if (!isKept)
        {
            Directory.Delete(System.IO.Path.GetDirectoryName(path)!, recursive: true);
        }
    }
}
