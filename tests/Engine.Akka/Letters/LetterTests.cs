using System.Buffers;
using System.Diagnostics;
using System.Runtime.Serialization;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests.Clustered;

/// <summary>Letters and the words of links as bytes.</summary>
public sealed class LetterTests
{
    private static readonly Letter Full = new(
        new("shard", "job/17"), new("fit", "job.a-b_c"), "node.example:65535", Frame(),
        new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, isRemote: true));

    private static readonly LetterSerializer Serializer = new(null!);

    private static ReadOnlyMemory<byte> Frame()
    {
        var buffer = new ArrayBufferWriter<byte>();
        MessageCodec.Encode(new TimerElapsed("kind", 5), buffer);
        return buffer.WrittenMemory;
    }

    /// <summary>Bytes of which some were changed, cut off or added.</summary>
    private static byte[] Mutated(byte[] bytes, Random random)
    {
        var changed = random.Next(4) switch
        {
            0 => bytes[..random.Next(bytes.Length + 1)],
            1 => [.. bytes, .. new byte[random.Next(40)]],
            _ => (byte[])bytes.Clone(),
        };
        for (var i = random.Next(4); i > 0 && changed.Length > 0; i--)
        {
            changed[random.Next(2) == 0 ? random.Next(changed.Length) : random.Next(int.Min(40, changed.Length))] = (byte)random.Next(256);
        }

        return changed;
    }

    [Fact]
    public void A_letter_comes_back_with_all_its_fields()
    {
        foreach (var letter in (Letter[])[Full, Letter.Wake(new("fit", "x"), "h:1"), Full with { From = null, Node = "", Cause = default }])
        {
            var read = (Letter)Serializer.FromBinary(Serializer.ToBinary(letter), Serializer.Manifest(letter));
            Assert.Equal(letter.Frame.ToArray(), read.Frame.ToArray());
            Assert.Equal(letter with { Frame = default }, read with { Frame = default });
        }

        Assert.Throws<SerializationException>(() => Serializer.FromBinary(Serializer.ToBinary(Full), "System.Diagnostics.Process"));
    }

    [Fact]
    public void Arbitrary_objects_are_neither_written_nor_read()
    {
        var refusing = new RefusingSerializer(null!, Akka.Configuration.Config.Empty);
        Assert.Throws<SerializationException>(() => refusing.ToBinary(new Uri("http://x")));
        Assert.Throws<SerializationException>(() => refusing.FromBinary([1, 2, 3], typeof(Uri)));
    }

    [Fact]
    public void A_hundred_thousand_mutated_letters_are_refused_in_words_or_read_and_allocate_little()
    {
        var (bytes, random) = (Serializer.ToBinary(Full), new Random(1));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100_000; i++)
        {
            try
            {
                var letter = (Letter)Serializer.FromBinary(Mutated(bytes, random), "l");
                _ = MessageCodec.Decode(letter.Frame.Span);
            }
            catch (Exception error) when (error is FrameException or SerializationException)
            {
                // As it should be.
            }
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500L << 20);
    }

    [Fact]
    public async Task Mutated_hellos_are_refused_in_words_or_read_whatever_pieces_they_come_in()
    {
        var hello = new LinkHello(LinkPurpose.Letters, "a-node", "127.0.0.1:1+2", "1.0", DateTimeOffset.UnixEpoch.AddDays(20_000));
        var written = new MemoryStream();
        await hello.Write(written, default);
        Assert.Equal(hello, await LinkHello.Read(new Trickle(written.ToArray()), default));
        var random = new Random(2);
        for (var i = 0; i < 20_000; i++)
        {
            try
            {
                _ = await LinkHello.Read(new MemoryStream(Mutated(written.ToArray(), random)), default);
            }
            catch (Exception error) when (error is FrameException or IOException)
            {
                // As it should be.
            }
        }
    }

    [Fact]
    public async Task A_refusal_of_several_hundred_characters_arrives_whole_and_a_hostile_one_cut()
    {
        foreach (var (length, arrives) in ((int, int)[])[(600, 600), (100_000, 1000)])
        {
            var written = new MemoryStream();
            var words = new string('\u00fc', length);
            await new LinkHello(LinkPurpose.Refused, "n", "p", words, DateTimeOffset.UnixEpoch.AddDays(1)).Write(written, default);
            written.Position = 0;
            Assert.Equal(arrives, (await LinkHello.Read(written, default)).Words.Length);
        }
    }

    [Fact]
    public void An_item_whose_length_is_a_lie_takes_no_memory_for_it()
    {
        var written = new MemoryStream();
        LinkItem.Of(Full).Write(written);
        var bytes = written.ToArray();
        var (kind, read) = LinkItem.Read(new Trickle(bytes));
        Assert.Equal(LinkItemKind.Letter, kind);
        Assert.Equal(Full.To, LetterFormat.Read(read).To);
        var before = GC.GetAllocatedBytesForCurrentThread();
        // As long as may be, and too long.
        BitConverter.TryWriteBytes(bytes, (uint)LinkItem.Most);
        Assert.Throws<EndOfStreamException>(() => LinkItem.Read(new MemoryStream(bytes)));
        BitConverter.TryWriteBytes(bytes, (uint)LinkItem.Most + 1);
        Assert.Throws<FrameException>(() => LinkItem.Read(new MemoryStream(bytes)));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3 << 20);
    }

    [Fact]
    public void A_place_is_read_as_it_is_written_and_nonsense_is_none()
    {
        foreach (var place in (NodePlace[])[new("127.0.0.1", 1, 65535), new("node-0.nodes.ns.svc", 9000, 9001), new("::1", 9, 10)])
        {
            Assert.Equal(place, NodePlace.Parse(place.ToString()));
        }

        // The last: longer than a letter has room for.
        foreach (var text in (string[])["", "+", "a+1", "a:1", ":1+2", "a:0+1", "a:1+70000", "a b:1+2", "b\u00fccher.de:1+2",
            string.Join('.', Enumerable.Repeat(new string('a', 60), 5))[..252] + ":1+2"])
        {
            Assert.True(NodePlace.Parse(text) is null, text);
        }
    }

    /// <summary>Gives one byte at a time.</summary>
    private sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..int.Min(1, buffer.Length)]);

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, int.Min(1, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..int.Min(1, buffer.Length)], cancellationToken);
    }
}
