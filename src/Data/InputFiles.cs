using FitCluster.Data.Reading;
using FitCluster.Data.Writing;
using Microsoft.Win32.SafeHandles;

namespace FitCluster.Data;

/// <summary>
/// How a path that somebody named is read. Regular files and folders are what they are. A pipe or a device (/dev/stdin, a FIFO, &lt;(...)
/// of a shell) can be read once, and data are read several times: within a command of a user (<see cref="Spooling"/>) it is copied once
/// to a temporary file, which has no name and goes with the command; elsewhere it is refused, and so are sockets and disks everywhere.
/// Flows to the threads that are started while it is not disposed.
/// </summary>
public sealed class InputFiles : IDisposable
{
    private const int BlockBytes = 1 << 20;
    private static readonly AsyncLocal<InputFiles?> Current = new();

    private readonly Dictionary<string, Spooled> _spooled = new(StringComparer.Ordinal);
    private readonly InputFiles? _outer = Current.Value;
    private readonly string? _refusal;

    private InputFiles(string? refusal)
    {
        _refusal = refusal;
        Current.Value = this;
    }

    /// <summary>Until it is disposed, pipes are copied once and read as often as is asked for.</summary>
    public static InputFiles Spooling() => new(null);

    /// <summary>Until it is disposed, pipes are refused.</summary>
    /// <param name="why">What is to be done, in words: "give a file that every node has".</param>
    public static InputFiles Refusing(string why) => new(why);

    /// <summary>The path under which the content of a path can be read as often as is asked for.</summary>
    /// <exception cref="DataException">It cannot: the message says what it is, and what to do.</exception>
    public static string Find(string path)
    {
        if (IsClosedInput(path))
        {
            throw new DataException($"{path} is closed; give a file, or a pipe that is open");
        }

        var kind = FileKinds.Of(path);
        return kind switch
        {
            FileKind.Device when !MayEnd(path) =>
                throw new DataException($"{path} is a device, which may never end; give a file or a pipe"),
            FileKind.Pipe or FileKind.Device => Current.Value is { _refusal: null } scope
                ? scope.Spool(path)
                : throw new DataException(
                    $"{path} is {kind.Words()}, which can be read only once; {Current.Value?._refusal ?? "give a file"}"),
            FileKind.Socket or FileKind.Disk => throw new DataException($"{path} is {kind.Words()}; give a file"),
            _ => path,
        };
    }

    /// <summary>As <see cref="Find"/>, of what must be a file: a folder is refused.</summary>
    /// <exception cref="DataException">It cannot be read; the message says what it is.</exception>
    public static string FindFile(string path) =>
        FileKinds.Of(path) != FileKind.Folder ? Find(path) : throw new DataException($"{path} is a folder; give a file");

    /// <summary>What to say of a path where there is nothing.</summary>
    public static string Absent(string path) => $"{path} does not exist{AdviceOnAbsent(path)}";

    /// <summary>What to do where there is nothing: "; check the path", or how standard input is read where "-" is asked for.</summary>
    public static string AdviceOnAbsent(string path) =>
        Path.GetFileName(path) == "-" ? "; standard input is read as /dev/stdin" : "; check the path";

    /// <summary>Words about files, those that were copied under the names that they were given by.</summary>
    public static string Named(string words)
    {
        for (var scope = Current.Value; scope is not null; scope = scope._outer)
        {
            lock (scope._spooled)
            {
                words = scope._spooled.Aggregate(
                    words, (all, file) => all.Replace(file.Value.Path, file.Key, StringComparison.Ordinal));
            }
        }

        return words;
    }

    /// <summary>Whether the content of a file, unpacked where it is gzipped, begins with some bytes.</summary>
    public static bool BeginsWith(string path, ReadOnlySpan<byte> magic)
    {
        using var stream = TextFile.Open(Find(path));
        Span<byte> head = stackalloc byte[magic.Length];
        return stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head.SequenceEqual(magic);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Current.Value = _outer;
        lock (_spooled)
        {
            foreach (var file in _spooled.Values)
            {
                file.Dispose();
            }

            _spooled.Clear();
        }
    }

    // .NET may have a pipe of its own under the number of a standard input that was closed: nobody would ever write to it.
    private static bool IsClosedInput(string path) =>
        Path.GetFullPath(path) is "/dev/stdin" or "/dev/fd/0" or "/proc/self/fd/0" && !Descriptors.IsInherited(0);

    // Of devices only terminals end, where their user says so, and the null device; /dev/zero and its like would fill the disk.
    private static bool MayEnd(string path)
    {
        var device = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        return device is "/dev/null" or "/dev/console" || device.StartsWith("/dev/tty", StringComparison.Ordinal)
            || device.StartsWith("/dev/pts/", StringComparison.Ordinal);
    }

    private string Spool(string path)
    {
        lock (_spooled)
        {
            // Of /dev/stdin and /dev/fd/0, which are one, neither finds anything when the other has read it.
            var key = Path.GetFullPath(path);
            if (!_spooled.TryGetValue(key, out var file))
            {
                _spooled.Add(key, file = new Spooled(path));
            }

            return file.Path;
        }
    }

    /// <summary>A copy without a name, where the system has that: a process that is killed leaves nothing behind.</summary>
    private sealed class Spooled : IDisposable
    {
        private readonly string _temporary =
            System.IO.Path.Combine(System.IO.Path.GetTempPath(), "fitcluster-" + System.IO.Path.GetRandomFileName());

        private readonly SafeFileHandle _handle;

        public Spooled(string path)
        {
            var written = 0L;
            try
            {
                _handle = File.OpenHandle(
                    _temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
                Path = _temporary;
                if (OperatingSystem.IsLinux() && Directory.Exists("/proc/self/fd"))
                {
                    File.Delete(_temporary);
                    Path = FormattableString.Invariant($"/proc/self/fd/{_handle.DangerousGetHandle()}");
                }

                var block = new byte[BlockBytes];
                using var from = Open(path);
                for (int read; (read = Read(from, block, path)) > 0; written += read)
                {
                    RandomAccess.Write(_handle, block.AsSpan(0, read), written);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
            {
                // The last is how .NET words a file beyond the size that the user may write.
                Dispose();
                throw new DataException(
                    $"{path} is {FileKinds.Of(path).Words()}, and is copied to a file first, which failed in " +
                    $"{System.IO.Path.GetTempPath()} after {written / 1e6:F1} MB: {Reason(e)}; make room there, set TMPDIR to " +
                    "a folder with room, or give a file", e);
            }
        }

        public string Path { get; } = "";

        public void Dispose()
        {
            _handle?.Dispose();
            if (Path == _temporary)
            {
                File.Delete(_temporary);
            }
        }

        // Without the name of the copy, of which nobody knows.
        private string Reason(Exception e) => e.Message.Replace($" : '{_temporary}'", "", StringComparison.Ordinal).TrimEnd('.');

        private static FileStream Open(string path)
        {
            try
            {
                return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new DataException($"{path} cannot be read ({e.Message}); check it and its permissions", e);
            }
        }

        private static int Read(FileStream from, byte[] block, string path)
        {
            try
            {
                return from.Read(block);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new DataException($"{path} cannot be read ({e.Message}); check what writes to it", e);
            }
        }
    }
}
