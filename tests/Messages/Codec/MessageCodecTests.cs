using System.Buffers;
using System.Runtime.InteropServices;
using Xunit;

namespace FitCluster.Messages.Tests.Codec;

public sealed class MessageCodecTests
{
    [Fact]
    public void Every_message_type_has_a_sample_and_a_tag()
    {
        var types = typeof(IMessage).Assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IMessage)) && !t.IsAbstract).ToList();
        Assert.NotEmpty(types);
        var sampled = Samples.All.Select(m => m.GetType()).ToHashSet();
        foreach (var type in types)
        {
            Assert.True(sampled.Contains(type), $"{type.Name} is a message, and tests/Messages/Codec/Samples.cs has no sample of it");
        }

        var tags = Samples.All.GroupBy(m => m.GetType()).Select(g => BitConverter.ToUInt16(Samples.Encode(g.First()), 6)).ToList();
        Assert.Equal(tags.Count, tags.Distinct().Count());
    }

    [Fact]
    public void Every_message_comes_back_as_it_was()
    {
        foreach (var message in Samples.All)
        {
            var frame = Samples.Encode(message);
            var back = MessageCodec.Decode(frame);
            Assert.Equal(message.GetType(), back.GetType());
            foreach (var property in message.GetType().GetProperties())
            {
                var (was, now) = (property.GetValue(message), property.GetValue(back));
                if (was is ArraySet set)
                {
                    AssertSame(set, Assert.IsType<ArraySet>(now));
                }
                else if (was is IReadOnlyList<BundledMessage> bundled)
                {
                    // A span of bytes equals only itself; the frames are compared below.
                    Assert.Equal(bundled.Select(m => m.To), Assert.IsAssignableFrom<IReadOnlyList<BundledMessage>>(now).Select(m => m.To));
                }
                else
                {
                    Assert.Equal(was, now);
                }
            }

            Assert.Equal(frame, Samples.Encode(back));
        }
    }

    [Fact]
    public void A_set_of_arrays_is_a_frame_of_its_own_and_no_message()
    {
        var buffer = new ArrayBufferWriter<byte>();
        ArraySetCodec.Encode(Samples.Arrays, buffer);
        AssertSame(Samples.Arrays, ArraySetCodec.Decode(buffer.WrittenSpan));
        var frame = buffer.WrittenSpan.ToArray();
        Assert.Contains(
            "unknown message tag", Assert.Throws<FrameException>(() => MessageCodec.Decode(frame)).Message, StringComparison.Ordinal);
        var message = Samples.Encode(new Activated());
        Assert.Contains(
            "tag 1 where", Assert.Throws<FrameException>(() => ArraySetCodec.Decode(message)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_frame_is_laid_out_as_documented()
    {
        // magic "FitC", version 1, 0, tag 2, body length 3, checksum, "a", zigzag(-2) = 3. Frames made by any release must stay readable.
        var frame = Samples.Encode(new TimerElapsed("a", -2));
        Assert.Equal("466974430100020003000000", Convert.ToHexStringLower(frame.AsSpan(0, 12)));
        Assert.Equal("016103", Convert.ToHexStringLower(frame.AsSpan(16)));
        Assert.Equal(Frames.Checksum(frame), BitConverter.ToUInt32(frame, 12));
    }

    [Fact]
    public void The_checksum_is_the_Castagnoli_one()
    {
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));
        Assert.Equal(0xE3069283u, Crc32C.Compute("456789"u8, Crc32C.Compute("123"u8)));
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32]));
    }

    [Fact]
    public void A_message_over_the_limit_is_refused_on_both_sides()
    {
        var message = new TimerElapsed(new string('x', 1000), 1);
        Assert.Contains("a frame may have 500", Assert.Throws<FrameException>(
            () => MessageCodec.Encode(message, new ArrayBufferWriter<byte>(), 500)).Message, StringComparison.Ordinal);
        var frame = Samples.Encode(message);
        Assert.Contains(
            "may have 500", Assert.Throws<FrameException>(() => MessageCodec.Decode(frame, 500)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_written_is_refused_in_words()
    {
        Assert.Throws<FrameException>(() => Samples.Encode(new TimerElapsed("\ud800", 1)));
        Assert.Throws<FrameException>(() => Samples.Encode(new InterruptJob(default, "no name")));
        Assert.Contains(
            nameof(Untagged), Assert.Throws<FrameException>(() => Samples.Encode(new Untagged())).Message, StringComparison.Ordinal);
        var deep = new ArraySet().Set("deep", [1], [.. Enumerable.Repeat(1, 33)]);
        Assert.Throws<FrameException>(
            () => Samples.Encode(new RunRound(new JobName("j"), default, default, default, default, default, deep)));
    }

    [Theory]
    [InlineData(4, 2, "newer version")]
    [InlineData(4, 0, "damaged")]
    [InlineData(0, 0x7f, "no frame")]
    [InlineData(6, 0xee, "tag")]
    [InlineData(8, 0xee, "cut off or has something behind it")]
    [InlineData(17, 0x00, "checksum")]
    public void What_is_wrong_is_said(int at, byte value, string expected)
    {
        var frame = Samples.Encode(new TimerElapsed("timer", 17));
        frame[at] = value;
        if (at == 6)
        {
            Frames.Seal(frame);
        }

        Assert.Contains(expected, Assert.Throws<FrameException>(() => MessageCodec.Decode(frame)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_frame_cut_anywhere_is_refused()
    {
        var frame = Samples.Encode(new RunRound(new JobName("j"), new Attempt(1), 1, new ShardId(1), new Round(1), false, Samples.Arrays));
        for (var length = 0; length < frame.Length; length++)
        {
            Assert.Throws<FrameException>(() => MessageCodec.Decode(frame.AsSpan(0, length)));
            if (length >= 16)
            {
                // Even when header and checksum agree with what is left.
                var cut = Frames.Seal(frame[..length]);
                Assert.Throws<FrameException>(() => MessageCodec.Decode(cut));
            }
        }

        Assert.Throws<FrameException>(() => MessageCodec.Decode(Frames.Seal([.. frame, 0])));
    }

    [Fact]
    public void A_set_that_names_an_array_twice_is_refused()
    {
        var body = Samples.Encode(
            new RunRound(new JobName("j"), default, default, default, default, default, new ArraySet().Set("a", []).Set("b", [])));
        body[^4] = (byte)'a';
        Assert.Contains(
            "twice", Assert.Throws<FrameException>(() => MessageCodec.Decode(Frames.Seal(body))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Large_arrays_are_copied_once_when_written_and_once_when_read()
    {
        var values = new double[1_000_000];
        var message = new RoundAnswer(new JobName("j"), default, default, default, default, new ArraySet().Set("a", values));
        var buffer = new ArrayBufferWriter<byte>(9_000_000);
        MessageCodec.Encode(message, buffer);
        buffer.ResetWrittenCount();
        var before = GC.GetAllocatedBytesForCurrentThread();
        MessageCodec.Encode(message, buffer);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
        MessageCodec.Decode(buffer.WrittenSpan);
        before = GC.GetAllocatedBytesForCurrentThread();
        MessageCodec.Decode(buffer.WrittenSpan);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 8_000_000, 8_002_000);
    }

    private static void AssertSame(ArraySet expected, ArraySet actual)
    {
        Assert.Equal(expected.Select(a => a.Name), actual.Select(a => a.Name));
        foreach (var (left, right) in expected.Zip(actual))
        {
            Assert.Equal(left.Shape, right.Shape);
            Assert.Equal(left.Reduction, right.Reduction);
            Assert.True(MemoryMarshal.AsBytes(left.Values.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(right.Values.AsSpan())), left.Name);
        }
    }

    private sealed record Untagged : IMessage;
}
