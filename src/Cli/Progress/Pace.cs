using System.Diagnostics;
using System.Globalization;
using FitCluster.Math.Models;
using FitCluster.Models.Results;

namespace FitCluster.Cli.Progress;

/// <summary>How fast a fit goes, and in words where it stands.</summary>
internal sealed class Pace(long rows)
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private long _firstRound = -1;
    private double _firstProgress;

    /// <summary>The newest ELBO.</summary>
    public double Objective { get; private set; } = double.NaN;

    /// <summary>Seconds to go; null while it cannot be told.</summary>
    public double? SecondsLeft { get; private set; }

    /// <summary>Rows worked on in a second.</summary>
    public double RowsPerSecond { get; private set; }

    public void Round(RoundReport report, long round)
    {
        if (_firstRound < 0)
        {
            (_firstRound, _firstProgress) = (round - 1, report.Progress);
        }

        var seconds = Stopwatch.GetElapsedTime(_started).TotalSeconds;
        if (double.IsFinite(report.Objective))
        {
            Objective = report.Objective;
        }

        RowsPerSecond = seconds > 0 ? (round - _firstRound) * (double)rows / seconds : 0;
        // What was done before this process started says nothing about its pace.
        var done = report.Progress - _firstProgress;
        SecondsLeft = done > 0.01 ? seconds / done * (1 - report.Progress) : null;
    }

    public string Words(RoundReport report, long round, double seconds) => string.Create(CultureInfo.InvariantCulture,
        $"{100 * report.Progress,3:F0} %  round {round}  {report.Phase}  ELBO " +
        $"{(double.IsNaN(Objective) ? "-" : Objective.ToString("F4", CultureInfo.InvariantCulture))}  {Duration.Words(seconds)}  " +
        $"{RowsPerSecond:N0} rows/s{(SecondsLeft is { } left ? $"  ETA {Duration.Words(left)}" : "")}");
}
