using System.Diagnostics;
using System.Net.Sockets;
using Xunit;

namespace FitCluster.Tests;

/// <summary>Pipes, devices and sockets of a test's own: never those of the machine.</summary>
internal static class SpecialFiles
{
    /// <summary>A pipe with a name.</summary>
    public static string Pipe(string path) => Make("mkfifo", path, path);

    /// <summary>A device that takes everything, as /dev/null; skips the running test where nobody may make one.</summary>
    public static string Null(string path)
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root makes devices");
        Make("mknod", path, "-m", "666", path, "c", "1", "3");
        try
        {
            File.AppendAllText(path, "x");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Assert.Skip("devices cannot be used here");
        }

        return path;
    }

    /// <summary>A socket with a name, which is there while the socket is held.</summary>
    public static Socket Socket(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    /// <summary>Reads all that comes through a pipe, on a thread of its own.</summary>
    public static Task<string> Read(string pipe) => Task.Run(() => File.ReadAllText(pipe));

    /// <summary>Writes into a pipe, on a thread of its own.</summary>
    public static Task Write(string pipe, ReadOnlyMemory<byte> content) => Task.Run(() =>
    {
        using var file = new FileStream(pipe, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        file.Write(content.Span);
    });

    private static string Make(string program, string path, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return path;
    }
}
