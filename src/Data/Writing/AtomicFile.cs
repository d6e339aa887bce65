namespace FitCluster.Data.Writing;

/// <summary>
/// A file that is written under a temporary name beside its place and renamed when whole: a reader sees
/// the old one or the new one, never a part.
/// </summary>
public sealed class AtomicFile : IDisposable
{
    private readonly string _path;
    private readonly string _temporary;
    private bool _committed;

    /// <summary>Begins the file; folders that are missing are made.</summary>
    public AtomicFile(string path)
    {
        _path = Path.GetFullPath(path);
        _temporary = _path + "." + Path.GetRandomFileName() + ".tmp";
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        Stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
    }

    /// <summary>What the content is written to.</summary>
    public FileStream Stream { get; }

    /// <summary>Writes a whole file.</summary>
    public static void WriteAllBytes(string path, ReadOnlySpan<byte> content)
    {
        using var file = new AtomicFile(path);
        file.Stream.Write(content);
        file.Commit();
    }

    /// <summary>Writes a whole file of text, in UTF-8.</summary>
    public static void WriteAllText(string path, string content) => WriteAllBytes(path, System.Text.Encoding.UTF8.GetBytes(content));

    /// <summary>Brings the content to the disk and gives the file its name.</summary>
    public void Commit()
    {
        Stream.Flush(flushToDisk: true);
        Stream.Dispose();
        File.Move(_temporary, _path, overwrite: true);
        _committed = true;
    }

    /// <summary>Drops the file when it was not committed.</summary>
    public void Dispose()
    {
        try
        {
            Stream.Dispose();
        }
        catch (IOException) when (!_committed)
        {
            // The disk is full, and what was still to be written is to be dropped anyway: the failure was reported when it was met.
        }
        finally
        {
            if (!_committed)
            {
                File.Delete(_temporary);
            }
        }
    }
}
