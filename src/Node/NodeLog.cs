namespace FitCluster.Node;

/// <summary>
/// What a node says: each line goes out with its time, in the order said, and the last are kept for the node's reports. Thread-safe.
/// </summary>
/// <param name="say">Told each line, one at a time.</param>
internal sealed class NodeLog(Action<string> say)
{
    private readonly Lock _lock = new();
    private readonly LastLines _last = new();

    /// <summary>The last lines, the oldest first.</summary>
    public IReadOnlyList<string> Last => _last.All;

    public void Say(string words)
    {
        var line = $"{DateTime.UtcNow:HH:mm:ss.fff} {words.ReplaceLineEndings(" ")}";
        lock (_lock)
        {
            _last.Add(line);
            say(line);
        }
    }
}
