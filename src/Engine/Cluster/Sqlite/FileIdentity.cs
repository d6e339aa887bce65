using System.Runtime.InteropServices;

namespace FitCluster.Engine;

/// <summary>
/// Which file a path names: a file that was deleted or replaced while it is open goes on being written to, and nobody ever finds it.
/// </summary>
/// <param name="Device">The file system.</param>
/// <param name="Number">The file on it (inode).</param>
internal readonly partial record struct FileIdentity(ulong Device, ulong Number)
{
    private const int CurrentFolder = -100;
    private const uint WantNumber = 0x100;

    /// <summary>Null when there is no file. Where files cannot be told apart (not Linux), all are one.</summary>
    public static FileIdentity? Of(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return File.Exists(path) ? default(FileIdentity) : null;
        }

        // struct statx, the same on every processor: stx_ino at byte 32, stx_dev_major and stx_dev_minor at 136.
        var answer = new byte[256];
        return Status(CurrentFolder, path, 0, WantNumber, answer) == 0
            ? new FileIdentity(BitConverter.ToUInt64(answer, 136), BitConverter.ToUInt64(answer, 32))
            : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(int folder, string path, int flags, uint mask, byte[] answer);
}
