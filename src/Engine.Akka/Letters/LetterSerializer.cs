using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Letters, the only messages of ours that go through Akka, as bytes. Made by Akka.</summary>
internal sealed class LetterSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string LetterManifest = "l";

    /// <inheritdoc/>
    public override int Identifier => 7001;

    /// <inheritdoc/>
    public override string Manifest(object o) => LetterManifest;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        var letter = (Letter)obj;
        var head = LetterFormat.Head(letter);
        var bytes = new byte[head.Length + letter.Frame.Length];
        head.CopyTo(bytes, 0);
        letter.Frame.CopyTo(bytes.AsMemory(head.Length));
        return bytes;
    }

    /// <inheritdoc/>
    /// <exception cref="SerializationException">The bytes are no letter.</exception>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        try
        {
            return manifest == LetterManifest ? LetterFormat.Read(bytes)
                : throw new SerializationException($"there is no letter of the form '{manifest}'");
        }
        catch (FrameException error)
        {
            throw new SerializationException(error.Message, error);
        }
    }
}
