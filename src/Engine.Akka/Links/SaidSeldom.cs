namespace FitCluster.Engine;

/// <summary>
/// Says a sentence at most once a minute, and few different ones: what strangers cause must not fill a log. Thread-safe.
/// </summary>
/// <param name="say">Says it.</param>
internal sealed class SaidSeldom(Action<string> say)
{
    private const int Most = 50;
    private const long PauseMilliseconds = 60_000;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _said = new(StringComparer.Ordinal);
    private long _since = Environment.TickCount64;

    public void Say(string words)
    {
        lock (_lock)
        {
            if (Environment.TickCount64 - _since > PauseMilliseconds)
            {
                _since = Environment.TickCount64;
                _said.Clear();
            }

            if (_said.Count >= Most || !_said.Add(words))
            {
                return;
            }
        }

        say(words);
    }
}
