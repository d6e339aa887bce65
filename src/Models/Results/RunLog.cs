using System.Globalization;

namespace FitCluster.Models.Results;

/// <summary>
/// What happened over all attempts at a fit, kept in a file so that a killed process takes nothing of it along: a line each for a
/// round (R, round, seconds), an event (E, words), a checkpoint (C, round, bytes), and a return to an earlier round (B,
/// round). A line that is cut short is passed over.
/// </summary>
internal sealed class RunLog : IDisposable
{
    private readonly StreamWriter? _writer;

    public RunLog(string path)
    {
        foreach (var line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            Take(line.Split('\t'));
        }

        try
        {
            _writer = new StreamWriter(
                new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read))
            { AutoFlush = true, NewLine = "\n" };
            _writer.WriteLine();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The log is a comfort: a fit does not fail for it.
            _writer = null;
        }
    }

    /// <summary>Seconds of each round, by its number; the last attempt at a round counts.</summary>
    public Dictionary<long, double> Seconds { get; } = [];

    /// <summary>The latest round that any attempt completed; 0 while there is none.</summary>
    public long LastRound { get; private set; }

    /// <summary>Events, in words.</summary>
    public List<string> Events { get; } = [];

    /// <summary>Checkpoints written.</summary>
    public int Checkpoints { get; private set; }

    /// <summary>The round of the newest checkpoint; 0 while there is none.</summary>
    public long LastCheckpoint { get; private set; }

    public void Round(long round, double seconds) =>
        Add("R", round.ToString(CultureInfo.InvariantCulture), seconds.ToString("R", CultureInfo.InvariantCulture));

    public void Event(string words) => Add("E", words.ReplaceLineEndings(" ").Replace('\t', ' '));

    public void Checkpoint(long round, long bytes) =>
        Add("C", round.ToString(CultureInfo.InvariantCulture), bytes.ToString(CultureInfo.InvariantCulture));

    /// <summary>The fit goes on from an earlier round, since what followed it was the end that a limit made.</summary>
    public void GoBackTo(long round) => Add("B", round.ToString(CultureInfo.InvariantCulture));

    public void Dispose() => _writer?.Dispose();

    private void Add(params string[] fields)
    {
        Take(fields);
        try
        {
            _writer?.WriteLine(string.Join('\t', fields));
        }
        catch (IOException)
        {
            // As above: the disk may be full.
        }
    }

    private void Take(string[] fields)
    {
        switch (fields)
        {
            case ["R", var round, var seconds] when long.TryParse(round, CultureInfo.InvariantCulture, out var number) &&
                double.TryParse(seconds, CultureInfo.InvariantCulture, out var value):
                Seconds[number] = value;
                LastRound = long.Max(LastRound, number);
                break;
            case ["B", var back] when long.TryParse(back, CultureInfo.InvariantCulture, out var earlier):
                LastRound = earlier;
                foreach (var later in Seconds.Keys.Where(number => number > earlier).ToList())
                {
                    Seconds.Remove(later);
                }

                break;
            case ["E", var words]:
                Events.Add(words);
                break;
            case ["C", var of, _] when long.TryParse(of, CultureInfo.InvariantCulture, out var saved):
                Checkpoints++;
                LastCheckpoint = saved;
                break;
        }
    }
}
