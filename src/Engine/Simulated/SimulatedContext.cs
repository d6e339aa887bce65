using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Collects the effects of one handler.</summary>
internal sealed class SimulatedContext(ActorAddress self, ActorAddress? sender, TimeSpan now) : IActorContext
{
    private bool _isClosed;

    public ActorAddress Self => self;

    public ActorAddress? Sender => sender;

    public TimeSpan Now => now;

    public List<SimulatedEffect> Effects { get; } = [];

    public bool IsStopping { get; private set; }

    public void Close() => _isClosed = true;

    public void Tell(ActorAddress to, IMessage message) => Add(new SimulatedEffect(to, message, null, null, null));

    public void Schedule(TimeSpan delay, IMessage message) => Add(new SimulatedEffect(self, message, delay, null, null));

    public void Ask(StoreRequest request, Func<StoreReply, IMessage> answer) => Add(new SimulatedEffect(self, null, null, request, answer));

    public void Stop()
    {
        Check();
        IsStopping = true;
    }

    private void Add(SimulatedEffect effect)
    {
        Check();
        Effects.Add(effect);
    }

    private void Check()
    {
        if (_isClosed)
        {
            throw new InvalidOperationException(
                $"the context of {self} was used outside its handler: ask for effects before Receive returns");
        }
    }
}

/// <summary>A message, a timer (with a delay) or a question to the store (with a request).</summary>
internal readonly record struct SimulatedEffect(
    ActorAddress To, IMessage? Message, TimeSpan? Delay, StoreRequest? Request, Func<StoreReply, IMessage>? Answer);
