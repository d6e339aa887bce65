namespace FitCluster.Models;

/// <summary>What the program's exit codes mean (docs/commands.md, "Exit codes").</summary>
public static class ExitCode
{
    /// <summary>All done.</summary>
    public const int Done = 0;

    /// <summary>The fit failed: it diverged, ran out of retries, or could not write its results.</summary>
    public const int Failed = 1;

    /// <summary>Bad input, option or spec: nothing was started or written.</summary>
    public const int BadInput = 2;

    /// <summary>Not converged within the limit asked for; the results are written.</summary>
    public const int NotConverged = 3;

    /// <summary>The store or the nodes cannot be reached.</summary>
    public const int Unreachable = 4;

    /// <summary>The name is taken by a job with another spec, or with other data.</summary>
    public const int NameTaken = 5;

    /// <summary>Interrupted: a checkpoint is written.</summary>
    public const int Interrupted = 130;
}
