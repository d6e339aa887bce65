using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace FitCluster.Data.Writing;

/// <summary>
/// How a path that somebody named is written: decided here and nowhere else. A regular file, or none, is replaced whole; links are
/// followed first, so that they stay and what they lead to is replaced or made; devices of characters, pipes and descriptors
/// (/dev/stdout, /dev/fd/3) are written to; folders, sockets and disks are refused.
/// </summary>
public sealed class OutputPath
{
    private const int MostLinks = 40;
    private const int Busy = 16;

    private readonly int? _descriptor;

    private OutputPath(string path)
    {
        Target = Resolve(path);
        Kind = FileKinds.Of(Target);
        var parts = Target.Split('/');
        _descriptor = parts is ["", "proc", var process, "fd", var number] &&
            process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture) &&
            int.TryParse(number, CultureInfo.InvariantCulture, out var descriptor) ? descriptor : null;
    }

    /// <summary>The full path behind all links.</summary>
    public string Target { get; }

    /// <summary>What is there.</summary>
    public FileKind Kind { get; }

    /// <summary>Whether it is written to as it is, and not replaced by a new file.</summary>
    public bool IsWrittenTo => Kind is FileKind.Pipe or FileKind.Device || _descriptor is not null;

    /// <summary>Whether it is this process's standard output, which then should have nothing else.</summary>
    public bool IsStandardOutput => _descriptor == 1;

    /// <summary>Why no file can be written here, as what it is; null where one can.</summary>
    public string? Refusal => Kind is FileKind.Folder or FileKind.Socket or FileKind.Disk ? $"it is {Kind.Words()}"
        : _descriptor is { } number && !Descriptors.IsInherited(number) ? $"descriptor {number} is not open"
        : null;

    /// <summary>Looks at a path.</summary>
    /// <exception cref="IOException">Its links lead in a circle.</exception>
    public static OutputPath Of(string path) => new(path);

    /// <summary>
    /// The full path behind all links, whether or not there is something; as the system goes it, part by part. Descriptors stay what they
    /// are: /dev/stdout is /proc/N/fd/1.
    /// </summary>
    public static string Resolve(string path)
    {
        var (done, rest, links) = (Path.GetPathRoot(Path.GetFullPath(path))!, new Stack<string>(), 0);
        Push(rest, Path.Combine(Directory.GetCurrentDirectory(), path));
        while (rest.TryPop(out var part))
        {
            if (part is "" or "." or "..")
            {
                done = part == ".." ? Path.GetDirectoryName(done) ?? done : done;
                continue;
            }

            var at = Path.Join(done, part);
            if (new FileInfo(at).LinkTarget is not { } target || IsDescriptor(at))
            {
                done = at;
                continue;
            }

            if (++links > MostLinks)
            {
                throw new IOException($"'{path}' is a link that leads in a circle");
            }

            done = Path.IsPathRooted(target) ? Path.GetPathRoot(target)! : done;
            Push(rest, target);
        }

        return done;
    }

    /// <summary>Gives a finished file the name of a path, or its content to what is there.</summary>
    public static void MoveInto(string file, string path)
    {
        var place = Of(path);
        if (place.Target == Path.GetFullPath(path) && !place.IsWrittenTo && place.Refusal is null)
        {
            Replace(file, path);
            return;
        }

        using (var into = new AtomicFile(path))
        {
            using var from = File.OpenRead(file);
            from.CopyTo(into.Stream);
            into.Commit();
        }

        File.Delete(file);
    }

    /// <summary>
    /// Takes away what an earlier run wrote to a path: the file, or the file that a link leads to. The link stays, and so does a device.
    /// </summary>
    public static void Clear(string path)
    {
        if (Of(path) is { Kind: FileKind.File or FileKind.Folder, IsWrittenTo: false } place)
        {
            File.Delete(place.Target);
        }
    }

    /// <summary>Opens what is written to as it is.</summary>
    internal Stream Open()
    {
        // What of the descriptors .NET writes itself keeps the place at which the next one writes.
        Stream stream = _descriptor switch
        {
            1 => Console.OpenStandardOutput(),
            2 => Console.OpenStandardError(),
            { } number => new FileStream(new SafeFileHandle(number, ownsHandle: false), FileAccess.Write, 0),
            _ => new FileStream(Target, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0),
        };
        return new BufferedStream(stream, 1 << 16);
    }

    /// <summary>Puts a file that is whole in the place of another, or of none; who may read that one may read this.</summary>
    internal static void Replace(string temporary, string target)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(target))
        {
            File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
        }

        try
        {
            File.Move(temporary, target, overwrite: true);
        }
        catch (IOException e) when ((e.HResult & 0xFFFF) == Busy && File.Exists(target))
        {
            // A file that is mounted by itself, as containers have them, cannot be replaced: only its content can.
            File.Copy(temporary, target, overwrite: true);
            File.Delete(temporary);
        }
    }

    private static void Push(Stack<string> parts, string path)
    {
        foreach (var part in path.Split(Path.DirectorySeparatorChar).Reverse())
        {
            parts.Push(part);
        }
    }

    private static bool IsDescriptor(string path) => path.Split('/') is ["", "proc", _, "fd", _] or ["", "proc", _, "task", _, "fd", _];
}
