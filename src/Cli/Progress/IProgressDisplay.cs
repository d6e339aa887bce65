using FitCluster.Math.Models;

namespace FitCluster.Cli.Progress;

/// <summary>Shows on stderr how a fit goes. Calls come one at a time.</summary>
internal interface IProgressDisplay : IDisposable
{
    /// <summary>A sentence that the user should read.</summary>
    void Message(string sentence);

    /// <summary>A round is done.</summary>
    void Round(RoundReport report, long round, double seconds);

    /// <summary>So much of work that has no rounds is done (0 to 1), in words.</summary>
    void Done(double share, string words);

    /// <summary>A checkpoint is written.</summary>
    void Checkpoint(long round);
}
