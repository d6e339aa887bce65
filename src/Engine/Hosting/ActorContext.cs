using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>The context of one actor: collects effects while a handler runs. Used by one worker thread at a time.</summary>
internal sealed class ActorContext(ActorHost engine, ActorAddress self) : IActorContext
{
    private bool _open;

    public ActorAddress Self => self;

    public ActorAddress? Sender { get; private set; }

    public TimeSpan Now => engine.Now;

    public List<Effect> Effects { get; } = [];

    public bool IsStopping { get; private set; }

    public void Open(ActorAddress? sender)
    {
        (Sender, IsStopping, _open) = (sender, false, true);
        Effects.Clear();
    }

    public void Close() => _open = false;

    public void Tell(ActorAddress to, IMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        Add(new Effect(to, message));
    }

    public void Schedule(TimeSpan delay, IMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        Add(new Effect(self, message, delay));
    }

    public void Ask(StoreRequest request, Func<StoreReply, IMessage> answer)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(answer);
        Add(new Effect(self, null, null, request, answer));
    }

    public void Stop()
    {
        Check();
        IsStopping = true;
    }

    private void Add(Effect effect)
    {
        Check();
        Effects.Add(effect);
    }

    private void Check()
    {
        if (!_open)
        {
            throw new InvalidOperationException(
                $"the context of {self} was used outside its handler: ask for effects before Receive returns");
        }
    }
}
