using System.Collections.Concurrent;
using System.Diagnostics;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// What the engines that run actors for real have in common: threads of their own that handle messages, timers, and questions to the store.
/// Handlers run on at most <c>threads</c> threads; store requests run on the thread pool, so that slow disks do not hold up computing. Two
/// questions of one actor may be answered in any order. Where a message goes is the engine's.
/// </summary>
internal abstract class ActorHost : IAsyncDisposable
{
    /// <summary>
    /// How long <see cref="DisposeAsync"/> waits for store requests in flight, which cannot be interrupted inside the operating system.
    /// </summary>
    private static readonly TimeSpan StoreGrace = TimeSpan.FromSeconds(30);

    private readonly ICheckpointStore _store;
    private readonly Action<ActorAddress, Exception>? _failed;
    private readonly ConcurrentDictionary<string, ActorFactory> _factories = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, bool> _asks = new();
    private readonly RunQueue _runQueue = new();
    private readonly TimerQueue _timers;
    private readonly List<Thread> _threads = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly long _started = Stopwatch.GetTimestamp();
    private Task? _ending;

    protected ActorHost(ICheckpointStore store, int threads, Action<ActorAddress, Exception>? failed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        (_store, _failed) = (store, failed);
        _timers = new TimerQueue(() => Now);
        Start("fitcluster timers", _timers.Run);
        for (var i = 0; i < threads; i++)
        {
            Start($"fitcluster worker {i}", Work);
        }
    }

    /// <summary>Time since the engine started.</summary>
    public TimeSpan Now => Stopwatch.GetElapsedTime(_started);

    public bool IsStopped { get; private set; }

    /// <summary>The kinds that are registered.</summary>
    public ICollection<string> Kinds => _factories.Keys;

    /// <exception cref="InvalidOperationException">The kind is registered already.</exception>
    public void Register(string kind, ActorFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (!_factories.TryAdd(kind, factory))
        {
            throw new InvalidOperationException($"the actor kind '{kind}' is registered already");
        }
    }

    public ActorFactory? FactoryOf(string kind) => _factories.GetValueOrDefault(kind);

    public void Enqueue(ActorCell cell) => _runQueue.Enqueue(cell);

    /// <summary>A cell has neither messages nor an activation, and takes none any more.</summary>
    public abstract void Forget(ActorCell cell);

    /// <summary>An activation has ended by its own wish; messages may wait for the next one.</summary>
    public virtual void Stopped(ActorCell cell)
    {
    }

    public abstract void Send(ActorAddress to, in Envelope envelope);

    /// <summary>Sends the broadcasts of one handler.</summary>
    public virtual void SendTogether(IReadOnlyList<(ActorAddress To, Envelope Envelope)> broadcasts)
    {
        foreach (var (to, envelope) in broadcasts)
        {
            Send(to, envelope);
        }
    }

    /// <summary>Does what an actor asked for.</summary>
    /// <param name="effect">What.</param>
    /// <param name="from">The actor's cell.</param>
    /// <param name="activation">Its activation.</param>
    /// <param name="cause">The span that it comes from.</param>
    public void CarryOut(in Effect effect, ActorCell from, long activation, ActivityContext cause)
    {
        if (effect.Request is { } request)
        {
            Ask(request, effect.Answer!, from, activation, cause);
        }
        else if (effect.Delay is { } delay)
        {
            _timers.Add(from, activation, effect.Message!, delay);
        }
        else
        {
            Send(effect.To, new Envelope(effect.Message, from.Address, Cause: cause));
        }
    }

    public void Report(ActorAddress address, Exception error)
    {
        try
        {
            _failed?.Invoke(address, error);
        }
        catch (Exception again)
        {
            // A reporter that fails must not take a worker thread, and with it every actor, down.
            Trace.TraceError($"reporting a failure of {address} failed: {again.Message} (the failure: {error.Message})");
        }
    }

    /// <summary>That nobody can take a message.</summary>
    public void ReportUnknown(ActorAddress to, IMessage? message) => Report(to, new InvalidOperationException(
        $"no actor of kind '{to.Kind}' is registered here: a {message?.GetType().Name} to {to} was dropped"));

    /// <summary>Lets the handlers that are running end, abandons everything else, and waits until every thread has ended.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_threads)
        {
            _ending ??= End();
        }

        return new ValueTask(_ending);
    }

    private async Task End()
    {
        IsStopped = true;
        await _stop.CancelAsync().ConfigureAwait(false);
        _runQueue.Close();
        _timers.Close();
        // Not on the caller's thread: it may be a handler's, which could not end itself.
        await Task.Run(() => _threads.ForEach(thread => thread.Join())).ConfigureAwait(false);
        await Task.WhenAny(Task.WhenAll(_asks.Keys), Task.Delay(StoreGrace)).ConfigureAwait(false);
        _stop.Dispose();
    }

    private void Ask(StoreRequest request, Func<StoreReply, IMessage> answer, ActorCell cell, long activation, ActivityContext cause)
    {
        if (IsStopped)
        {
            return;
        }

        var task = Task.Run(async () =>
        {
            StoreReply reply;
            using var span = CellTracing.Begin(request, cause);
            try
            {
                reply = await _store.Handle(request, _stop.Token).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                reply = new StoreReply($"the store could not carry out {request.GetType().Name} of job {request.Job}: {error.Message}");
            }

            if (reply.Error is { } failure)
            {
                span?.SetStatus(ActivityStatusCode.Error, failure);
            }

            cell.Post(new Envelope(null, null, activation, reply, answer, Cause: span?.Context ?? cause));
        });
        _asks.TryAdd(task, true);
        task.ContinueWith(done => _asks.TryRemove(done, out _), TaskScheduler.Default);
    }

    private void Start(string name, Action run)
    {
        var thread = new Thread(() => run()) { Name = name, IsBackground = true };
        _threads.Add(thread);
        thread.Start();
    }

    private void Work()
    {
        while (_runQueue.Take() is { } cell)
        {
            cell.RunTurn();
        }
    }
}
