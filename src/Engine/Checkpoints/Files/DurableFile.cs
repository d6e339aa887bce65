using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace FitCluster.Engine;

/// <summary>
/// A file that is there whole, or not at all, even when the power fails: temporary file, fsync, rename, fsync of the folder.
/// </summary>
internal static partial class DurableFile
{
    private const int BufferBytes = 1 << 16;

    /// <summary>
    /// Writes a file. <paramref name="isAllowed"/> is asked, with the checksum of what was written, after the content is on the disk and
    /// before it gets its name: false throws it away. Returns the checksum and the size.
    /// </summary>
    public static (string Checksum, long Bytes, bool IsThere) Write(string path, Action<Stream> write, Func<string, bool> isAllowed)
    {
        var temporary = path + CheckpointPaths.TemporaryMark + Guid.NewGuid().ToString("N");
        try
        {
            string checksum;
            long bytes;
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes))
            using (var hash = new HashingStream(file))
            {
                write(hash);
                (checksum, bytes) = (hash.Checksum(), hash.Position);
                file.Flush(flushToDisk: true);
            }

            if (!isAllowed(checksum))
            {
                File.Delete(temporary);
                return (checksum, bytes, false);
            }

            File.Move(temporary, path, overwrite: true);
            SyncFolder(Path.GetDirectoryName(path)!);
            return (checksum, bytes, true);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    /// <summary>Makes a folder and those above it; what was made survives a power failure.</summary>
    public static void MakeFolder(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        var above = Path.GetDirectoryName(path);
        if (!string.IsNullOrEmpty(above))
        {
            MakeFolder(above);
        }

        Directory.CreateDirectory(path);
        if (!string.IsNullOrEmpty(above))
        {
            SyncFolder(above);
        }
    }

    /// <summary>The SHA-256 of a file, read in one go.</summary>
    public static string Checksum(string path, CancellationToken cancellation)
    {
        using var file = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0, FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        for (int read; (read = file.Read(buffer)) > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Makes the names in a folder durable. Windows keeps them with the files.</summary>
    public static void SyncFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = OpenFolder(path, 0);
        if (descriptor < 0)
        {
            if (!Directory.Exists(path))
            {
                throw new DirectoryNotFoundException($"the folder {path} is not there to be made durable");
            }

            throw new IOException($"the folder {path} could not be opened to make it durable: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        try
        {
            // EINVAL (22): this file system has nothing to do for a folder.
            if (SyncDescriptor(descriptor) != 0 && Marshal.GetLastPInvokeError() != 22)
            {
                throw new IOException($"the folder {path} could not be made durable: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
        finally
        {
            _ = CloseDescriptor(descriptor);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Left for the next pruning; the error that led here is the one to report.
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseDescriptor(int descriptor);
}
