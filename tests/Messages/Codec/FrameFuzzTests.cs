using System.Diagnostics;
using Xunit;

namespace FitCluster.Messages.Tests.Codec;

public sealed class FrameFuzzTests
{
    private const int Frames = 200_000;

    /// <summary>
    /// An allocation may be this many times the frame's bytes: an empty array of a name of two letters takes some 7 bytes in a frame, and
    /// in memory a string, a shape, an object and its places in a list and a dictionary.
    /// </summary>
    private const int AllocationFactor = 80;

    /// <summary>An exception with its sentence and stack trace.</summary>
    private const int AllocationAllowance = 32_768;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_mutated_frame_is_a_message_or_a_FrameException(int seed)
    {
        var random = new Random(seed);
        var originals = Samples.All.Select(Samples.Encode).ToArray();
        var (refused, passed) = (0, 0);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < Frames / 2; i++)
        {
            var frame = Mutate(originals, random);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                MessageCodec.Decode(frame);
                passed++;
            }
            catch (FrameException error)
            {
                refused++;
                Assert.InRange(error.Message.Length, 20, 600);
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}, frame {i}: {error.GetType().Name}: {error.Message} of {Convert.ToHexString(frame)}");
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(
                allocated <= AllocationAllowance + ((long)AllocationFactor * frame.Length),
                $"seed {seed}, frame {i}: {allocated} bytes were allocated for {frame.Length}: {Convert.ToHexString(frame)}");
        }

        // Both outcomes are common, or the test tests nothing.
        Assert.True(refused > Frames / 10 && passed > Frames / 100, $"seed {seed}: {refused} refused, {passed} passed");
        Assert.True(clock.Elapsed < TimeSpan.FromMinutes(3), $"seed {seed}: {Frames / 2} frames took {clock.Elapsed}");
    }

    [Theory]
    [InlineData("ffffffff07")]
    [InlineData("ffffffffffffffffff01")]
    [InlineData("80808080808080808080808001")]
    public void A_length_far_beyond_the_frame_allocates_nothing(string length)
    {
        // RunRound of job "j", attempt, shard and round 0, then: that many arrays; a name that long;
        // that many dimensions; a dimension that long.
        foreach (var (prefix, suffix) in new[] { ("016a000000", ""), ("016a00000001", ""), ("016a000000010161" + "00",
            ""), ("016a000000010161" + "0001", "00000000"), ("016a000000010161" + "0002", length) })
        {
            var body = Convert.FromHexString(prefix + length + suffix + "0000000000000000");
            var frame = Codec.Frames.Seal([0x46, 0x69, 0x74, 0x43, 1, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. body]);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Throws<FrameException>(() => MessageCodec.Decode(frame));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 65_536);
        }
    }

    private static byte[] Mutate(byte[][] originals, Random random)
    {
        var frame = (byte[])originals[random.Next(originals.Length)].Clone();
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            frame = random.Next(7) switch
            {
                0 => Flip(frame, random),
                1 => frame[..random.Next(frame.Length + 1)],
                2 => [.. frame, .. RandomBytes(random, random.Next(1, 40))],
                3 => Splice(frame, originals[random.Next(originals.Length)], random),
                4 => Lengthen(frame, random),
                5 => Replace(frame, random),
                _ => Retag(frame, random),
            };
        }

        return frame.Length >= 16 && random.Next(4) != 0 ? Codec.Frames.Seal(frame) : frame;
    }

    private static byte[] Flip(byte[] frame, Random random)
    {
        for (var bits = random.Next(1, 6); bits > 0 && frame.Length > 0; bits--)
        {
            frame[Place(frame, random)] ^= (byte)(1 << random.Next(8));
        }

        return frame;
    }

    private static byte[] Splice(byte[] head, byte[] tail, Random random) =>
        [.. head[..random.Next(head.Length + 1)], .. tail[random.Next(tail.Length)..]];

    /// <summary>Puts a number of up to ten bytes where there was one byte: a length beyond all bounds.</summary>
    private static byte[] Lengthen(byte[] frame, Random random)
    {
        if (frame.Length == 0)
        {
            return frame;
        }

        var at = Place(frame, random);
        var bytes = RandomBytes(random, random.Next(1, 11)).Select(b => (byte)(b | 0x80)).ToArray();
        bytes[^1] &= 0x7f;
        return [.. frame[..at], .. bytes, .. frame[(at + 1)..]];
    }

    private static byte[] Replace(byte[] frame, Random random)
    {
        if (frame.Length > 0)
        {
            frame[Place(frame, random)] = random.Next(3) switch { 0 => 0, 1 => 0xff, _ => (byte)random.Next(256) };
        }

        return frame;
    }

    private static byte[] Retag(byte[] frame, Random random)
    {
        if (frame.Length > 6)
        {
            frame[6] = (byte)random.Next(20);
        }

        return frame;
    }

    /// <summary>Mostly in the body: the header is small and simple.</summary>
    private static int Place(byte[] frame, Random random) =>
        frame.Length > 16 && random.Next(10) != 0 ? random.Next(16, frame.Length) : random.Next(frame.Length);

    private static byte[] RandomBytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
