using System.Text;
using FitCluster.Data.Writing;
using Microsoft.Win32.SafeHandles;

namespace FitCluster.Cli.Output;

/// <summary>
/// Where the running command writes: the process's stdout and stderr, or what whoever runs it within a process gave.
/// Flows to the threads that the command starts. What cannot be written to stderr is lost in silence; of stdout it is an error
/// (<see cref="StandardOutputException"/>).
/// </summary>
internal static class Terminal
{
    private static readonly AsyncLocal<Place?> Own = new();
    private static readonly List<SafeFileHandle> Fillers = [];
    private static Place _ofProcess = new(Stream.Null, Stream.Null, new UTF8Encoding(false));

    /// <summary>Results.</summary>
    public static TextWriter Out => Here.Out;

    /// <summary>Everything else.</summary>
    public static TextWriter Error => Here.Error;

    /// <summary>Whether somebody may look at what is written to <see cref="Error"/> as it comes.</summary>
    public static bool IsWatched => Own.Value is null && Descriptors.IsInherited(2) && !Console.IsErrorRedirected;

    /// <summary>Where the results are that the command has written, if it has.</summary>
    public static string? ResultsAreIn { get => Here.ResultsAreIn; set => Here.ResultsAreIn = value; }

    private static Place Here => Own.Value ?? _ofProcess;

    /// <summary>A stream to the place of results, to be disposed; that does not close it.</summary>
    public static Stream OpenOut() => new StandardOutput(Here.Stream);

    /// <summary>Writes bytes to the place of results.</summary>
    public static void Write(ReadOnlySpan<byte> utf8)
    {
        using var stdout = OpenOut();
        stdout.Write(utf8);
    }

    /// <summary>Until the end of the calling method, and on threads that are started meanwhile, writes to these.</summary>
    public static void Use(Stream output, Stream error) => Own.Value = new Place(output, error, new UTF8Encoding(false));

    /// <summary>
    /// Before anything else in a process: writes to its stdout and stderr. Where one of the first three descriptors was closed, no file
    /// that is opened later may get its number, and what .NET has opened under it meanwhile is not written to.
    /// </summary>
    public static void UseProcess()
    {
        var (output, error) = (Descriptors.IsInherited(1), Descriptors.IsInherited(2));
        try
        {
            SafeFileHandle filler;
            do
            {
                Fillers.Add(filler = File.OpenHandle(OperatingSystem.IsWindows() ? "NUL" : "/dev/null"));
            }
            while (!OperatingSystem.IsWindows() && filler.DangerousGetHandle() <= 2);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nothing to fill a gap with; that there is one is rarer still.
        }

        _ofProcess = new Place(
            output ? Console.OpenStandardOutput() : null, error ? Console.OpenStandardError() : Stream.Null, Console.OutputEncoding);
    }

    /// <summary>Both streams, and their writers. Threads of a command write to these at once.</summary>
    private sealed class Place(Stream? output, Stream error, Encoding encoding)
    {
        public Stream? Stream { get; } = output;

        public TextWriter Out { get; } = Writer(new StandardOutput(output), encoding);

        public TextWriter Error { get; } = Writer(new QuietStream(error), encoding);

        public string? ResultsAreIn { get; set; }

        private static TextWriter Writer(Stream stream, Encoding encoding) =>
            TextWriter.Synchronized(new StreamWriter(stream, encoding) { AutoFlush = true, NewLine = Environment.NewLine });
    }
}
