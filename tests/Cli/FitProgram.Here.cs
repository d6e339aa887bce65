using System.Text;

namespace FitCluster.Cli.Tests;

/// <summary>
/// The program within this process, where no process is under test: starting one takes longer than what most tests ask of it. What
/// sends signals, or needs variables, a folder or limits of its own, takes <see cref="RunProcess"/>.
/// </summary>
internal static partial class FitProgram
{
    /// <summary>Runs a command to its end.</summary>
    public static Ran Run(params string[] arguments)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var exitCode = Program.Run(arguments, Stream.Synchronized(output), Stream.Synchronized(error));
        return new Ran(exitCode, Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }
}
