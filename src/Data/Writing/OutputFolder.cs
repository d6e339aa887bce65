namespace FitCluster.Data.Writing;

/// <summary>Folders of results: one that is a link stays one, and what it leads to is made, filled and emptied.</summary>
public static class OutputFolder
{
    /// <summary>Makes a folder where it is missing, behind a link that leads to none too.</summary>
    public static void Make(string path) => Directory.CreateDirectory(OutputPath.Resolve(path));

    /// <summary>Deletes a folder with all that is in it; of one that is a link, all that is in it.</summary>
    public static void Remove(string path)
    {
        if (new FileInfo(path).LinkTarget is null)
        {
            Directory.Delete(path, recursive: true);
        }
        else
        {
            Empty(path);
        }
    }

    /// <summary>Deletes all that is in a folder.</summary>
    public static void Empty(string path)
    {
        foreach (var entry in new DirectoryInfo(path).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo { LinkTarget: null } folder)
            {
                folder.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }
    }
}
