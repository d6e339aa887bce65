using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// An engine for tests: virtual time, one thread, and a seeded generator that decides about every delay, loss, repetition and crash. The
/// same seed is the same run. Actors live on virtual nodes; one that vanishes comes back, empty, when it is next addressed. Messages are
/// copied, so that nobody shares arrays; what a store is asked to save is read when the store gets to it, as in a real engine.
/// </summary>
/// <remarks>Files: this one is the queue and the outside; Actors handles messages and crashes; Store asks the store.</remarks>
public sealed partial class SimulatedEngine : IEngine
{
    private static readonly TimeSpan LeastDelay = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan MostDelay = TimeSpan.FromMilliseconds(5);

    private readonly PriorityQueue<Action, (TimeSpan Time, long Order)> _queue = new();
    private readonly Dictionary<string, ActorFactory> _factories = new(StringComparer.Ordinal);
    private readonly SimulatedFaults _faults;
    private readonly ICheckpointStore _store;
    private readonly int _nodes;
    private readonly SplitMix _random;
    private readonly Func<IMessage, IMessage> _copy;
    private readonly Action<ActorAddress, Exception>? _failed;
    private long _order;

    /// <summary>Makes an engine at virtual time 0.</summary>
    /// <param name="store">Carries out what actors ask; must answer at once.</param>
    /// <param name="seed">Decides the run.</param>
    /// <param name="faults">What goes wrong; nothing by default.</param>
    /// <param name="nodes">The virtual nodes, 1 or more.</param>
    /// <param name="failed">Told of failed activations and of messages no registered actor can take.</param>
    /// <param name="copy">Copies a message, as a codec would; <see cref="MessageCopy.Of"/> by default.</param>
    public SimulatedEngine(
        ICheckpointStore store, ulong seed, SimulatedFaults? faults = null, int nodes = 3, Action<ActorAddress, Exception>? failed = null,
        Func<IMessage, IMessage>? copy = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(nodes, 1);
        (_store, _faults, _nodes, _failed, _copy) = (store, faults ?? SimulatedFaults.None, nodes, failed, copy ?? MessageCopy.Of);
        _random = new SplitMix(seed);
        if (_faults.Until < TimeSpan.MaxValue)
        {
            At(_faults.Until, EndZombies);
        }
    }

    /// <summary>The virtual time.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>Whether faults may still happen.</summary>
    public bool IsFaulty => Now < _faults.Until;

    /// <summary>What has happened so far, by name.</summary>
    public SimulatedCounts Counts { get; } = new();

    /// <summary>Is shown every message that is about to be handled.</summary>
    public Action<SimulatedHandling>? Spectator { get; set; }

    /// <inheritdoc/>
    public void Register(string kind, ActorFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (!_factories.TryAdd(kind, factory))
        {
            throw new InvalidOperationException($"the actor kind '{kind}' is registered already");
        }
    }

    /// <inheritdoc/>
    public void Tell(ActorAddress to, IMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        Send(to, new SimulatedMail(message, null, 0));
    }

    /// <summary>Does the next thing; false when there is nothing to do.</summary>
    public bool Step()
    {
        if (!_queue.TryDequeue(out var action, out var when))
        {
            return false;
        }

        Now = when.Time;
        action();
        Counts.Steps++;
        return true;
    }

    /// <summary>
    /// Steps until the condition holds (true), or nothing is to be done before this virtual time (false; the time is then reached).
    /// </summary>
    public bool RunUntil(Func<bool> condition, TimeSpan deadline)
    {
        while (!condition())
        {
            if (!_queue.TryPeek(out _, out var when) || when.Time > deadline)
            {
                Now = deadline > Now ? deadline : Now;
                return condition();
            }

            Step();
        }

        return true;
    }

    /// <summary>Calls something at a virtual time: how a test interferes.</summary>
    public void At(TimeSpan time, Action action) => _queue.Enqueue(action, (time > Now ? time : Now, _order++));

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _queue.Clear();
        return ValueTask.CompletedTask;
    }

    private bool Chance(double probability) => IsFaulty && _random.Chance(probability);

    private void Send(ActorAddress to, in SimulatedMail mail)
    {
        if (Chance(_faults.Loss))
        {
            Counts.Lost++;
            return;
        }

        Carry(to, mail);
        if (Chance(_faults.Duplicate))
        {
            Counts.Duplicated++;
            Carry(to, mail);
        }
    }

    private void Carry(ActorAddress to, in SimulatedMail mail)
    {
        var delay = _random.NextTime(LeastDelay, MostDelay);
        if (Chance(_faults.Delay))
        {
            Counts.Delayed++;
            delay += _random.NextTime(TimeSpan.Zero, _faults.LongestDelay);
        }

        var copy = mail with { Message = _copy(mail.Message) };
        At(Now + delay, () => Deliver(to, copy));
    }
}
