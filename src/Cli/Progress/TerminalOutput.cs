using System.Text;
using FitCluster.Cli.Output;
using Spectre.Console;

namespace FitCluster.Cli.Progress;

/// <summary>Stderr as a place for a bar.</summary>
internal sealed class TerminalOutput : IAnsiConsoleOutput
{
    private const int WidthOfLogs = 80;
    private const int HeightOfLogs = 24;

    public TextWriter Writer => Terminal.Error;

    public bool IsTerminal => Terminal.IsWatched;

    public int Width => Size(() => Console.BufferWidth, WidthOfLogs);

    public int Height => Size(() => Console.WindowHeight, HeightOfLogs);

    public void SetEncoding(Encoding encoding)
    {
        // The writer has one.
    }

    private static int Size(Func<int> size, int otherwise)
    {
        try
        {
            return size() is > 0 and var found ? found : otherwise;
        }
        catch (IOException)
        {
            return otherwise;
        }
    }
}
