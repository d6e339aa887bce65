using System.Collections.Concurrent;

namespace FitCluster.Engine;

/// <summary>
/// Threads of a store's own, on which it waits for disks, one task after the other on each: the .NET pool's are for what must not wait.
/// </summary>
internal sealed class WorkThreads : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread[] _threads;

    /// <summary>Starts them.</summary>
    /// <param name="name">What debuggers show.</param>
    /// <param name="count">How many.</param>
    /// <param name="atEnd">What the last thing is that each of them does.</param>
    public WorkThreads(string name, int count, Action? atEnd = null)
    {
        _threads = [.. Enumerable.Range(0, count).Select(_ => new Thread(() => Loop(atEnd)) { IsBackground = true, Name = name })];
        foreach (var thread in _threads)
        {
            thread.Start();
        }
    }

    /// <summary>Carries something out, unless it is cancelled before its turn.</summary>
    /// <exception cref="ObjectDisposedException">The threads have ended.</exception>
    public Task<T> Run<T>(Func<T> work, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            _work.Add(
                () =>
                {
                    try
                    {
                        cancellation.ThrowIfCancellationRequested();
                        done.SetResult(work());
                    }
                    catch (OperationCanceledException error)
                    {
                        done.SetCanceled(error.CancellationToken);
                    }
                    catch (Exception error)
                    {
                        done.SetException(error);
                    }
                },
                CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(_threads[0].Name);
        }

        return done.Task;
    }

    /// <summary>What was asked for is carried out first.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        foreach (var thread in _threads.Where(thread => thread != Thread.CurrentThread))
        {
            thread.Join();
        }
    }

    private void Loop(Action? atEnd)
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            work();
        }

        atEnd?.Invoke();
    }
}
