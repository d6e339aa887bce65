using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using FitCluster.Messages;

namespace FitCluster.Cluster.Tests;

/// <summary>
/// What somebody might put into a mailbox or a queue of leases, each with the words by which it is refused. Made by
/// hand, so that it is of the form on the wire.
/// </summary>
internal static class HostileMessages
{
    private const int ParcelHeader = 30;
    private const int FrameHeader = 16;

    /// <summary>For the mailbox of a shard of this job.</summary>
    public static IEnumerable<(byte[] Body, string Words)> ForMailbox(JobName job)
    {
        var frame = FrameOf(new RunRound(job, new Attempt(1), 1, new ShardId(0), new Round(1), false, new ArraySet()));
        yield return ([], "a message of 0 bytes is not of FitCluster's form");
        yield return (Noise(1000), "a message of 1000 bytes is not of FitCluster's form");
        yield return (Parcel(frame, version: 2), "sent by a newer version of FitCluster; upgrade this node");
        yield return (Parcel(Changed(frame, 4, 2)), "made by a newer version of FitCluster");
        yield return (Parcel(frame)[..20], "a message of 20 bytes is not of FitCluster's form");
        yield return (Parcel(frame[..^3]), "a frame is cut off");
        yield return (Parcel(frame[..10]), "a frame is cut off");
        yield return (Parcel(Changed(frame, FrameHeader, 77)), "the checksum at offset 12");
        yield return (Parcel(frame, total: int.MaxValue), "its lengths do not agree");
        yield return (Parcel(frame, total: 3), "its lengths do not agree");
        yield return (Parcel(frame, offset: -1), "its lengths do not agree");
        yield return (Parcel(frame, offset: 1 << 20, total: 2 << 20), "came where 0 was expected");
        yield return (Parcel(frame, kind: "fit", id: "../../etc/passwd"), "no actor has the address of its sender");
        yield return (Parcel(frame, kind: "fit", id: ""), "no actor has the address of its sender");
        yield return (Parcel(frame, kind: "x y", id: new string('a', 60_000)), "no actor has the address of its sender");
        yield return (Parcel(Sealed(0x7ff0, [])), "tag");
        // A text, and then a number of arrays, that would need more than there is.
        yield return (Parcel(Sealed(BinaryPrimitives.ReadUInt16LittleEndian(frame.AsSpan(6)), [0xff, 0xff, 0xff, 0xff, 0x0f])),
            "a frame is damaged");
    }

    /// <summary>For a queue of leases.</summary>
    public static IEnumerable<(string Kind, byte[] Body)> ForLeases(JobName job)
    {
        yield return ("shard", []);
        yield return ("shard", Noise(100));
        yield return ("shard", Noise(5000));
        yield return ("shard", Encoding.UTF8.GetBytes($"fit/{job}"));
        yield return ("shard", Encoding.UTF8.GetBytes("shard/../0"));
        yield return ("shard", Encoding.UTF8.GetBytes($"shard/{job}/../../0"));
        yield return ("shard", Encoding.UTF8.GetBytes($"shard/{job}"));
        yield return ("shard", Encoding.UTF8.GetBytes($"shard/{job}/99999999999"));
        yield return ("fit", Encoding.UTF8.GetBytes("fit/../x"));
        yield return ("fit", Encoding.UTF8.GetBytes("fit/a/b"));
        yield return ("directory", Encoding.UTF8.GetBytes("directory/second"));
        yield return ("directory", Encoding.UTF8.GetBytes("demon/x"));
    }

    /// <summary>The beginning of a frame whose rest never comes; each is one of its own.</summary>
    public static byte[] Beginning(int bytes) => Parcel(new byte[bytes], total: MessageCodec.DefaultMaxFrameBytes);

    private static byte[] FrameOf(IMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        MessageCodec.Encode(message, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>A frame with a right checksum around any body.</summary>
    private static byte[] Sealed(ushort tag, byte[] body)
    {
        var frame = new byte[FrameHeader + body.Length];
        "FitC"u8.CopyTo(frame);
        frame[4] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(6), tag);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(8), body.Length);
        body.CopyTo(frame.AsSpan(FrameHeader));
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(12), Crc32C.Compute(body, Crc32C.Compute(frame.AsSpan(0, 12))));
        return frame;
    }

    private static byte[] Parcel(byte[] piece, byte version = 1, int offset = 0, int? total = null, string kind = "", string id = "")
    {
        var (from, name) = (Encoding.UTF8.GetBytes(kind), Encoding.UTF8.GetBytes(id));
        var body = new byte[ParcelHeader + from.Length + name.Length + piece.Length];
        "FP"u8.CopyTo(body);
        body[2] = version;
        body[3] = (byte)from.Length;
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(4), (ushort)name.Length);
        Guid.NewGuid().TryWriteBytes(body.AsSpan(6));
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(22), offset);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(26), total ?? piece.Length);
        from.CopyTo(body, ParcelHeader);
        name.CopyTo(body, ParcelHeader + from.Length);
        piece.CopyTo(body, ParcelHeader + from.Length + name.Length);
        return body;
    }

    private static byte[] Changed(byte[] bytes, int at, byte to)
    {
        var copy = (byte[])bytes.Clone();
        copy[at] = to;
        return copy;
    }

    private static byte[] Noise(int bytes)
    {
        var noise = new byte[bytes];
        new Random(bytes).NextBytes(noise);
        return noise;
    }
}
