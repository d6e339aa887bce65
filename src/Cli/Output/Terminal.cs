using System.Text;

namespace FitCluster.Cli.Output;

/// <summary>
/// Where the running command writes: the process's stdout and stderr, or what whoever runs it within a process gave.
/// Flows to the threads that the command starts.
/// </summary>
internal static class Terminal
{
    private static readonly AsyncLocal<Given?> Own = new();

    /// <summary>Results.</summary>
    public static TextWriter Out => Own.Value?.Out ?? Console.Out;

    /// <summary>Everything else.</summary>
    public static TextWriter Error => Own.Value?.Error ?? Console.Error;

    /// <summary>Whether somebody may look at what is written to <see cref="Error"/> as it comes.</summary>
    public static bool IsWatched => Own.Value is null && !Console.IsErrorRedirected;

    /// <summary>A stream to the place of results, to be disposed; that does not close it.</summary>
    public static Stream OpenOut() => Own.Value is { } own ? new Open(own.Stream) : Console.OpenStandardOutput();

    /// <summary>Writes bytes to the place of results.</summary>
    public static void Write(ReadOnlySpan<byte> utf8)
    {
        using var stdout = OpenOut();
        stdout.Write(utf8);
    }

    /// <summary>Until the end of the calling method, and on threads that are started meanwhile, writes to these.</summary>
    public static void Use(Stream output, Stream error) => Own.Value = new Given(output, Writer(output), Writer(error));

    // Threads of a command write to it at once.
    private static TextWriter Writer(Stream stream) =>
        TextWriter.Synchronized(new StreamWriter(stream, new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" });

    private sealed record Given(Stream Stream, TextWriter Out, TextWriter Error);

    /// <summary>A stream that stays open when it is disposed.</summary>
    private sealed class Open(Stream inner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override void Write(ReadOnlySpan<byte> buffer) => inner.Write(buffer);
    }
}
