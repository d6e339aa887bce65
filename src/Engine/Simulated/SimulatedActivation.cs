using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>One life of an actor on a virtual node.</summary>
internal sealed class SimulatedActivation(long number, ActorAddress address, int node, IActor actor)
{
    public long Number => number;

    public ActorAddress Address => address;

    public int Node => node;

    public IActor Actor => actor;

    public Queue<SimulatedMail> Mailbox { get; } = new();

    /// <summary>Whether a handler is under way in virtual time: its effects are not carried out yet.</summary>
    public bool IsBusy { get; set; }

    /// <summary>Whether it has vanished for good.</summary>
    public bool IsDead { get; set; }

    /// <summary>Whether it has a successor and should be dead, but is not.</summary>
    public bool IsZombie { get; set; }

    /// <summary>A zombie that has not woken yet.</summary>
    public bool IsFrozen { get; set; }
}

/// <summary>A message on its way or in a mailbox.</summary>
internal readonly record struct SimulatedMail(IMessage Message, ActorAddress? Sender, long SenderActivation);

/// <summary>What the simulation shows its spectator: a message that an activation is about to handle.</summary>
/// <param name="Now">The virtual time.</param>
/// <param name="Actor">Who handles it.</param>
/// <param name="Activation">The number of the activation.</param>
/// <param name="IsZombie">Whether that activation has a successor already.</param>
/// <param name="Message">The message.</param>
/// <param name="Sender">Who sent it.</param>
/// <param name="SenderActivation">The number of the sender's activation; 0 for the engine and the outside.</param>
public readonly record struct SimulatedHandling(
    TimeSpan Now, ActorAddress Actor, long Activation, bool IsZombie, IMessage Message, ActorAddress? Sender, long SenderActivation);
