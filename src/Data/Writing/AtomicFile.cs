namespace FitCluster.Data.Writing;

/// <summary>
/// A file that is written under a temporary name beside its place and renamed when whole: a reader sees
/// the old one or the new one, never a part. What cannot be replaced is written to as it is (<see cref="OutputPath"/>).
/// </summary>
public sealed class AtomicFile : IDisposable
{
    private readonly string _path;
    private readonly string? _temporary;
    private bool _committed;

    /// <summary>Begins the file; folders that are missing are made.</summary>
    /// <exception cref="IOException">The path is a folder, a socket or a disk, or the file cannot be made.</exception>
    public AtomicFile(string path)
    {
        var place = OutputPath.Of(path);
        if (place.Refusal is { } why)
        {
            throw new IOException(why);
        }

        _path = place.Target;
        if (place.IsWrittenTo)
        {
            Stream = place.Open();
            return;
        }

        _temporary = _path + "." + Path.GetRandomFileName() + ".tmp";
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        Stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
    }

    /// <summary>What the content is written to.</summary>
    public Stream Stream { get; }

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
        if (Stream is FileStream file)
        {
            file.Flush(flushToDisk: true);
        }

        Stream.Dispose();
        if (_temporary is not null)
        {
            OutputPath.Replace(_temporary, _path);
        }

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
            if (!_committed && _temporary is not null)
            {
                File.Delete(_temporary);
            }
        }
    }
}
