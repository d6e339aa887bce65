using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace FitCluster.Engine;

/// <summary>
/// Stands where Akka has its serializer of arbitrary objects by the name of their type: nothing here needs it, and no stranger gets it.
/// Made by Akka.
/// </summary>
internal sealed class RefusingSerializer : Serializer
{
    public RefusingSerializer(ExtendedActorSystem system, Config settings)
        : base(system) => _ = settings;

    /// <summary>The number of the serializer that it stands for.</summary>
    public override int Identifier => 1;

    /// <inheritdoc/>
    public override bool IncludeManifest => true;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) =>
        throw new SerializationException($"a {obj?.GetType().Name} is not sent to other nodes: it has no form of its own");

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, Type type) =>
        throw new SerializationException($"{bytes?.Length} bytes that name a type to be made were refused");
}
