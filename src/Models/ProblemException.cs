namespace FitCluster.Models;

/// <summary>Ends the program with an exit code, and with a sentence for each thing that is wrong.</summary>
internal sealed class ProblemException(int exitCode, IReadOnlyList<string> problems, Exception? inner = null)
    : Exception(string.Join("\n", problems), inner)
{
    public ProblemException(int exitCode, string problem, Exception? inner = null)
        : this(exitCode, [problem], inner)
    {
    }

    /// <summary>The exit code.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>One sentence for each thing that is wrong.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;

    /// <summary>Bad input, option or spec.</summary>
    public static ProblemException BadInput(string problem, Exception? inner = null) => new(Models.ExitCode.BadInput, problem, inner);
}
