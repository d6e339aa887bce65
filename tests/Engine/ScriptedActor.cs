using FitCluster.Messages;

namespace FitCluster.Engine.Tests;

/// <summary>An actor whose handler is a function of the test's.</summary>
public sealed class ScriptedActor(Action<IMessage, IActorContext> receive) : IActor
{
    public void Receive(IMessage message, IActorContext context) => receive(message, context);
}
