using System.Collections.Concurrent;
using FitCluster.Messages;

namespace FitCluster.Engine.Tests;

/// <summary>
/// An engine made ready for <see cref="EngineConformance"/>: without faults (nothing lost, repeated or crashed), with a way to let it run.
/// Messages may be carried as bytes, so the tests send records of FitMessages only; actors run in this process.
/// </summary>
public abstract class EngineHarness : IAsyncDisposable
{
    /// <summary>The engine under test. Handlers for every kind are registered on it by the test before the first message.</summary>
    public abstract IEngine Engine { get; }

    /// <summary>How many handlers can run at the same moment: 1 for an engine that has one thread.</summary>
    public abstract int Parallelism { get; }

    /// <summary>What the engine has reported so far: failed activations, and messages that no actor could take.</summary>
    public ConcurrentQueue<(ActorAddress Address, Exception Error)> Failures { get; } = new();

    /// <summary>
    /// Lets the engine run until the condition holds (true) or this much of the engine's time has passed (false). The default waits in real
    /// time; an engine of virtual time overrides it and steps its queue.
    /// </summary>
    public virtual async ValueTask<bool> RunUntil(Func<bool> condition, TimeSpan timeout)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > timeout)
            {
                return condition();
            }

            await Task.Delay(2);
        }

        return true;
    }

    /// <summary>Ends the engine.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
