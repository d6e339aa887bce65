using System.Buffers.Binary;
using System.Text;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// The first words on a link, of both sides: magic "FCLK", protocol (int32), purpose or refusal (1 byte), clock (int64, milliseconds since
/// 1970), and three texts (each a length of 2 bytes, and UTF-8): name, place, version or words.
/// </summary>
/// <param name="Purpose">What the link is for; of an answer: whether it was accepted.</param>
/// <param name="Name">The node's name.</param>
/// <param name="Place">Where the node is reached (<see cref="NodePlace"/>).</param>
/// <param name="Words">The node's version; of a refusal: why.</param>
/// <param name="Clock">The node's clock.</param>
internal sealed record LinkHello(LinkPurpose Purpose, string Name, string Place, string Words, DateTimeOffset Clock)
{
    private const uint Magic = 0x4B4C4346;
    private const int FixedBytes = 17;
    private const int LongestText = 1000;
    private const int LongestTextBytes = 3 * LongestText;

    public async Task Write(Stream stream, CancellationToken cancellation)
    {
        var texts = new[] { Name, Place, Words }
            .Select(text => Encoding.UTF8.GetBytes(text[..int.Min(text.Length, LongestText)])).ToList();
        var bytes = new byte[FixedBytes + texts.Sum(text => 2 + text.Length)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), AkkaSettings.Protocol);
        bytes[8] = (byte)Purpose;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(9), Clock.ToUnixTimeMilliseconds());
        var at = FixedBytes;
        foreach (var text in texts)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), (ushort)text.Length);
            text.CopyTo(bytes, at + 2);
            at += 2 + text.Length;
        }

        await stream.WriteAsync(bytes, cancellation).ConfigureAwait(false);
        await stream.FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <exception cref="FrameException">These are no such words, or those of another version.</exception>
    /// <exception cref="IOException">The other has ended the link.</exception>
    public static async Task<LinkHello> Read(Stream stream, CancellationToken cancellation)
    {
        var head = new byte[FixedBytes];
        await stream.ReadExactlyAsync(head, cancellation).ConfigureAwait(false);
        if (BinaryPrimitives.ReadUInt32LittleEndian(head) != Magic)
        {
            throw new FrameException("what answers there is no node of FitCluster");
        }

        var protocol = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(4));
        if (protocol != AkkaSettings.Protocol)
        {
            throw new FrameException(
                $"it speaks protocol {protocol}, this program {AkkaSettings.Protocol}: run the same version of FitCluster on every node");
        }

        var clock = BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(9));
        var texts = new string[3];
        for (var i = 0; i < texts.Length; i++)
        {
            var length = new byte[2];
            await stream.ReadExactlyAsync(length, cancellation).ConfigureAwait(false);
            var text = new byte[BinaryPrimitives.ReadUInt16LittleEndian(length)];
            if (text.Length > LongestTextBytes)
            {
                throw new FrameException("what answers there is no node of FitCluster");
            }

            await stream.ReadExactlyAsync(text, cancellation).ConfigureAwait(false);
            texts[i] = new string([.. Encoding.UTF8.GetString(text).Where(c => !char.IsControl(c))]);
        }

        var isTime = clock is > 0 and < 253_402_300_799_000;
        return new LinkHello(
            (LinkPurpose)head[8], texts[0], texts[1], texts[2], DateTimeOffset.FromUnixTimeMilliseconds(isTime ? clock : 0));
    }
}

/// <summary>What a link is for, or what came of it.</summary>
internal enum LinkPurpose : byte
{
    /// <summary>Letters follow.</summary>
    Letters = 1,

    /// <summary>The one who connects wants to know whether it can be reached itself; nothing follows.</summary>
    Probe = 2,

    /// <summary>An answer: welcome.</summary>
    Accepted = 3,

    /// <summary>An answer: no; the words say why.</summary>
    Refused = 4,
}
