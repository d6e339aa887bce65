using System.Diagnostics;
using FitCluster.Cli.Output;
using FitCluster.Math.Models;

namespace FitCluster.Cli.Progress;

/// <summary>Lines, for logs: one at most every two seconds, and the last.</summary>
internal sealed class PlainProgress(long rows) : IProgressDisplay
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private readonly Pace _pace = new(rows);
    private long _last;
    private string? _unsaid;

    public void Message(string sentence) => Terminal.Error.WriteLine(sentence);

    public void Round(RoundReport report, long round, double seconds)
    {
        _pace.Round(report, round);
        SayInTime(_pace.Words(report, round, seconds));
    }

    public void Done(double share, string words) => SayInTime(FormattableString.Invariant($"{100 * share,3:F0} %  {words}"));

    public void Checkpoint(long round)
    {
    }

    public void Dispose() => Say();

    private void SayInTime(string line)
    {
        _unsaid = line;
        if (_last == 0 || Stopwatch.GetElapsedTime(_last) >= Interval)
        {
            Say();
        }
    }

    private void Say()
    {
        if (_unsaid is not null)
        {
            Terminal.Error.WriteLine(_unsaid);
            (_unsaid, _last) = (null, Stopwatch.GetTimestamp());
        }
    }
}
