using FitCluster.Messages;

namespace FitCluster.Engine;

public sealed partial class SimulatedEngine
{
    private readonly Dictionary<ActorAddress, SimulatedActivation> _current = [];
    private readonly List<SimulatedActivation> _zombies = [];
    private long _activations;

    /// <summary>Makes an actor vanish now, if it is there.</summary>
    public void CrashActor(ActorAddress address)
    {
        if (_current.TryGetValue(address, out var activation))
        {
            Vanish(activation);
        }
    }

    /// <summary>Makes all actors of a virtual node vanish now.</summary>
    public void CrashNode(int node)
    {
        Counts.NodeCrashes++;
        foreach (var activation in _current.Values.Where(a => a.Node == node).OrderBy(a => a.Number).ToList())
        {
            Vanish(activation);
        }
    }

    /// <summary>The number of the present activation of an address, or 0.</summary>
    public long ActivationOf(ActorAddress address) => _current.TryGetValue(address, out var activation) ? activation.Number : 0;

    private void Deliver(ActorAddress to, SimulatedMail mail)
    {
        foreach (var zombie in _zombies.Where(z => z.Address == to && !z.IsDead).ToList())
        {
            if (Chance(0.5))
            {
                Post(zombie, mail with { Message = _copy(mail.Message) });
            }
        }

        if (!_current.TryGetValue(to, out var activation))
        {
            activation = Activate(to, mail.Message);
            if (activation is null)
            {
                return;
            }

            _current.Add(to, activation);
            Post(activation, new SimulatedMail(new Activated(), null, 0));
        }

        Post(activation, mail);
    }

    private SimulatedActivation? Activate(ActorAddress to, IMessage message)
    {
        try
        {
            var actor = _factories.TryGetValue(to.Kind, out var factory)
                ? factory(to)
                : throw new InvalidOperationException(
                    $"no actor of kind '{to.Kind}' is registered here: a {message.GetType().Name} to {to} was dropped");
            return new SimulatedActivation(++_activations, to, _random.NextInt(_nodes), actor);
        }
        catch (Exception error)
        {
            _failed?.Invoke(to, error);
            return null;
        }
    }

    private void Post(SimulatedActivation activation, in SimulatedMail mail)
    {
        if (!activation.IsDead)
        {
            activation.Mailbox.Enqueue(mail);
            Turn(activation);
        }
    }

    private void Turn(SimulatedActivation activation)
    {
        if (activation.IsBusy || activation.IsFrozen || activation.IsDead || activation.Mailbox.Count == 0)
        {
            return;
        }

        if (Chance(_faults.CrashActor / 3))
        {
            // Before the message was handled: it is gone with its mailbox, as when a node dies.
            Vanish(activation);
            return;
        }

        var mail = activation.Mailbox.Dequeue();
        Counts.Handled++;
        Spectator?.Invoke(new SimulatedHandling(
            Now, activation.Address, activation.Number, activation.IsZombie, mail.Message, mail.Sender, mail.SenderActivation));
        var context = new SimulatedContext(activation.Address, mail.Sender, Now);
        try
        {
            activation.Actor.Receive(mail.Message, context);
        }
        catch (Exception error)
        {
            _failed?.Invoke(activation.Address, error);
            End(activation);
            return;
        }
        finally
        {
            context.Close();
        }

        activation.IsBusy = true;
        var work = Chance(_faults.SlowActor) ? _random.NextTime(TimeSpan.Zero, _faults.LongestWork) : TimeSpan.FromMilliseconds(0.1);
        At(Now + work, () => Finish(activation, context, mail.Message is Activated));
    }

    private void Finish(SimulatedActivation activation, SimulatedContext context, bool wasActivation)
    {
        if (activation.IsDead)
        {
            return;
        }

        if (activation.IsFrozen)
        {
            At(Now + TimeSpan.FromMilliseconds(100), () => Finish(activation, context, wasActivation));
            return;
        }

        var crashes = Chance(_faults.CrashActor * 2 / 3);
        var carriedOut = crashes ? _random.NextInt(context.Effects.Count + 1) : context.Effects.Count;
        for (var i = 0; i < carriedOut; i++)
        {
            CarryOut(context.Effects[i], activation);
        }

        activation.IsBusy = false;
        if (crashes)
        {
            Vanish(activation);
        }
        else if (Chance(_faults.CrashNode))
        {
            CrashNode(activation.Node);
        }
        else if (context.IsStopping)
        {
            Stop(activation, wasActivation);
        }
        else
        {
            Turn(activation);
        }
    }

    /// <summary>
    /// Ends an activation by its own wish: what waits goes to the next one, but the message that woke it is dropped if waking was all it
    /// did.
    /// </summary>
    private void Stop(SimulatedActivation activation, bool wasActivation)
    {
        // Timers and answers bear their own activation's number: they end with it.
        var waiting = activation.Mailbox.Skip(wasActivation ? 1 : 0)
            .Where(mail => !activation.IsZombie && (mail.Sender is not null || mail.SenderActivation != activation.Number))
            .ToList();
        End(activation);
        foreach (var mail in waiting)
        {
            Deliver(activation.Address, mail);
        }
    }

    /// <summary>The activation is gone, with its mailbox.</summary>
    private void End(SimulatedActivation activation)
    {
        activation.IsDead = true;
        _zombies.Remove(activation);
        if (_current.TryGetValue(activation.Address, out var current) && current == activation)
        {
            _current.Remove(activation.Address);
        }
    }

    private void Vanish(SimulatedActivation activation)
    {
        Counts.Crashes++;
        if (activation.IsZombie || !Chance(_faults.Zombie))
        {
            End(activation);
            return;
        }

        Counts.Zombies++;
        _current.Remove(activation.Address);
        (activation.IsZombie, activation.IsFrozen) = (true, true);
        _zombies.Add(activation);
        var wakes = Now + _random.NextTime(TimeSpan.Zero, _faults.LongestFreeze);
        At(wakes, () =>
        {
            activation.IsFrozen = false;
            Turn(activation);
        });
        At(wakes + _random.NextTime(TimeSpan.Zero, _faults.LongestFreeze), () => End(activation));
    }

    private void EndZombies()
    {
        foreach (var zombie in _zombies.ToList())
        {
            End(zombie);
        }
    }

    private void CarryOut(in SimulatedEffect effect, SimulatedActivation activation)
    {
        if (effect.Request is { } request)
        {
            Ask(request, effect.Answer!, activation);
        }
        else if (effect.Delay is { } delay)
        {
            var message = effect.Message!;
            At(Now + delay, () => PostOwn(activation, message));
        }
        else
        {
            Send(effect.To, new SimulatedMail(effect.Message!, activation.Address, activation.Number));
        }
    }
}
