namespace FitCluster.Engine.Tests.Clustered;

/// <summary>A meeting place that answers as a test says.</summary>
internal sealed class ScriptedMeeting : IMeetingPlace
{
    private int _hanging;

    public IReadOnlyList<NodeEntry> Entries { get; set; } = [];

    public bool IsFree { get; set; } = true;

    public Exception? Fault { get; set; }

    public TaskCompletionSource? Hang { get; set; }

    /// <summary>How many questions hang.</summary>
    public int Hanging => Volatile.Read(ref _hanging);

    public int Released { get; private set; }

    public Task<IReadOnlyList<NodeEntry>> Nodes(CancellationToken cancellation = default) => Answer(() => Entries);

    public Task<IAsyncDisposable> LockJoining(CancellationToken cancellation = default) => throw new NotSupportedException();

    public Task<bool> TakeLease(string name, string owner, TimeSpan validity, CancellationToken cancellation = default) =>
        Answer(() => IsFree);

    public Task<bool> ReleaseLease(string name, string owner, CancellationToken cancellation = default) => Answer(() =>
    {
        Released++;
        return true;
    });

    private async Task<T> Answer<T>(Func<T> answer)
    {
        if (Hang is { } hang)
        {
            Interlocked.Increment(ref _hanging);
            await hang.Task;
            Interlocked.Decrement(ref _hanging);
        }

        return Fault is { } fault ? throw fault : answer();
    }
}
