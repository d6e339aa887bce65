using System.Runtime.InteropServices;

namespace FitCluster.Data;

/// <summary>What is behind a path, links followed.</summary>
public enum FileKind
{
    /// <summary>Nothing, or nothing that may be looked at.</summary>
    None,

    /// <summary>A regular file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A pipe, with a name (FIFO) or without.</summary>
    Pipe,

    /// <summary>A device of characters, such as a terminal or /dev/null.</summary>
    Device,

    /// <summary>A device of blocks: a disk.</summary>
    Disk,

    /// <summary>A socket.</summary>
    Socket,
}

/// <summary>Tells kinds of files apart, which .NET does not.</summary>
public static partial class FileKinds
{
    // Of struct statx, which has one layout on every architecture: 256 bytes, the 16 bits of the mode at byte 28.
    private const int StatBytes = 256;
    private const int ModeAt = 28;
    private const int CurrentFolder = -100;
    private const uint TypeWanted = 1;

    /// <summary>What is behind a path.</summary>
    public static FileKind Of(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                Span<byte> stat = stackalloc byte[StatBytes];
                if (StatX(CurrentFolder, path, 0, TypeWanted, ref MemoryMarshal.GetReference(stat)) == 0)
                {
                    return (MemoryMarshal.Read<ushort>(stat[ModeAt..]) & 0xF000) switch
                    {
                        0x1000 => FileKind.Pipe,
                        0x2000 => FileKind.Device,
                        0x4000 => FileKind.Folder,
                        0x6000 => FileKind.Disk,
                        0xC000 => FileKind.Socket,
                        _ => FileKind.File,
                    };
                }
            }
            catch (EntryPointNotFoundException)
            {
                // A C library from before 2018: regular files and folders only.
            }
        }

        return Directory.Exists(path) ? FileKind.Folder : File.Exists(path) ? FileKind.File : FileKind.None;
    }

    /// <summary>A kind in words, with its article.</summary>
    public static string Words(this FileKind kind) => kind switch
    {
        FileKind.File => "a file",
        FileKind.Folder => "a folder",
        FileKind.Pipe => "a pipe",
        FileKind.Device => "a device",
        FileKind.Disk => "a disk",
        FileKind.Socket => "a socket",
        _ => "nothing",
    };

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int StatX(int folder, string path, int flags, uint mask, ref byte stat);
}
