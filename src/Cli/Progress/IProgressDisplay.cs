using FitCluster.Math.Models;

namespace FitCluster.Cli.Progress;

/// <summary>Shows on stderr how a fit goes. Calls come one at a time.</summary>
internal interface IProgressDisplay : IDisposable
{
    /// <summary>A sentence that the user should read.</summary>
    void Message(string sentence);

    /// <summary>A round is done.</summary>
    void Round(RoundReport report, long round, double seconds);

    /// <summary>A checkpoint is written.</summary>
    void Checkpoint(long round);
}
