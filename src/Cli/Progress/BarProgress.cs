using FitCluster.Math.Models;
using FitCluster.Models.Results;
using Spectre.Console;

namespace FitCluster.Cli.Progress;

/// <summary>A bar on a terminal, drawn by a thread of its own ten times a second.</summary>
internal sealed class BarProgress : IProgressDisplay
{
    private readonly Pace _pace;
    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new TerminalOutput() });
    private readonly ManualResetEventSlim _end = new();
    private readonly Thread _drawer;
    private readonly long _born = System.Diagnostics.Stopwatch.GetTimestamp();
    private string _words = "starting";
    private double _progress;
    private double _checkpointAt = -1;

    public BarProgress(long rows)
    {
        _pace = new Pace(rows);
        _drawer = new Thread(Draw) { IsBackground = true, Name = "progress" };
        _drawer.Start();
    }

    private double Age => System.Diagnostics.Stopwatch.GetElapsedTime(_born).TotalSeconds;

    public void Message(string sentence) => _console.MarkupLineInterpolated($"{sentence}");

    public void Round(RoundReport report, long round, double seconds)
    {
        _pace.Round(report, round);
        var saved = _checkpointAt < 0 ? "" : $"  saved {Duration.Words(Age - _checkpointAt)} ago";
        (_progress, _words) = (report.Progress, _pace.Words(report, round, seconds)[5..].TrimStart() + saved);
    }

    public void Done(double share, string words) => (_progress, _words) = (share, words);

    public void Checkpoint(long round) => _checkpointAt = Age;

    public void Dispose()
    {
        _end.Set();
        _drawer.Join();
        _end.Dispose();
    }

    private void Draw()
    {
        try
        {
            DrawBar();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // The terminal has gone: the bar is a comfort, and no fit fails for it.
        }
    }

    private void DrawBar() => _console.Progress().AutoClear(false)
        .Columns(new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
        .Start(context =>
        {
            var task = context.AddTask("fit", maxValue: 1);
            do
            {
                task.Value = _progress;
                task.Description = Markup.Escape(_words);
            }
            while (!_end.Wait(100));
            task.Value = _progress;
            task.Description = Markup.Escape(_words);
        });
}
