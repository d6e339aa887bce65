using System.Runtime.InteropServices;

namespace FitCluster.Engine;

/// <summary>
/// File systems on which several machines may have one file: SQLite's locks and its shared memory hold on one machine only.
/// </summary>
internal static partial class SharedFileSystems
{
    /// <summary>The numbers by which Linux tells file systems (statfs, man 2).</summary>
    private static readonly Dictionary<uint, string> Names = new()
    {
        [0x6969] = "NFS",
        [0x517B] = "SMB",
        [0xFE534D42] = "SMB",
        [0xFF534D42] = "CIFS",
        [0x01021997] = "9p",
        [0x65735546] = "FUSE",
        [0x00C36400] = "Ceph",
        [0x0BD00BD0] = "Lustre",
        [0x5346414F] = "AFS",
        [0x6B414653] = "AFS",
        [0x73757245] = "Coda",
        [0x01161970] = "GFS2",
        [0x7461636F] = "OCFS2",
        [0x47504653] = "GPFS",
        [0x564C] = "NCP",
        [0x19830326] = "BeeGFS",
        [0x20030528] = "OrangeFS",
        [0xAAD7AAEA] = "PanFS",
        [0xBACBACBC] = "a shared folder of VMware",
        [0x786F4256] = "a shared folder of VirtualBox",
        [0x7C7C6673] = "a shared folder of Parallels",
    };

    /// <summary>The name of a file system of that number if machines share it; null for the others.</summary>
    public static string? NameOf(uint magic) => Names.GetValueOrDefault(magic);

    /// <summary>The number of the file system a folder is on; 0 where that cannot be found out.</summary>
    public static uint MagicOf(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        // struct statfs begins with f_type, a word of the machine; it has 120 bytes.
        var answer = new byte[512];
        return FileSystem(folder, answer) == 0 ? BitConverter.ToUInt32(answer) : 0;
    }

    [LibraryImport("libc", EntryPoint = "statfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileSystem(string path, byte[] answer);
}
